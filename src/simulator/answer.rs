//! Responses in Coolify's shapes. It knows how Coolify words its refusals, not when they are due.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=UTF-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// A response, or a refusal.
pub type Reply = Result<Answer, Answer>;

/// One response, boxed because it is an error as often.
#[derive(Debug)]
pub struct Answer(Box<Response>);

/// Marks a response as made by the framework and not by a controller.
#[derive(Clone, Copy)]
struct ByFramework;

impl Answer {
    /// A JSON response.
    pub fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, JSON, body.to_string())
    }

    /// A 200 with JSON.
    pub fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// A 200 whose body is a JSON text already.
    pub fn ok_text(body: String) -> Self {
        Self::new(StatusCode::OK, JSON, body)
    }

    /// A page, or the bare words Coolify sends as `text/html`.
    pub fn html(status: StatusCode, body: impl Into<String>) -> Self {
        Self::new(status, HTML, body.into())
    }

    /// Plain text, as proxies send it.
    pub fn text(status: StatusCode, body: &str) -> Self {
        Self::new(status, TEXT, body.to_owned())
    }

    /// A 302.
    pub fn redirect(to: &str) -> Self {
        Self::text(StatusCode::FOUND, "").with("location", to)
    }

    /// A response that is one message.
    pub fn message(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    /// 404 about a thing.
    pub fn missing(message: &str) -> Self {
        Self::message(StatusCode::NOT_FOUND, message)
    }

    /// 400.
    pub fn bad_request(message: &str) -> Self {
        Self::message(StatusCode::BAD_REQUEST, message)
    }

    /// 404 of a path that this version does not have.
    pub fn no_such_route() -> Self {
        let body = json!({ "message": "Not found.", "docs": "https://coolify.io/docs" });
        Self::json(StatusCode::NOT_FOUND, &body)
    }

    /// 422 with the fields' errors, in whichever of Coolify's shapes.
    pub fn invalid(errors: impl Into<Value>) -> Self {
        let body = json!({ "message": "Validation failed.", "errors": errors.into() });
        Self::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
    }

    /// 403 for want of an ability.
    pub fn lacking(ability: &str) -> Self {
        let message = format!("Missing required permissions: {ability}");
        Self::message(StatusCode::FORBIDDEN, &message)
    }

    /// 403 that calls itself a success.
    pub fn switched_off(message: &str) -> Self {
        let body = json!({ "success": true, "message": message });
        Self::json(StatusCode::FORBIDDEN, &body)
    }

    /// The 500 of an unhandled exception.
    pub fn server_error() -> Self {
        Self::pretty(StatusCode::INTERNAL_SERVER_ERROR, "Server Error")
    }

    /// The 429 of the rate limit. `reset` is in seconds since the Unix epoch.
    pub fn too_many_requests(retry_after: u64, limit: u32, reset: i64) -> Self {
        Self::pretty(StatusCode::TOO_MANY_REQUESTS, "Too Many Attempts.")
            .with("retry-after", &retry_after.to_string())
            .with("x-ratelimit-reset", &reset.to_string())
            .with("x-ratelimit-limit", &limit.to_string())
            .with("x-ratelimit-remaining", "0")
    }

    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().append(name, value);
        }
        self
    }

    /// The same, as one of the framework's own.
    pub fn by_framework(mut self) -> Self {
        self.0.extensions_mut().insert(ByFramework);
        self
    }

    /// The framework indents its JSON by four spaces.
    fn pretty(status: StatusCode, message: &str) -> Self {
        let body = format!("{{\n    \"message\": \"{message}\"\n}}");
        Self::new(status, JSON, body).by_framework()
    }

    fn new(status: StatusCode, kind: &'static str, body: String) -> Self {
        let kind = [(header::CONTENT_TYPE, kind)];
        Self(Box::new((status, kind, body).into_response()))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// What a caller gets who did not ask for JSON: the framework's own responses become pages, and its 422 a redirect.
pub fn for_browsers(mut response: Response) -> Response {
    if response.extensions().get::<ByFramework>().is_none() {
        return response;
    }
    if response.status() == StatusCode::UNPROCESSABLE_ENTITY {
        return Answer::redirect("/").into_response();
    }
    let page = format!("<!doctype html><title>{}</title>", response.status());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(page);
    response
}

/// The text of a JSON object, with members whose values are JSON texts already: copying a text costs less than
/// building and writing its values again for every row.
pub fn object_text(object: &Map<String, Value>, members: &[(&str, &str)]) -> String {
    let mut text = serde_json::to_string(object).unwrap_or_default();
    for (name, value) in members {
        text.pop();
        let comma = if text.len() > 1 { "," } else { "" };
        text.extend([comma, "\"", name, "\":", value, "}"]);
    }
    text
}

/// The text of a JSON array of texts.
pub fn array_text(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    ["[", &items.join(","), "]"].concat()
}
