//! `POST /deploy` and `…/deployments`: asking for deployments, looking at them, and calling them off.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::api::{ApiRequest, ApiResponse, Call, Reply, State, found};
use crate::simulator::deployment::{Deployment, Status};
use crate::simulator::{builds, state::new_uuid};

const ALREADY: &str = "Deployment already queued for this commit.";
const FULL: &str = "Deployment queue is full. Please wait for existing deployments to complete.";

/// Deploys every application of a list; unknown ones among known ones are passed over. The response promises more than
/// it knows.
pub fn deploy(state: &mut State, request: &ApiRequest) -> Reply {
    let Some(list) = request.parameter("uuid") else {
        return Err(ApiResponse::bad_request("You must provide uuid or tag."));
    };
    let mut uuids: Vec<&str> = list.split(',').map(str::trim).collect();
    uuids.retain(|uuid| !uuid.is_empty());
    if uuids.is_empty() {
        return Err(ApiResponse::bad_request("No UUIDs provided."));
    }
    uuids.retain(|uuid| state.applications.contains_key(*uuid));
    found(uuids.first(), Call::Deploy)?;
    let deploy = |uuid: &&str| deploy_one(state, uuid, request);
    let deployments: Vec<Value> = uuids.iter().map(deploy).collect::<Result<_, _>>()?;
    Ok(ApiResponse::ok(json!({ "deployments": deployments })))
}

fn deploy_one(state: &mut State, uuid: &str, request: &ApiRequest) -> Result<Value, ApiResponse> {
    let (force, now) = (request.parameter("force").is_some(), request.now);
    let application = found(state.applications.get(uuid).cloned(), Call::Deploy)?;
    let again = |row: &Deployment| row.application == uuid && row.commit == "HEAD";
    let queued = |row: &&Deployment| row.status == Status::Queued;
    let is_full = state.active().filter(queued).count() >= state.settings.queue_limit;
    let phantom = state.settings.phantom_deploy > 0;
    if is_full && !phantom {
        let full = ApiResponse::message(StatusCode::TOO_MANY_REQUESTS, FULL);
        return Err(full.with("retry-after", &60));
    }
    let (message, deployment) = if phantom || !force && state.active().any(again) {
        state.settings.phantom_deploy = state.settings.phantom_deploy.saturating_sub(1);
        (ALREADY.to_owned(), new_uuid())
    } else {
        let message = format!("Application {} deployment queued.", application.name());
        (message, builds::queue(state, &application, force, now))
    };
    Ok(json!({ "message": message, "resource_uuid": uuid, "deployment_uuid": deployment }))
}

/// Every deployment that waits or builds, each with its whole log for a token that may read sensitive things.
pub fn active(state: &mut State, request: &ApiRequest) -> ApiResponse {
    let shown: Vec<Value> = shown(state, request, state.active()).collect();
    if !state.settings.deployments_as_object {
        return ApiResponse::ok(shown);
    }
    // Coolify's sorting keeps the keys, and keys that are not in turn make an object.
    let keyed = (1..).map(|key: u32| key.to_string()).zip(shown);
    ApiResponse::ok(keyed.collect::<Value>())
}

/// Deployments that are not orphaned.
fn shown<'a>(
    state: &'a State,
    request: &ApiRequest,
    rows: impl Iterator<Item = &'a Deployment>,
) -> impl Iterator<Item = Value> {
    rows.filter(|row| !row.orphaned).filter_map(|row| {
        let application = state.applications.get(&row.application)?;
        Some(row.shown(&state.platform, application, request.sensitive))
    })
}

/// One deployment with its application; its log only for a token that may read sensitive things.
pub fn show(state: &mut State, request: &ApiRequest) -> Reply {
    let row = found(state.deployment(request.uuid()), Call::Deployment)?;
    let application = state.applications.get(&row.application);
    let application = found(application, Call::Deployment)?;
    let (platform, sensitive) = (&state.platform, request.sensitive);
    let destination = platform.nested_destination(&state.settings, sensitive);
    let mut shown = row.shown(platform, application, sensitive);
    shown["application"] = application.alone(platform, &destination, sensitive);
    Ok(ApiResponse::ok(shown))
}

pub fn of_application(state: &mut State, request: &ApiRequest) -> Reply {
    let take = take(request)?;
    let application = state.applications.get(request.uuid());
    found(application, Call::DeploymentsOfApplication)?;
    let newest_first = state.deployments.values().rev();
    let rows = newest_first.filter(|row| row.application == request.uuid());
    let count = rows.clone().count();
    let page: Vec<Value> = shown(state, request, rows.take(take)).collect();
    let body = json!({ "count": count, "deployments": page });
    Ok(ApiResponse::ok(body))
}

pub fn cancel(state: &mut State, request: &ApiRequest) -> Reply {
    let row = found(state.deployment(request.uuid()), Call::Cancel)?;
    if !row.is_active() {
        let message = "Deployment cannot be cancelled. Current status: ";
        let status = json!(row.status).as_str().unwrap_or_default().to_owned();
        return Err(ApiResponse::bad_request(&format!("{message}{status}")));
    }
    builds::cancel(state, row.id, request.now);
    Ok(ApiResponse::ok(json!({
        "message": "Deployment cancelled successfully.", "deployment_uuid": request.uuid(),
        "status": "cancelled-by-user",
    })))
}

/// How many are asked for; this one call refuses in the framework's own shape.
fn take(request: &ApiRequest) -> Result<usize, ApiResponse> {
    let Some(take) = request.parameter("take") else {
        return Ok(10);
    };
    let message = match take.parse() {
        Ok(0) => "The take field must be at least 1.",
        Ok(take) => return Ok(take),
        Err(_) => "The take field must be an integer.",
    };
    let body = json!({ "message": message, "errors": { "take": [message] } });
    Err(ApiResponse::json(StatusCode::UNPROCESSABLE_ENTITY, body))
}
