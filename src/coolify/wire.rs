//! Coolify's JSON and what its words mean to us. Facts are from Coolify's source, 4.0.0 to 4.3.11; unknown keys appear all
//! the time and are never denied.

use crate::domain::deployment::LogEntry;
use crate::domain::judge::{Build, Container};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An application, as listed in an environment and as read alone.
#[derive(Debug, Clone, Deserialize)]
pub struct Application {
    pub uuid: String,
    #[serde(default)]
    pub name: String,
    /// Its addresses, separated by commas; there is no key `domains`.
    #[serde(default)]
    pub fqdn: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

/// Begins the description of every application we make; the environment's id follows.
pub const MARK: &str = "vps-claude env_";

impl Application {
    /// Whether a vps-claude made it.
    pub fn is_marked(&self) -> bool {
        self.description
            .as_deref()
            .is_some_and(|description| description.starts_with(MARK))
    }

    /// How its container stands. Only the part before the colon decides; a bare word is accepted too.
    pub fn container(&self) -> Container {
        let status = self.status.as_deref().unwrap_or("exited");
        match status.split(':').next().unwrap_or(status).trim() {
            "running" => Container::Running,
            other => Container::Other(other.chars().take(40).collect()),
        }
    }

    /// Whether one of its addresses is this one, or it has none.
    pub fn may_be_at(&self, fqdn: &str) -> bool {
        let Some(all) = self.fqdn.as_deref().filter(|all| !all.trim().is_empty()) else {
            return true;
        };
        all.split(',').any(|one| same_address(one, fqdn))
    }
}

fn same_address(one: &str, other: &str) -> bool {
    let plain = |address: &str| address.trim().trim_end_matches('/').to_lowercase();
    plain(one) == plain(other)
}

/// The answer of `GET /projects/{project}/{environment}`.
#[derive(Debug, Deserialize)]
pub struct EnvironmentAnswer {
    #[serde(default)]
    pub applications: Vec<Application>,
}

/// The answer of a create: the uuid; its `domains` was null for long.
#[derive(Debug, Deserialize)]
pub struct CreateAnswer {
    pub uuid: String,
}

/// The answer of `GET /applications/{uuid}/storages`.
#[derive(Debug, Deserialize)]
pub struct StoragesAnswer {
    #[serde(default)]
    pub persistent_storages: Vec<Storage>,
}

/// One volume.
#[derive(Debug, Deserialize)]
pub struct Storage {
    #[serde(default)]
    pub mount_path: String,
}

/// The answer of `POST /deploy`. A uuid in it is no proof: "already queued" hands out one that was never stored.
#[derive(Debug, Deserialize)]
pub struct DeployAnswer {
    #[serde(default)]
    pub deployments: Vec<DeployedAnswer>,
}

/// One of them.
#[derive(Debug, Deserialize)]
pub struct DeployedAnswer {
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub deployment_uuid: Option<String>,
}

/// A row of Coolify's deployment queue.
#[derive(Debug, Clone, Deserialize)]
pub struct DeploymentRow {
    pub deployment_uuid: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    commit: Option<String>,
    /// Text that holds a JSON array; the key is missing without the ability read:sensitive.
    #[serde(default, deserialize_with = "present")]
    logs: Option<Logs>,
}

/// The value of a key that is there, even if it is null.
#[derive(Debug, Clone)]
struct Logs(Option<String>);

/// Tells a key that is null from one that is missing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Logs>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| Some(Logs(text)))
}

impl DeploymentRow {
    /// How the build stands. An unknown word is no end.
    pub fn build(&self) -> Build {
        match self.status.as_str() {
            "queued" => Build::Queued,
            "finished" => Build::Finished,
            "failed" => Build::Failed,
            "cancelled-by-user" => Build::Cancelled,
            _ => Build::InProgress,
        }
    }

    /// Whether it still goes on.
    pub fn moves(&self) -> bool {
        matches!(self.build(), Build::Queued | Build::InProgress)
    }

