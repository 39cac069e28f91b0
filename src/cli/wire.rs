//! The API's JSON, as far as it is read here. A field that is not known is skipped, and one that is not needed may be missing.

use super::failure::{Exit, Failure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;
use time::OffsetDateTime;

/// An environment.
#[derive(Deserialize)]
pub struct Environment {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub subdomain: String,
    #[serde(default)]
    pub url: String,
    pub status: String,
    #[serde(default)]
    pub unconfirmed: bool,
    pub reason: Option<String>,
    #[serde(default)]
    pub version: String,
    pub created_at: Option<String>,
    #[serde(default)]
    pub in_use: bool,
    pub last_used_at: Option<String>,
    pub workspace_repository: Option<String>,
    /// The one under way.
    pub deployment: Option<Deployment>,
}

/// A page of environments.
#[derive(Deserialize)]
pub struct Page {
    pub items: Vec<Value>,
    pub total: usize,
}

/// A deployment.
#[derive(Deserialize)]
pub struct Deployment {
    pub id: String,
    #[serde(default)]
    pub stage: String,
    /// None while it goes on.
    pub outcome: Option<String>,
    pub reason: Option<String>,
    /// Whether the image is built anew.
    pub rebuild: Option<bool>,
    #[serde(default)]
    pub cancelling: bool,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub requested_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// How many wait before it, while it waits for its turn.
    pub ahead: Option<u32>,
    usual_seconds: Option<f64>,
}

/// The deployments of an environment, newest first.
#[derive(Deserialize)]
pub struct Deployments {
    pub items: Vec<Deployment>,
}

/// A part of a log.
#[derive(Deserialize)]
pub struct Log {
    pub lines: Vec<Value>,
    pub next: i64,
    pub finished: bool,
    pub missing: Option<String>,
}

/// An entry of a log.
#[derive(Deserialize)]
pub struct LogLine {
    pub text: String,
}

/// Whose token it is.
#[derive(Deserialize)]
pub struct Account {
    pub name: String,
    pub email: String,
    pub token: Token,
}

/// What a token may do, and until when.
#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    pub scopes: Vec<String>,
    pub expires_at: Option<String>,
}

/// Why a request was refused.
#[derive(Deserialize)]
pub struct Problem {
    detail: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    field: String,
    detail: String,
}

impl Deployment {
    /// How long such deployments took lately, from their turn on.
    pub fn usual(&self) -> Option<Duration> {
        let seconds = self.usual_seconds?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl Problem {
    /// What is wrong, in a sentence for people, and what is wrong with each field.
    pub fn sentence(&self) -> String {
        if let [one] = self.errors.as_slice() {
            return format!("{}: {}", typed_as(&one.field), one.detail);
        }
        let mut all = self.detail.clone();
        for error in &self.errors {
            let _ = write!(all, "\n  {}: {}", typed_as(&error.field), error.detail);
        }
        all
    }
}

/// What one types for a field of the API.
fn typed_as(field: &str) -> &str {
    match field {
        "workspace_repository" => "--repository",
        "source_repository" => "--source",
        "source_branch" => "--branch",
        "variables" => "--variable",
        "memory" => "--memory",
        "cpus" => "--cpus",
        "q" => "--search",
        "status" => "--status",
        other => other,
    }
}

/// Reads an answer.
///
/// # Errors
/// When it lacks what is needed.
pub fn parse<T: DeserializeOwned>(json: &Value) -> Result<T, Failure> {
    T::deserialize(json).map_err(|_| {
        let sentence = "The answer is not understood: the dashboard may have another version than this program, or another server answers in its place.";
        Failure::new(Exit::Unreachable, sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_of_a_newer_version_is_read() {
        let json = json!({
            "id": "env_a", "name": "A", "status": "resting", "new": [1],
            "deployment": { "id": "dep_a", "stage": "thinking", "usual_seconds": -1.0, "new": {} },
        });
        let environment: Environment = parse(&json).unwrap();
        assert_eq!(environment.status, "resting");
        assert_eq!(environment.deployment.unwrap().usual(), None);
        assert!(parse::<Environment>(&json!({ "id": "env_a" })).is_err());
    }

    #[test]
    fn wrong_fields_are_named_as_they_are_typed() {
        let error = |field: &str| json!({ "field": field, "detail": "It is wrong." });
        let problem = |errors: Vec<Value>| {
            let problem = json!({ "detail": "Several fields are wrong.", "errors": errors });
            parse::<Problem>(&problem).unwrap().sentence()
        };
        let several = problem(vec![error("name"), error("source_branch")]);
        let expected = "Several fields are wrong.\n  name: It is wrong.\n  --branch: It is wrong.";
        assert_eq!(several, expected);
        assert_eq!(problem(vec![error("memory")]), "--memory: It is wrong.");
        assert_eq!(problem(vec![]), "Several fields are wrong.");
    }
}
