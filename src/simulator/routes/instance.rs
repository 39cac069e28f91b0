//! `GET /health`, `GET /version`: what is known about Coolify itself.

use axum::http::StatusCode;

use super::api::{Answer, Input, State};

pub fn health(_: &mut State, _: &Input) -> Answer {
    Answer::html(StatusCode::OK, "OK")
}

pub fn version(state: &mut State, _: &Input) -> Answer {
    Answer::html(StatusCode::OK, state.settings.profile.version())
}
