//! `GET /health`, `GET /version`: what is known about Coolify itself.

use axum::http::StatusCode;

use super::api::{Answer, Api, Call, Input, State};

pub fn routes(api: Api) -> Api {
    api.call(Call::Health, "GET", "/health", health)
        .call(Call::HealthV1, "GET", "/v1/health", health)
        .call(Call::Version, "GET", "/v1/version", version)
}

fn health(_: &mut State, _: &Input) -> Answer {
    Answer::html(StatusCode::OK, "OK")
}

fn version(state: &mut State, _: &Input) -> Answer {
    Answer::html(StatusCode::OK, state.settings.profile.version())
}
