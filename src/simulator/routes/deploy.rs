//! `POST /deploy`: asking for deployments. The response promises more than it knows.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::api::{Answer, Call, Input, Reply, State};
use super::input::text;
use crate::simulator::builds::{self, Refused};
use crate::simulator::{clock::Time, columns::Columns, state::new_uuid};

const ALREADY: &str = "Deployment already queued for this commit.";
const FULL: &str = "Deployment queue is full. Please wait until deployments have ended.";

/// Deploys every application of a list; unknown ones among known ones are passed over.
pub fn deploy(state: &mut State, input: &Input) -> Reply {
    let fields = input.lenient();
    let mut known = named(&fields)?;
    known.retain(|uuid| state.applications.contains_key(uuid));
    if known.is_empty() {
        return Err(Answer::missing(Call::Deploy.not_found()));
    }
    let force = match fields.get("force") {
        Some(Value::String(text)) => ["1", "true", "on", "yes"].contains(&text.as_str()),
        force => force == Some(&json!(true)),
    };
    let queued = known
        .iter()
        .map(|uuid| deploy_one(state, uuid, force, input.now));
    let deployments: Vec<Value> = queued.collect::<Result<_, _>>()?;
    Ok(Answer::ok(json!({ "deployments": deployments })))
}

/// The identifiers asked for. No application has a tag.
fn named(fields: &Columns) -> Result<Vec<String>, Answer> {
    let refused = |message| Err(Answer::bad_request(message));
    let uuids = match (text(fields, "uuid"), text(fields, "tag")) {
        (Some(_), Some(_)) => return refused("You can only use uuid or tag, not both."),
        (None, None) => return refused("You must provide uuid or tag."),
        (uuids, _) => uuids.unwrap_or_default().split(','),
    };
    let uuids = uuids.map(|uuid| uuid.trim().to_owned());
    let uuids: Vec<String> = uuids.filter(|uuid| !uuid.is_empty()).collect();
    if uuids.is_empty() {
        return refused("No UUIDs provided.");
    }
    Ok(uuids)
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
