//! Reading input as Coolify's framework does: trimmed, empty text as null, the query string mixed in.
//!
//! It knows the framework's habits and wording; it must not know any call.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Ask;
use crate::coolify::simulator::answer::Answer;

/// Texts of these keys are taken as they are.
const UNTRIMMED: [&str; 3] = ["password", "current_password", "password_confirmation"];

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
        Err(Answer::invalid(Value::Object(self.0)))
    }

    /// The same in the framework's own shape, whose message is the first sentence.
    pub fn refuse_plainly(self) -> Result<(), Answer> {
        let Some(first) = self.0.values().next() else {
            return Ok(());
        };
        let body = json!({ "message": first[0], "errors": self.0 });
        Err(Answer::json(StatusCode::UNPROCESSABLE_ENTITY, &body).by_the_framework())
    }
}

/// The body of a call that insists on JSON, with the query string's parameters among its fields.
pub fn strict(ask: &Ask<'_>) -> Result<Map<String, Value>, Answer> {
    if !ask.is_json {
        return Err(bad_json("Content-Type must be application/json."));
    }
    let Ok(body) = serde_json::from_slice::<Value>(ask.body) else {
        return Err(bad_json("Invalid JSON."));
    };
    let fields = body.as_object().cloned().unwrap_or_default();
    if fields.is_empty() {
        return Err(bad_json("Empty JSON."));
    }
    Ok(mixed(ask, fields))
}

/// The input of a call that takes what it gets.
pub fn lenient(ask: &Ask<'_>) -> Map<String, Value> {
    let body = serde_json::from_slice::<Value>(ask.body)
        .ok()
        .filter(|_| ask.is_json);
    let fields = body.as_ref().and_then(Value::as_object).cloned();
    mixed(ask, fields.unwrap_or_default())
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

/// A whole number, or a text that is one.
pub fn integer(value: &Value) -> Option<i64> {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_i64().or(text)
}

/// A field's name in a sentence.
pub fn spoken(key: &str) -> String {
    key.replace('_', " ")
}

fn mixed(ask: &Ask<'_>, mut fields: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in ask.query {
        fields.entry(key.clone()).or_insert_with(|| json!(value));
    }
    for (key, value) in &mut fields {
        tidy(key, value);
    }
    fields
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

fn bad_json(error: &str) -> Answer {
    let body = json!({ "message": "Invalid request.", "error": error });
    Answer::json(StatusCode::BAD_REQUEST, &body)
}
