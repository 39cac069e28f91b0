//! `POST /deploy` and `…/deployments`: asking for deployments, looking at them, and calling them off.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::api::{Answer, Call, Input, Reply, State, found};
use super::input::text;
use crate::simulator::builds::{self, Refused};
use crate::simulator::{application::View, clock::Time, state::new_uuid};

const ALREADY: &str = "Deployment already queued for this commit.";
const FULL: &str = "Deployment queue is full. Please wait until deployments have ended.";

/// Deploys every application of a list; unknown ones among known ones are passed over. The response promises more than
/// it knows.
pub fn deploy(state: &mut State, input: &Input) -> Reply {
    let fields = input.lenient();
    let Some(list) = text(&fields, "uuid") else {
        return Err(Answer::bad_request("You must provide uuid or tag."));
    };
    let mut uuids: Vec<&str> = list.split(',').map(str::trim).collect();
    uuids.retain(|uuid| !uuid.is_empty());
    if uuids.is_empty() {
        return Err(Answer::bad_request("No UUIDs provided."));
    }
    uuids.retain(|uuid| state.applications.contains_key(*uuid));
    found(uuids.first(), Call::Deploy)?;
    let force = matches!(text(&fields, "force"), Some("1" | "true" | "on" | "yes"));
    let queued = uuids
        .into_iter()
        .map(|uuid| deploy_one(state, uuid, force, input.now));
    let deployments: Vec<Value> = queued.collect::<Result<_, _>>()?;
    Ok(Answer::ok(json!({ "deployments": deployments })))
}

fn deploy_one(state: &mut State, uuid: &str, force: bool, now: Time) -> Result<Value, Answer> {
    let phantoms = &mut state.settings.phantom_deploy;
    let queued = if *phantoms > 0 {
        *phantoms -= 1;
        Err(Refused::Already)
    } else {
        builds::queue(state, uuid, force, now)
    };
    let (message, deployment) = match queued {
        Ok(deployment) => {
            let name = state.applications[uuid].name();
            (format!("Application {name} deployment queued."), deployment)
        }
        Err(Refused::Already) => (ALREADY.to_owned(), new_uuid()),
        Err(Refused::Full) => {
            let full = Answer::message(StatusCode::TOO_MANY_REQUESTS, FULL);
            return Err(full.with("retry-after", 60));
        }
    };
    Ok(json!({ "message": message, "resource_uuid": uuid, "deployment_uuid": deployment }))
}

/// Every deployment that waits or builds, each with its whole log for a token that may read sensitive things.
pub fn active(state: &mut State, input: &Input) -> Answer {
    let rows = state.active().filter(|row| !row.orphaned);
    let shown = rows.map(|row| row.shown(&state.platform, input.sensitive));
    if !state.settings.deployments_as_object {
        return Answer::ok(shown.collect::<Vec<_>>());
    }
    // Coolify's sorting keeps the keys, and keys that are not in turn make an object.
    let keyed = (1..).map(|key: u32| key.to_string()).zip(shown);
    Answer::ok(keyed.collect::<Value>())
}

/// One deployment with its application; its log only for a token that may read sensitive things.
pub fn show(state: &mut State, input: &Input) -> Reply {
    let row = found(state.deployment(input.uuid()), Call::Deployment)?;
    let view = View::new(&state.platform, &state.settings, input.sensitive);
    let mut shown = row.shown(&state.platform, input.sensitive);
    if let Some(application) = state.applications.get(&row.application) {
        shown["application"] = application.alone(&view);
    }
    Ok(Answer::ok(shown))
}

/// An application's deployments, newest first.
pub fn of_application(state: &mut State, input: &Input) -> Reply {
    let (skip, take) = (number(input, "skip", 0, 0)?, number(input, "take", 1, 10)?);
    let application = state.applications.get(input.uuid());
    found(application, Call::DeploymentsOfApplication)?;
    let newest_first = state.deployments.values().rev();
    let rows: Vec<_> = newest_first
        .filter(|row| row.application == input.uuid())
        .collect();
    let page = rows.iter().skip(skip).take(take);
    let page: Vec<Value> = page
        .map(|row| row.shown(&state.platform, input.sensitive))
        .collect();
    Ok(Answer::ok(
        json!({ "count": rows.len(), "deployments": page }),
    ))
}

/// Calls a deployment off at once.
pub fn cancel(state: &mut State, input: &Input) -> Reply {
    let row = found(state.deployment(input.uuid()), Call::Cancel)?;
    if !row.is_active() {
        let status = json!(row.status);
        let status = status.as_str().unwrap_or_default();
        let message = format!("Deployment cannot be cancelled. Current status: {status}");
        return Err(Answer::bad_request(&message));
    }
    builds::cancel(state, row.id, input.now);
    Ok(Answer::ok(json!({
        "message": "Deployment cancelled successfully.", "deployment_uuid": input.uuid(),
        "status": "cancelled-by-user",
    })))
}

/// A parameter that is a number; this one call refuses in the framework's own shape.
fn number(input: &Input, name: &str, least: usize, usual: usize) -> Result<usize, Answer> {
    let Some(text) = input.parameter(name) else {
        return Ok(usual);
    };
    let wrong = match text.parse::<usize>() {
        Ok(number) if number >= least => return Ok(number),
        Ok(_) => format!("must be at least {least}"),
        Err(_) => "must be an integer".to_owned(),
    };
    let message = format!("The {name} field {wrong}.");
    let body = json!({ "message": message, "errors": { name: [message] } });
    Err(Answer::json(StatusCode::UNPROCESSABLE_ENTITY, body))
}
