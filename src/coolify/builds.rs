//! The rows of Coolify's deployment queue and the meaning of their statuses. Facts are from Coolify's source, 4.0.0 to
//! 4.3.11.

use super::log;
use super::tolerant::{Rows, long_text, object, text, text_or_empty};
use crate::domain::deployment::LogEntry;
use crate::domain::judge::Build;
use serde::de::DeserializeSeed;
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;

/// A row of the deployment queue.
#[derive(Debug, Clone)]
pub struct DeploymentRow {
    pub deployment_uuid: String,
    status: String,
    commit: Option<String>,
    log: Log,
}

#[derive(Debug, Clone)]
enum Log {
    /// The token lacks permission to read the log.
    Hidden,
    /// The log was sent but not kept.
    LeftOut,
    Kept(Vec<LogEntry>),
}

impl DeploymentRow {
    /// The build's state. An unknown status counts as still running.
    pub fn build(&self) -> Build {
        match self.status.as_str() {
            "queued" => Build::Queued,
            "finished" => Build::Finished,
            "failed" => Build::Failed,
            "cancelled-by-user" => Build::Cancelled,
            _ => Build::InProgress,
        }
    }

    /// Whether it is queued or running.
    pub fn moves(&self) -> bool {
        matches!(self.build(), Build::Queued | Build::InProgress)
    }

    /// The commit once it is known; before that, Coolify says `HEAD`.
    pub fn commit(&self) -> Option<&str> {
        let hex =
            |commit: &&str| commit.len() >= 7 && commit.bytes().all(|b| b.is_ascii_hexdigit());
        self.commit.as_deref().filter(hex)
    }

    /// The log in Coolify's order, if it was requested and the token may read it. The middle of a very long one is
    /// missing.
    pub fn log(&self) -> Option<&[LogEntry]> {
        match &self.log {
            Log::Kept(entries) => Some(entries),
            Log::Hidden | Log::LeftOut => None,
        }
    }

    /// Whether the token may not read the log: it lacks read:sensitive.
    pub fn hides_log(&self) -> bool {
        matches!(self.log, Log::Hidden)
    }
}

/// A row as sent; every value except the identifier may be missing or malformed.
#[derive(Debug, Deserialize)]
pub struct SentRow {
    #[serde(default, deserialize_with = "text_or_empty")]
    deployment_uuid: String,
    #[serde(default, deserialize_with = "text_or_empty")]
    status: String,
    #[serde(default, deserialize_with = "text")]
    commit: Option<String>,
    /// A string that holds a JSON array; the key is missing without the ability read:sensitive.
    #[serde(default, deserialize_with = "present")]
    logs: Option<String>,
}

/// Null, before the first entry, becomes an empty string: only a missing key is `None`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    long_text(deserializer).map(|text| Some(text.unwrap_or_default()))
}

impl SentRow {
    /// The row, with or without its log; `None` when it has no deployment uuid.
    pub fn row(self, with_log: bool) -> Option<DeploymentRow> {
        let log = match self.logs {
            None => Log::Hidden,
            Some(_) if !with_log => Log::LeftOut,
            Some(text) => Log::Kept(log::entries(&text)),
        };
        (!self.deployment_uuid.is_empty()).then_some(DeploymentRow {
            deployment_uuid: self.deployment_uuid,
            status: self.status,
            commit: self.commit,
            log,
        })
    }
}

/// Parses `GET /deployments`: rows in an array or in an object with numbers as keys, each with its whole log. Keeps
/// only the logs of `followed` deployments.
pub struct InFlight {
    pub followed: HashSet<String>,
}

impl<'de> DeserializeSeed<'de> for InFlight {
    type Value = Vec<DeploymentRow>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let row = |sent: SentRow| {
            let with_log = self.followed.contains(&sent.deployment_uuid);
            sent.row(with_log)
        };
        Rows::new(row).deserialize(deserializer)
    }
}

/// The response of `GET /deployments/applications/{uuid}`: newest first, without logs.
#[derive(Debug, Deserialize)]
pub struct RecentAnswer {
    #[serde(deserialize_with = "rows_without_log")]
    pub deployments: Vec<DeploymentRow>,
}

fn rows_without_log<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<DeploymentRow>, D::Error> {
    Rows::new(|sent: SentRow| sent.row(false)).deserialize(deserializer)
}

/// The response of `POST /deploy`.
#[derive(Debug, Deserialize)]
pub struct DeployAnswer {
    #[serde(deserialize_with = "super::tolerant::list")]
    pub deployments: Vec<Deployed>,
}

#[derive(Debug, Deserialize)]
pub struct Deployed {
    #[serde(default, deserialize_with = "text_or_empty")]
    pub message: String,
    #[serde(default, deserialize_with = "text")]
    pub deployment_uuid: Option<String>,
}

/// The result of requesting a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The uuid of the queued build.
    Build(String),
    /// Coolify says that a build is queued already, but not which: the uuid in this response was never stored.
    AlreadyQueued,
}

impl Deployed {
    /// Whether the token's owner may not deploy, which Coolify reports with a success status.
    pub fn is_refused(&self) -> bool {
        self.message.starts_with("Unauthorized")
    }

