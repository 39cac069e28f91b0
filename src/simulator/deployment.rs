//! A deployment: its row, its log, and the steps that are still before it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::platform::{Platform, row};
use super::{application::Application, application::Container, clock::Time, outcomes::Outcome};

/// Where a deployment is, in Coolify's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Queued,
    InProgress,
    Finished,
    Failed,
    #[serde(rename = "cancelled-by-user")]
    Cancelled,
}

/// One entry of a log before it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    pub command: Option<String>,
    /// What it printed, or a sentence of Coolify's.
    pub output: String,
    #[serde(default)]
    stderr: bool,
    /// Shown only to those who want to see everything.
    #[serde(default)]
    hidden: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Log(Line),
    /// The branch is resolved to a commit.
    Resolve,
    Built,
    Start,
    /// The new container takes the old one's place; null leaves the application's status alone.
    Replace(Option<String>),
    Discard,
    End(Status),
    /// The application's status is written, if the container this build started is still the one.
    ReportStatus(String),
    Crash,
}

/// One step of a deployment: so many simulated milliseconds after the step before, what happens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step(pub u64, pub Action);

#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Deployment {
    pub id: u64,
    pub uuid: String,
    pub application: String,
    pub status: Status,
    /// `HEAD` until the branch is resolved.
    pub commit: String,
    pub outcome: Outcome,
    #[serde(default)]
    pub force: bool,
    pub created_at: Time,
    pub updated_at: Time,
    pub finished_at: Option<Time>,
    pub log: Vec<Value>,
    pub steps: VecDeque<Step>,
    /// Counts the scripts it was given, so that no step of an old one is taken.
    pub script: u32,
    /// The new container, until it takes the old one's place.
    pub fresh: Option<Container>,
    /// Its application's rows are gone while it still builds; the API does not show it.
    pub orphaned: bool,
}

impl Deployment {
    pub fn is_active(&self) -> bool {
        matches!(self.status, Status::Queued | Status::InProgress)
    }

    /// Adds an entry to the log. The first one has no `order`.
    pub fn log(&mut self, line: &Line, at: Time) {
        let index = self.log.len();
        let mut entry = json!({
            "command": line.command, "output": line.output,
            "type": if line.stderr { "stderr" } else { "stdout" },
            "timestamp": at.precise(), "hidden": line.hidden, "batch": index / 3 + 1,
        });
        if index > 0 {
            entry["order"] = json!(index + 1);
        }
        self.log.push(entry);
    }

    /// The row as the API shows it, with its log if `logs`: a text that holds an array, or null.
    pub fn shown(&self, platform: &Platform, application: &Application, logs: bool) -> Value {
        let begun = self.status != Status::Queued;
        let more = json!({
            "id": self.id, "application_id": application.id.to_string(),
            "application_name": application.name(), "commit": self.commit,
            "current_process_id": begun.then(|| (20_000 + self.id).to_string()),
            "deployment_url": platform.deployment_path(&self.application, &self.uuid),
            "deployment_uuid": self.uuid, "finished_at": self.finished_at.map(Time::column),
            "force_rebuild": self.force, "horizon_job_worker": begun.then_some("coolify"),
            "status": self.status,
            "created_at": self.created_at.column(), "updated_at": self.updated_at.column(),
        });
        let mut shown = row("deployment", more);
        if logs {
            let log = (!self.log.is_empty()).then(|| json!(self.log).to_string());
            shown.insert("logs".into(), log.into());
        }
        shown.into()
    }
}
