//! `GET /projects/{project}/{environment}`.

use serde_json::json;

use super::api::{ApiRequest, ApiResponse, Call, Reply, State, found};
use crate::simulator::{application::Application, platform::ENVIRONMENT_UUID};

/// The environment, found by name or identifier, with every application in it and, in each, the whole server.
pub fn environment(state: &mut State, request: &ApiRequest) -> Reply {
    let (platform, wanted) = (&state.platform, request.second());
    if wanted.contains('/') {
        // Coolify's router decodes a path before it compares it, so there is no such route.
        return Err(ApiResponse::no_such_route());
    }
    found(request.is_about(&platform.project), Call::Project)?;
    let known = wanted == platform.environment || wanted == ENVIRONMENT_UUID;
    found(known.then_some(()), Call::Find)?;
    let destination = platform.nested_destination(&state.settings, request.sensitive);
    let mut rows: Vec<_> = state.applications.values().collect();
    rows.sort_unstable_by_key(|row| row.id);
    let listed = |row: &Application| row.listed(&destination, request.sensitive);
    let shown: Vec<_> = rows.into_iter().map(listed).collect();
    let mut environment = platform.environment();
    for kind in "postgresqls redis mongodbs mysqls mariadbs services".split(' ') {
        environment[kind] = json!([]);
    }
    environment["applications"] = json!(shown);
    Ok(ApiResponse::ok(environment))
}