    pub fn asked(self) -> Asked {
        let already = self.message.to_lowercase().contains("already queued");
        let uuid = self
            .deployment_uuid
            .filter(|uuid| !already && !uuid.is_empty());
        uuid.map_or(Asked::AlreadyQueued, Asked::Build)
    }
}

/// The build limits in the response of `GET /servers/{uuid}`.
#[derive(Debug, Deserialize)]
pub struct ServerAnswer {
    #[serde(default, deserialize_with = "object")]
    settings: Option<LimitsAnswer>,
}

#[derive(Debug, Deserialize)]
struct LimitsAnswer {
    #[serde(default, deserialize_with = "super::tolerant::number")]
    concurrent_builds: Option<u32>,
    #[serde(default, deserialize_with = "super::tolerant::number")]
    deployment_queue_limit: Option<u32>,
}

/// The build limits of a Coolify server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// How many builds run concurrently.
    pub concurrent_builds: u32,
    /// How many may wait; when the queue is full, further ones are refused.
    pub deployment_queue_limit: u32,
}

impl From<ServerAnswer> for ServerLimits {
    /// Missing limits get Coolify's own defaults (`ServerSetting`).
    fn from(answer: ServerAnswer) -> Self {
        let limits = answer.settings;
        let limit = |of: fn(&LimitsAnswer) -> Option<u32>, default| {
            limits.as_ref().and_then(of).unwrap_or(default)
        };
        Self {
            concurrent_builds: limit(|limits| limits.concurrent_builds, 2),
            deployment_queue_limit: limit(|limits| limits.deployment_queue_limit, 25),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn in_flight(json: &str, followed: &[&str]) -> serde_json::Result<Vec<DeploymentRow>> {
        let followed = followed.iter().map(|uuid| (*uuid).to_owned()).collect();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        InFlight { followed }.deserialize(&mut deserializer)
    }

    #[test]
    fn only_the_logs_of_followed_builds_are_kept() {
        let json = r#"[
            {"deployment_uuid": "a", "status": "queued", "logs": "[{\"output\":\"x\"}]"},
            {"logs": "[{\"output\":\"y\"}]", "status": "in_progress", "deployment_uuid": "b", "new_key": {"z": [1]}},
            {"deployment_uuid": "c", "status": "queued", "logs": null},
            {"deployment_uuid": "d", "status": "queued"}]"#;
        let rows = in_flight(json, &["b", "c", "d"]).unwrap();
        let outputs = |at: usize| {
            let log = rows[at].log();
            log.map(|log| {
                log.iter()
                    .map(|one| one.output.as_str())
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!((outputs(0), rows[0].hides_log()), (None, false));
        assert_eq!(outputs(1), Some(vec!["y"]), "its log comes before its name");
        assert_eq!(outputs(2), Some(vec![]), "null is a log without entries");
        assert_eq!((outputs(3), rows[3].hides_log()), (None, true));
        assert_eq!(rows[1].build(), Build::InProgress);
    }

    #[test]
    fn builds_in_flight_come_as_array_or_object_and_an_odd_one_spoils_no_other() {
        let row =
            json!({"deployment_uuid": "d", "status": "queued", "commit": 7, "logs": {"a": 1}});
        let odd = [
            json!([row, 7, {"status": "queued"}, null]),
            json!({"1": row, "3": "odd"}),
        ];
        for json in odd {
            let rows = in_flight(&json.to_string(), &["d"]).unwrap();
            assert_eq!(rows.len(), 1, "{json}");
            assert_eq!(rows[0].build(), Build::Queued);
        }
        for other in [json!("no"), json!({"message": "no"}), json!(null)] {
            assert!(in_flight(&other.to_string(), &[]).is_err(), "{other}");
        }
    }

    #[test]
    fn a_uuid_is_a_build_only_if_one_was_queued() {
        let asked = |value: Value| serde_json::from_value::<Deployed>(value).unwrap().asked();
        let queued = json!({"message": "Application x deployment queued.", "deployment_uuid": "d"});
        assert_eq!(asked(queued), Asked::Build("d".to_owned()));
        let already = json!({"message": "Deployment already queued for this commit.", "deployment_uuid": "d"});
        for none in [
            already,
            json!({"message": "queued."}),
            json!({"deployment_uuid": null}),
            json!({"deployment_uuid": ""}),
        ] {
            assert_eq!(asked(none.clone()), Asked::AlreadyQueued, "{none}");
        }
    }

    #[test]
    fn a_server_has_limits_even_if_it_does_not_say_so() {
        let limits = |value: Value| {
            let answer: ServerAnswer = serde_json::from_value(value).unwrap();
            let limits = ServerLimits::from(answer);
            (limits.concurrent_builds, limits.deployment_queue_limit)
        };
        let both = json!({"settings": {"concurrent_builds": 4, "deployment_queue_limit": "9"}});
        assert_eq!(limits(both), (4, 9));
        assert_eq!(
            limits(json!({"settings": {"concurrent_builds": null}})),
            (2, 25)
        );
        assert_eq!(limits(json!({"uuid": "s"})), (2, 25));
    }
}