    /// The commit once it is known; until then Coolify says `HEAD`.
    pub fn commit(&self) -> Option<&str> {
        let hex =
            |commit: &&str| commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit());
        self.commit.as_deref().filter(hex)
    }

    /// The log in Coolify's order; `None` when the token may not see it.
    pub fn log(&self) -> Option<Vec<LogEntry>> {
        let text = self.logs.as_ref()?.0.as_deref().unwrap_or("[]");
        let lines: Vec<LogLine> = serde_json::from_str(text).unwrap_or_default();
        Some(lines.into_iter().map(LogLine::entry).collect())
    }
}

#[derive(Debug, Deserialize)]
struct LogLine {
    #[serde(default)]
    output: Option<String>,
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    hidden: bool,
}

impl LogLine {
    fn entry(self) -> LogEntry {
        LogEntry {
            // PostgreSQL's text holds no NUL.
            output: self.output.unwrap_or_default().replace('\0', ""),
            hidden: self.hidden,
            error: self.r#type.as_deref() == Some("stderr"),
        }
    }
}

/// The answer of `GET /deployments/applications/{uuid}`: newest first.
#[derive(Debug, Deserialize)]
pub struct DeploymentsAnswer {
    #[serde(default)]
    pub deployments: Vec<DeploymentRow>,
}

/// The rows of `GET /deployments`, which may be an array or an object with numbers as keys.
pub fn rows_in_flight(value: Value) -> Option<Vec<DeploymentRow>> {
    let rows = match value {
        Value::Array(rows) => rows,
        Value::Object(rows) => rows.into_iter().map(|(_, row)| row).collect(),
        _ => return None,
    };
    rows.into_iter()
        .map(|row| serde_json::from_value(row).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn application(value: Value) -> Application {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_the_state_before_the_colon_decides() {
        let container =
            |status: &str| application(json!({"uuid": "a", "status": status})).container();
        for running in [
            "running:healthy",
            "running:unhealthy",
            "running:unknown",
            "running",
        ] {
            assert_eq!(container(running), Container::Running);
        }
        assert_eq!(
            container("exited:unhealthy"),
            Container::Other("exited".to_owned())
        );
        assert_eq!(
            application(json!({"uuid": "a", "status": null})).container(),
            Container::Other("exited".to_owned())
        );
    }

    #[test]
    fn an_application_without_address_may_be_ours_and_one_elsewhere_not() {
        let at =
            |fqdn: Value| application(json!({"uuid": "a", "fqdn": fqdn})).may_be_at("https://a.b");
        assert!(at(Value::Null) && at(json!("")) && at(json!("https://x.y, HTTPS://a.b/")));
        assert!(!at(json!("https://x.y")));
    }

    #[test]
    fn builds_in_flight_come_as_array_or_object() {
        let row = json!({"deployment_uuid": "d", "status": "queued", "new_key": 1});
        assert_eq!(rows_in_flight(json!([row])).unwrap().len(), 1);
        assert_eq!(
            rows_in_flight(json!({"3": row})).unwrap()[0].build(),
            Build::Queued
        );
        assert!(rows_in_flight(json!("no")).is_none());
    }

    #[test]
    fn the_log_is_parsed_twice_and_may_be_missing() {
        let row = |value| serde_json::from_value::<DeploymentRow>(value).unwrap();
        assert_eq!(row(json!({"deployment_uuid": "d"})).log(), None);
        assert_eq!(
            row(json!({"deployment_uuid": "d", "logs": null})).log(),
            Some(vec![])
        );
        let logs = r#"[{"output":"a\u0000b","type":"stderr","hidden":true},{"output":null,"type":"stdout","hidden":false}]"#;
        let log = row(json!({"deployment_uuid": "d", "logs": logs}))
            .log()
            .unwrap();
        assert_eq!(
            log[0],
            LogEntry {
                output: "ab".to_owned(),
                hidden: true,
                error: true
            }
        );
        assert_eq!(log.len(), 2);
    }
}
