//! `GET /version`, `/projects/…` and `/servers/…`: what is there before the first application.

use axum::http::StatusCode;
use serde_json::json;

use super::api::{Answer, Call, Input, Reply, State, found};
use crate::simulator::platform::{ENVIRONMENT_UUID, Platform};

/// What else Coolify lists in an environment.
const NOTHING_ELSE: &str = "postgresqls redis mongodbs mysqls mariadbs services";

pub fn version(state: &mut State, _: &Input) -> Answer {
    Answer::html(StatusCode::OK, state.settings.profile.version())
}

pub fn server(state: &mut State, input: &Input) -> Reply {
    found(input.is_about(&state.platform.server), Call::Server)?;
    let server = state.platform.server(&state.settings, input.sensitive);
    Ok(Answer::ok(server))
}

pub fn destinations(state: &mut State, input: &Input) -> Reply {
    found(input.is_about(&state.platform.server), Call::Destinations)?;
    let numbers = 0..state.settings.destinations;
    let shown: Vec<_> = numbers.map(Platform::destination).collect();
    Ok(Answer::ok(shown))
}

/// The environment, found by name or identifier, with every application in it and, in each, the whole server.
pub fn environment(state: &mut State, input: &Input) -> Reply {
    let (platform, wanted) = (&state.platform, input.second());
    if wanted.contains('/') {
        // Coolify's router decodes a path before it compares it, so there is no such route.
        return Err(Answer::no_such_route());
    }
    found(input.is_about(&platform.project), Call::Project)?;
    let known = wanted == platform.environment || wanted == ENVIRONMENT_UUID;
    found(known.then_some(()), Call::Find)?;
    let destination = platform.nested_destination(&state.settings, input.sensitive);
    let mut rows: Vec<_> = state.applications.values().collect();
    rows.sort_unstable_by_key(|row| row.id);
    let rows = rows.into_iter();
    let shown: Vec<_> = rows
        .map(|row| row.listed(&destination, input.sensitive))
        .collect();
    let mut environment = platform.environment();
    for kind in NOTHING_ELSE.split(' ') {
        environment[kind] = json!([]);
    }
    environment["applications"] = json!(shown);
    Ok(Answer::ok(environment))
}
