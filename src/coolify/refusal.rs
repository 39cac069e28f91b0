//! What Coolify says when it refuses, in all the shapes it has for that.

use serde::Deserialize;
use serde_json::Value;

/// What a 422 may say at most of itself in a sentence, in characters.
const DETAIL_LIMIT: usize = 300;

/// A refused request's body, whatever its shape.
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    #[serde(default)]
    pub message: String,
    /// Objects of lists, objects of texts, a bare list, or nothing.
    #[serde(default)]
    errors: Value,
    /// Only on the answer for an address that is no route of this version.
    #[serde(default)]
    pub docs: Option<Value>,
    /// Only on a domain conflict.
    #[serde(default)]
    pub conflicts: Vec<Conflict>,
}

impl Refusal {
    /// Reads a body; one that is not JSON says nothing.
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// Whether the address is no route of this version of Coolify, as opposed to a thing that is not there.
    pub fn no_such_route(&self) -> bool {
        self.docs.is_some() && self.message.trim_end_matches('.') == "Not found"
    }

    /// What is wrong with which field, as one line.
    pub fn details(&self) -> String {
        let mut details = Vec::new();
        flatten("", &self.errors, &mut details);
        let text = if details.is_empty() {
            self.message.clone()
        } else {
            details.join("; ")
        };
        text.trim_end_matches('.')
            .chars()
            .take(DETAIL_LIMIT)
            .collect()
    }
}

/// Who holds a domain we asked for.
#[derive(Debug, Clone, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Coolify's own keys")]
pub struct Conflict {
    #[serde(default)]
    pub resource_name: String,
    #[serde(default)]
    pub resource_uuid: Option<String>,
    #[serde(default)]
    pub resource_type: String,
}

fn flatten(field: &str, value: &Value, details: &mut Vec<String>) {
    match value {
        Value::String(text) if field.is_empty() => details.push(text.clone()),
        Value::String(text) => details.push(format!("{field}: {text}")),
        Value::Array(items) => items.iter().for_each(|item| flatten(field, item, details)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(field, item)| flatten(field, item, details)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refusals_are_read_in_all_their_shapes() {
        let details = |value: Value| serde_json::from_value::<Refusal>(value).unwrap().details();
        assert_eq!(
            details(json!({"message": "m", "errors": {"a": ["This field is not allowed."]}})),
            "a: This field is not allowed"
        );
        assert_eq!(
            details(json!({"message": "m", "errors": {"a": "b"}})),
            "a: b"
        );
        assert_eq!(
            details(json!({"message": "m", "errors": ["one", "two"]})),
            "one; two"
        );
        assert_eq!(
            details(json!({"message": "You need to provide it."})),
            "You need to provide it"
        );
        assert_eq!(Refusal::read(b"<html>").details(), "");
    }

    #[test]
    fn a_missing_route_is_told_from_a_missing_thing() {
        assert!(
            Refusal::read(br#"{"message":"Not found.","docs":"https://coolify.io/docs"}"#)
                .no_such_route()
        );
        assert!(!Refusal::read(br#"{"message":"Application not found."}"#).no_such_route());
    }
}
