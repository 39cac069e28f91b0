//! `…/deployments`: looking at deployments, and calling them off.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::api::{Answer, Call, Input, Reply, State};
use super::applications::found;
use crate::simulator::{application::View, builds, deployment::Deployment};

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
    let row = known(state, input)?;
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
    found(state, input, Call::DeploymentsOfApplication)?;
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
    let row = known(state, input)?;
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

fn known<'a>(state: &'a State, input: &Input) -> Result<&'a Deployment, Answer> {
    let row = state.deployment(input.uuid());
    row.ok_or_else(|| Answer::missing(Call::Deployment.not_found()))
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
