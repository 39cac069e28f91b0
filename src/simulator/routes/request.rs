//! Reading requests as Coolify's framework does: trimmed, and empty text as null.

use std::collections::BTreeMap;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Query, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::simulator::{access::Sensitive, clock::Time, platform::Columns, response::ApiResponse};

/// About a field that this version does not know.
pub const NOT_ALLOWED: &str = "This field is not allowed.";

/// A request that was let in.
pub struct ApiRequest {
    path: Vec<String>,
    query: BTreeMap<String, String>,
    is_json: bool,
    body: Bytes,
    pub sensitive: bool,
    pub now: Time,
}

type Parts = (
    Path<Vec<String>>,
    Query<BTreeMap<String, String>>,
    Extension<Sensitive>,
    HeaderMap,
    Bytes,
);

impl<S: Send + Sync> FromRequest<S> for ApiRequest {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (Path(path), Query(query), Extension(Sensitive(sensitive)), headers, body) =
            Parts::from_request(request, state).await?;
        let kind = headers.get(header::CONTENT_TYPE);
        Ok(Self {
            path,
            query,
            is_json: kind.is_some_and(|kind| kind.as_bytes().ends_with(b"/json")),
            body,
            sensitive,
            now: Time::now(),
        })
    }
}

impl ApiRequest {
    /// The identifier in the path, decoded; empty when there is none.
    pub fn uuid(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    /// The second part of the path that is not fixed.
    pub fn second(&self) -> &str {
        self.path.get(1).map_or("", String::as_str)
    }

    /// Something if the identifier in the path is this one.
    pub fn is_about(&self, uuid: &str) -> Option<()> {
        (self.uuid() == uuid).then_some(())
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        let value = self.query.get(name)?.trim();
        Some(value).filter(|value| !value.is_empty())
    }

    /// The fields of a call that insists on JSON.
    pub fn fields(&self) -> Result<Columns, ApiResponse> {
        let wrong = |error: &str| {
            let body = json!({ "message": "Invalid request.", "error": error });
            Err(ApiResponse::json(StatusCode::BAD_REQUEST, body))
        };
        if !self.is_json {
            return wrong("Content-Type must be application/json.");
        }
        match serde_json::from_slice(&self.body) {
            Err(_) => wrong("Invalid JSON."),
            Ok(Value::Object(mut fields)) if !fields.is_empty() => {
                fields.values_mut().for_each(tidy);
                Ok(fields)
            }
            Ok(_) => wrong("Empty JSON."),
        }
    }
}

/// Trims texts, however deep, and makes null of empty ones.
fn tidy(value: &mut Value) {
    match value {
        Value::String(text) if text.trim().is_empty() => *value = Value::Null,
        Value::String(text) => *text = text.trim().to_owned(),
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(fields) => fields.values_mut().for_each(tidy),
        _ => {}
    }
}

/// The fields' errors, collected: a list of sentences for each.
#[derive(Default)]
pub struct Errors(BTreeMap<String, Vec<String>>);

impl Errors {
    pub fn add(&mut self, key: &str, sentence: impl Into<String>) {
        let sentences = self.0.entry(key.to_owned()).or_default();
        sentences.push(sentence.into());
    }

    pub fn wrong(&mut self, key: &str, wrong: &str) {
        self.add(key, format!("The {} field {wrong}.", key.replace('_', " ")));
    }

    /// Judges one field: there, a text, and well formed.
    pub fn require(&mut self, fields: &Columns, key: &str, good: impl Fn(&str) -> bool) {
        match fields.get(key) {
            None | Some(Value::Null) => self.wrong(key, "is required"),
            Some(Value::String(text)) if good(text) => {}
            Some(Value::String(_)) => self.wrong(key, "format is invalid"),
            Some(_) => self.wrong(key, "must be a string"),
        }
    }

    pub fn refuse(self) -> Result<(), ApiResponse> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(ApiResponse::invalid(json!(self.0)))
    }
}

pub fn text<'a>(fields: &'a Columns, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str()
}
