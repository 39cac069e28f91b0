//! An answer before it becomes bytes: status, headers and body, in Coolify's shapes.
//!
//! It knows how Coolify words its refusals; it must not know when they are due.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// What Coolify's routes answer to a path they do not have.
const DOCS: &str = "https://coolify.io/docs";
const HTML: &str = "text/html; charset=UTF-8";

/// One answer, not yet sent.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body's text.
    pub body: String,
    kind: &'static str,
    headers: Vec<(&'static str, String)>,
    /// Made by the framework and not by a controller.
    plain: bool,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// A 200 with JSON.
    pub fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// A page, or the bare words Coolify sends as `text/html`.
    pub fn html(status: StatusCode, body: impl Into<String>) -> Self {
        Self::new(status, HTML, body.into())
    }

    /// Plain text.
    pub fn text(status: StatusCode, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body.into())
    }

    /// A refusal that is one message.
    pub fn refusal(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    /// 404 about a thing.
    pub fn missing(message: &str) -> Self {
        Self::refusal(StatusCode::NOT_FOUND, message)
    }

    /// 404 of a path that this version does not have.
    pub fn no_such_route() -> Self {
        Self::json(
            StatusCode::NOT_FOUND,
            &json!({ "message": "Not found.", "docs": DOCS }),
        )
    }

    /// 422 with the fields' errors, in whichever of Coolify's shapes.
    pub fn invalid(errors: Value) -> Self {
        let mut body = json!({ "message": "Validation failed." });
        body["errors"] = errors;
        Self::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
    }

    /// The 500 of an unhandled exception.
    pub fn server_error() -> Self {
        Self::refusal(StatusCode::INTERNAL_SERVER_ERROR, "Server Error").by_the_framework()
    }

    /// The 429 of the throttle.
    pub fn throttled(retry_after: u64, limit: u32, reset: i64) -> Self {
        Self::refusal(StatusCode::TOO_MANY_REQUESTS, "Too Many Attempts.")
            .with("retry-after", retry_after.to_string())
            .with("x-ratelimit-reset", reset.to_string())
            .with("x-ratelimit-limit", limit.to_string())
            .with("x-ratelimit-remaining", "0".to_owned())
            .by_the_framework()
    }

    /// The same answer with one more header.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same answer, as one of the framework's own.
    pub fn by_the_framework(mut self) -> Self {
        self.plain = true;
        self
    }

    /// What a caller gets who did not ask for JSON: the framework's own answers become pages, and its 422 a
    /// redirect.
    pub fn for_browsers(mut self) -> Self {
        if !self.plain {
            return self;
        }
        self.kind = HTML;
        self.body = format!("<!doctype html><title>{}</title>", self.status);
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            self.status = StatusCode::FOUND;
            return self.with("location", "/".to_owned());
        }
        self
    }

    /// The answer with another body, its headers kept.
    pub fn into_response_with(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }

    /// The answer as HTTP.
    pub fn into_response(mut self) -> Response<Body> {
        let body = Body::from(std::mem::take(&mut self.body));
        self.into_response_with(body)
    }

    fn new(status: StatusCode, kind: &'static str, body: String) -> Self {
        Self {
            status,
            body,
            kind,
            headers: Vec::new(),
            plain: false,
        }
    }
}
