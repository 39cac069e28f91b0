//! The formats of Coolify's refusals.

use super::sentence::shortened;
use super::tolerant::{list, text_or_empty};
use serde::Deserialize;
use serde_json::Value;

/// The maximum length of a quoted refusal, in characters.
const DETAIL_LIMIT: usize = 300;

/// The body of a refused request, in any of its formats.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    /// Always present: a body without it is not Coolify's.
    message: String,
    /// An object of lists, an object of strings, a list, or missing.
    #[serde(default)]
    errors: Value,
    /// Present only if the path is not a route of this version.
    #[serde(default)]
    docs: Option<Value>,
    /// Present only on a domain conflict.
    #[serde(default, deserialize_with = "list")]
    conflicts: Vec<Conflict>,
}

impl Refusal {
    /// Parses a body; `None` when it is not Coolify's own, but a proxy's page or empty.
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Its message, without the full stop, which only some versions have.
    pub fn message(&self) -> &str {
        self.message.trim().trim_end_matches('.')
    }

    /// Whether the path is not a route of this version of Coolify, as opposed to a missing thing.
    pub fn is_no_such_route(&self) -> bool {
        self.docs.is_some() && self.message() == "Not found"
    }

    /// Whether a requested thing does not exist. Any other message with a 404 is a gateway's.
    pub fn is_missing(&self) -> bool {
        let message = self.message().to_lowercase();
        ["not found", "no resources found", "no query results"]
            .iter()
            .any(|words| message.contains(words))
    }

    /// Whether the server's build queue is full. The rate limit has the same status but another message.
    pub fn is_queue_full(&self) -> bool {
        self.message().to_lowercase().contains("queue is full")
    }

    /// Whether the token lacks an ability, or its owner a role.
    pub fn is_about_an_ability(&self) -> bool {
        self.message().starts_with("Missing required ")
    }

    /// Whether a build cannot be cancelled because it has ended.
    pub fn is_about_an_ended_build(&self) -> bool {
        self.message().starts_with("Deployment cannot be cancelled")
    }

    /// The applications that use the requested domain.
    pub fn into_conflicts(self) -> Vec<Conflict> {
        self.conflicts
    }

    /// Whether another application uses the requested domain.
    pub fn has_conflicts(&self) -> bool {
        !self.conflicts.is_empty()
    }

    /// The validation errors by field, as one line that is never empty.
    pub fn details(&self) -> String {
        let mut details = Vec::new();
        flatten("", &self.errors, &mut details);
        details.retain(|detail| !detail.trim().is_empty());
        let text = if details.is_empty() {
            self.message.clone()
        } else {
            details.join("; ")
        };
        let text = shortened(&text, DETAIL_LIMIT);
        if text.is_empty() {
            "it gives no reason".to_owned()
        } else {
            text
        }
    }

    /// What to do about an invalid request, as the end of a sentence.
    pub fn remedy(&self) -> &'static str {
        let is_about = |field: &str| self.errors.get(field).is_some();
        let message = self.message().to_lowercase();
        if message.contains("multiple destinations") {
            "Set COOLIFY_DESTINATION_UUID to the one of the server's destinations that is to be used"
        } else if message.contains("no destination") {
            "Add a destination to the server in Coolify"
        } else if is_about("destination_uuid") {
            "Set COOLIFY_DESTINATION_UUID to one of the server's destinations"
        } else if is_about("server_uuid") {
            "Set COOLIFY_SERVER_UUID to a server that is no build server"
        } else if is_about("git_repository") {
            "Check AGENT_REPOSITORY"
        } else if is_about("git_branch") {
            "Check AGENT_BRANCH"
        } else if is_about("domains") {
            "Check AGENTS_DOMAIN"
        } else {
            "Check the settings of the repository, the project and the server"
        }
    }
}

/// An application that uses the requested domain.
#[derive(Debug, Clone, Deserialize)]
#[expect(clippy::struct_field_names, reason = "Coolify's own keys")]
pub struct Conflict {
    #[serde(default, deserialize_with = "text_or_empty")]
    pub resource_name: String,
    #[serde(default, deserialize_with = "super::tolerant::text")]
    pub resource_uuid: Option<String>,
    #[serde(default, deserialize_with = "text_or_empty")]
    pub resource_type: String,
}

fn flatten(field: &str, value: &Value, details: &mut Vec<String>) {
    match value {
        Value::String(text) if field.is_empty() || text.is_empty() => details.push(text.clone()),
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

    fn refusal(value: &Value) -> Refusal {
        Refusal::read(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn refusals_are_read_in_all_their_shapes() {
        let shapes = [
            (
                json!({"message": "m", "errors": {"a": ["This field is not allowed."]}}),
                "a: This field is not allowed",
            ),
            (json!({"message": "m", "errors": {"a": "b"}}), "a: b"),
            (
                json!({"message": "m", "errors": ["one", "two"]}),
                "one; two",
            ),
            (
                json!({"message": "You need to provide it."}),
                "You need to provide it",
            ),
            (
                json!({"message": "m", "errors": {"a": [], "b": "", "c": 7}}),
                "m",
            ),
            (json!({"message": " . "}), "it gives no reason"),
            (json!({"message": "", "errors": {"a": ["  "]}}), "a:"),
        ];
        for (shape, details) in shapes {
            assert_eq!(refusal(&shape).details(), details, "{shape}");
        }
    }

    #[test]
    fn what_is_not_an_object_with_a_message_is_not_coolifys() {
        for other in [
            "",
            "<html>",
            "404 page not found",
            "[]",
            "null",
            "{}",
            r#"{"message":7}"#,
            r#"{"error":"no"}"#,
            "\"message\"",
            "{\"message\":\"cut",
        ] {
            assert!(Refusal::read(other.as_bytes()).is_none(), "{other}");
        }
        assert!(Refusal::read(b"{\n    \"message\": \"Too Many Attempts.\"\n}").is_some());
    }

    #[test]
    fn a_missing_route_is_told_from_a_missing_thing_and_from_a_gateways_words() {
        let route = refusal(&json!({"message": "Not found.", "docs": "https://coolify.io/docs"}));
        assert!(route.is_no_such_route());
        for missing in [
            "Application not found",
            "Deployment not found.",
            "No resources found.",
        ] {
            let missing = refusal(&json!({ "message": missing }));
            assert!(missing.is_missing() && !missing.is_no_such_route());
        }
        assert!(!refusal(&json!({"message": "no Route matched with those values"})).is_missing());
    }

    #[test]
    fn a_remedy_names_the_setting() {
        let about = |field: &str| json!({"message": "Validation failed.", "errors": {field: "no"}});
        let remedies = [
            (
                json!({"message": "Server has multiple destinations and you do not set destination_uuid."}),
                "COOLIFY_DESTINATION_UUID",
            ),
            (
                json!({"message": "Server has no destinations."}),
                "Add a destination",
            ),
            (about("destination_uuid"), "COOLIFY_DESTINATION_UUID"),
            (about("server_uuid"), "no build server"),
            (about("git_repository"), "AGENT_REPOSITORY"),
            (about("git_branch"), "AGENT_BRANCH"),
            (about("domains"), "AGENTS_DOMAIN"),
            (about("other"), "Check the settings"),
            (
                json!({"message": "no", "errors": ["a"]}),
                "Check the settings",
            ),
        ];
        for (body, words) in remedies {
            assert!(refusal(&body).remedy().contains(words), "{body}");
        }
    }
}
