//! Responses in Coolify's shapes. It knows how Coolify words its refusals, not when they are due.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::clock::Time;

/// A response, or a refusal.
pub type Reply = Result<ApiResponse, ApiResponse>;

/// One response, boxed because it is an error as often.
#[derive(Debug)]
pub struct ApiResponse(Box<Response>);

impl ApiResponse {
    pub fn json(status: StatusCode, body: impl Serialize) -> Self {
        Self::new((status, Json(body)))
    }

    pub fn ok(body: impl Serialize) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// A page, or the bare words Coolify sends as `text/html`.
    pub fn html(status: StatusCode, body: impl Into<String>) -> Self {
        let kind = [(header::CONTENT_TYPE, "text/html; charset=UTF-8")];
        Self::new((status, kind, body.into()))
    }

    /// Plain text, as proxies send it.
    pub fn text(status: StatusCode, body: &'static str) -> Self {
        Self::new((status, body))
    }

    pub fn redirect(to: &'static str) -> Self {
        Self::new((StatusCode::FOUND, [(header::LOCATION, to)]))
    }

    pub fn message(status: StatusCode, message: &str) -> Self {
        Self::json(status, json!({ "message": message }))
    }

    pub fn missing(message: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, message)
    }

    pub fn bad_request(message: &str) -> Self {
        Self::message(StatusCode::BAD_REQUEST, message)
    }

    /// 404 of a path that this version does not have.
    pub fn no_such_route() -> Self {
        let body = json!({ "message": "Not found.", "docs": "https://coolify.io/docs" });
        Self::json(StatusCode::NOT_FOUND, body)
    }

    /// 422 with the fields' errors, in whichever of Coolify's shapes.
    pub fn invalid(errors: impl Into<Value>) -> Self {
        let body = json!({ "message": "Validation failed.", "errors": errors.into() });
        Self::json(StatusCode::UNPROCESSABLE_ENTITY, body)
    }

    pub fn unauthenticated() -> Self {
        Self::message(StatusCode::UNAUTHORIZED, "Unauthenticated.")
    }

    /// 403 for want of an ability.
    pub fn lacking(ability: &str) -> Self {
        let message = format!("Missing required permissions: {ability}");
        Self::message(StatusCode::FORBIDDEN, &message)
    }

    /// 403 that calls itself a success.
    pub fn switched_off(message: &str) -> Self {
        let body = json!({ "success": true, "message": message });
        Self::json(StatusCode::FORBIDDEN, body)
    }

    /// The 500 of an unhandled exception.
    pub fn server_error() -> Self {
        Self::by_framework(StatusCode::INTERNAL_SERVER_ERROR, "Server Error")
    }

    /// The 429 of the rate limit, for so many seconds.
    pub fn too_many_requests(retry_after: u64, limit: u32) -> Self {
        let reset = Time::now().after(Duration::from_secs(retry_after));
        Self::by_framework(StatusCode::TOO_MANY_REQUESTS, "Too Many Attempts.")
            .with("retry-after", &retry_after)
            .with("x-ratelimit-reset", &(reset.unix_millis() / 1_000))
            .with("x-ratelimit-limit", &limit)
            .with("x-ratelimit-remaining", &0)
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.0.headers_mut().append(name, value);
        }
        self
    }

    /// The framework indents its JSON by four spaces.
    fn by_framework(status: StatusCode, message: &str) -> Self {
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let body = format!("{{\n    \"message\": \"{message}\"\n}}");
        Self::new((status, kind, body))
    }

    fn new(response: impl IntoResponse) -> Self {
        Self(Box::new(response.into_response()))
    }
}

impl IntoResponse for ApiResponse {
    fn into_response(self) -> Response {
        *self.0
    }
}
