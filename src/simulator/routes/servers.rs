//! `GET /version` and `GET /servers/…`.

use axum::http::StatusCode;

use super::api::{ApiRequest, ApiResponse, Call, Reply, State, found};
use crate::simulator::platform::Platform;

pub fn version(state: &mut State, _: &ApiRequest) -> ApiResponse {
    ApiResponse::html(StatusCode::OK, state.settings.profile.version())
}

pub fn server(state: &mut State, request: &ApiRequest) -> Reply {
    found(request.is_about(&state.platform.server), Call::Server)?;
    let server = state.platform.server(&state.settings, request.sensitive);
    Ok(ApiResponse::ok(server))
}

pub fn destinations(state: &mut State, request: &ApiRequest) -> Reply {
    found(request.is_about(&state.platform.server), Call::Destinations)?;
    let numbers = 0..state.settings.destinations;
    let shown: Vec<_> = numbers.map(Platform::destination).collect();
    Ok(ApiResponse::ok(shown))
}
