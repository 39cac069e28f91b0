//! Reading input as Coolify's framework does: trimmed, empty text as null, the query string mixed in.

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, RawPathParams, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::simulator::{access::Sensitive, answer::Answer, clock::Time};

/// Texts of these keys are taken as they are.
const UNTRIMMED: [&str; 3] = ["password", "current_password", "password_confirmation"];

/// A request that was let in.
pub struct Input {
    path: Vec<String>,
    query: Vec<(String, String)>,
    is_json: bool,
    body: Bytes,
    /// Whether the token may read sensitive things.
    pub sensitive: bool,
    pub now: Time,
}

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Response;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Response> {
        let path = request.extract_parts::<RawPathParams>().await;
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let sensitive = request.extensions().get::<Sensitive>();
        Ok(Self {
            path: path
                .iter()
                .flatten()
                .map(|(_, part)| part.to_owned())
                .collect(),
            query: form_urlencoded::parse(query).into_owned().collect(),
            is_json: kind.contains("/json") || kind.contains("+json"),
            sensitive: sensitive.is_some_and(|sensitive| sensitive.0),
            now: Time::now(),
            body: Bytes::from_request(request, state)
                .await
                .map_err(IntoResponse::into_response)?,
        })
    }
}

impl Input {
    /// The identifier in the path, decoded; empty when there is none.
    pub fn uuid(&self) -> &str {
        self.path.first().map_or("", String::as_str)
    }

    /// The second part of the path that is not fixed.
    pub fn second(&self) -> &str {
        self.path.get(1).map_or("", String::as_str)
    }

    /// A parameter of the query string.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(key, _)| key == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// The fields of a call that insists on JSON, with the query string's parameters among them.
    pub fn strict(&self) -> Result<Map<String, Value>, Answer> {
        let wrong = |error: &str| {
            let body = json!({ "message": "Invalid request.", "error": error });
            Answer::json(StatusCode::BAD_REQUEST, &body)
        };
        if !self.is_json {
            return Err(wrong("Content-Type must be application/json."));
        }
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else {
            return Err(wrong("Invalid JSON."));
        };
        match body {
            Value::Object(fields) if !fields.is_empty() => Ok(self.mixed(fields)),
            _ => Err(wrong("Empty JSON.")),
        }
    }

    /// The fields of a call that takes what it gets.
    pub fn lenient(&self) -> Map<String, Value> {
        let body = serde_json::from_slice(&self.body).ok();
        self.mixed(body.filter(|_| self.is_json).unwrap_or_default())
    }

    fn mixed(&self, mut fields: Map<String, Value>) -> Map<String, Value> {
        for (key, value) in &self.query {
            fields.entry(key).or_insert_with(|| json!(value));
        }
        for (key, value) in &mut fields {
            tidy(key, value);
        }
        fields
    }
}

/// Trims texts, however deep, and makes null of empty ones.
fn tidy(key: &str, value: &mut Value) {
    match value {
        Value::String(text) => {
            if !UNTRIMMED.contains(&key) {
                *text = text.trim().to_owned();
            }
            if text.is_empty() {
                *value = Value::Null;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| tidy("", item)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| tidy(key, value)),
        _ => {}
    }
}

/// The fields' errors, collected.
#[derive(Default)]
pub struct Errors(Map<String, Value>);

impl Errors {
    /// Adds a sentence about a field.
    pub fn add(&mut self, key: &str, sentence: impl Into<String>) {
        let sentences = self.0.entry(key).or_insert_with(|| json!([]));
        if let Some(sentences) = sentences.as_array_mut() {
            sentences.push(Value::String(sentence.into()));
        }
    }

    /// A 422 when there is any.
    pub fn refuse(self) -> Result<(), Answer> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Answer::invalid(self.0))
    }

    /// The same in the framework's own shape, whose message is the first sentence.
    pub fn refuse_as_framework(self) -> Result<(), Answer> {
        let Some(first) = self.0.values().next() else {
            return Ok(());
        };
        let body = json!({ "message": first[0], "errors": self.0 });
        Err(Answer::json(StatusCode::UNPROCESSABLE_ENTITY, &body).by_framework())
    }
}

/// Judges one field of a second validator: there, a text, and well formed.
pub fn require(
    fields: &Map<String, Value>,
    key: &str,
    errors: &mut Errors,
    good: impl Fn(&str) -> bool,
) {
    let name = spoken(key);
    match fields.get(key) {
        None | Some(Value::Null) => errors.add(key, format!("The {name} field is required.")),
        Some(Value::String(text)) if good(text) => {}
        Some(Value::String(_)) => errors.add(key, format!("The {name} field format is invalid.")),
        Some(_) => errors.add(key, format!("The {name} field must be a string.")),
    }
}

/// A field's text.
pub fn text<'a>(fields: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str()
}

/// A field's truth value.
pub fn flag(fields: &Map<String, Value>, key: &str) -> Option<bool> {
    boolean(fields.get(key)?)
}

/// A boolean as the framework takes it: true, false, 0, 1, "0" or "1".
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) if number.as_u64() == Some(1) => Some(true),
        Value::Number(number) if number.as_u64() == Some(0) => Some(false),
        Value::String(text) if text == "1" => Some(true),
        Value::String(text) if text == "0" => Some(false),
        _ => None,
    }
}

/// A field's name in a sentence.
pub fn spoken(key: &str) -> String {
    key.replace('_', " ")
}
