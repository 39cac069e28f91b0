//! `GET /servers/…` and `GET /version`: the server with its settings and destinations, and Coolify itself.

use axum::http::StatusCode;

use super::api::{Answer, Call, Input, Reply, State, found};
use crate::simulator::platform::Platform;

pub fn version(state: &mut State, _: &Input) -> Answer {
    Answer::html(StatusCode::OK, state.settings.profile.version())
}

pub fn show(state: &mut State, input: &Input) -> Reply {
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
