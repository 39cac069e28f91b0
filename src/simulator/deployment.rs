//! A deployment: its row, its log, and the steps that are still before it.

use std::collections::VecDeque;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::platform::{Platform, columns, object};
use super::{answer::object_text, clock::Time, container::Container, outcomes::Outcome};

/// Columns that are always the same.
static COLUMNS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| columns(include_str!("data/deployment.json")));

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
    /// The command that was run, if one was.
    pub command: Option<String>,
    /// What it printed, or a sentence of Coolify's.
    pub output: String,
    /// Printed on the error stream.
    #[serde(default)]
    stderr: bool,
    /// Shown only to those who want to see everything.
    #[serde(default)]
    hidden: bool,
}

impl Line {
    /// What a build prints.
    pub fn hidden(output: String) -> Self {
        Self {
            command: None,
            output,
            stderr: true,
            hidden: true,
        }
    }
}

/// What can happen in a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// An entry is written into the log.
    Log(Line),
    /// The image's build prints as many bytes as the settings say.
    Print,
    /// The branch is resolved to a commit.
    Resolve,
    /// The image of the commit exists.
    Built,
    /// The new container starts.
    Start,
    /// The new container takes the old one's place; null leaves the application's status alone.
    Replace(Option<String>),
    /// The new container is removed again.
    Discard,
    /// The deployment is over.
    End(Status),
    /// The application's status is written, if the container this build started is still the one.
    ReportStatus(String),
    /// The container dies.
    Crash,
}

/// One step of a deployment: so many simulated milliseconds after the step before, what happens.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step(pub u64, pub Action);

/// A log, kept as the JSON text that responses copy: a text that holds an array, escaped already. So a log of many
/// megabytes costs one copy a response.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Log {
    escaped: String,
    entries: usize,
}

impl Log {
    /// Adds an entry. The first one has no `order`.
    pub fn add(&mut self, line: &Line, at: Time) {
        let index = self.entries;
        let mut entry = json!({
            "command": line.command, "output": line.output,
            "type": if line.stderr { "stderr" } else { "stdout" },
            "timestamp": at.precise(), "hidden": line.hidden, "batch": index / 3 + 1,
        });
        if index > 0 {
            entry["order"] = json!(index + 1);
            self.escaped.push(',');
        }
        let quoted = Value::String(entry.to_string()).to_string();
        self.escaped.push_str(&quoted[1..quoted.len() - 1]);
        self.entries += 1;
    }

    /// The value of the key `logs` as JSON; null before the first entry.
    fn json(&self) -> String {
        match self.entries {
            0 => "null".to_owned(),
            _ => ["\"[", &self.escaped, "]\""].concat(),
        }
    }
}

/// One deployment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Deployment {
    pub id: u64,
    pub uuid: String,
    /// The identifier of the application, its number and its name.
    pub application: String,
    pub application_id: u64,
    pub application_name: String,
    pub status: Status,
    /// `HEAD` until the branch is resolved.
    pub commit: String,
    /// Builds even if an image exists.
    pub force: bool,
    /// What it has been told to do.
    pub outcome: Outcome,
    pub created_at: Time,
    pub updated_at: Time,
    pub finished_at: Option<Time>,
    pub log: Log,
    /// What is still to happen.
    pub steps: VecDeque<Step>,
    /// Counts the scripts it was given, so that no step of an old one is taken.
    pub script: u32,
    /// The new container, until it takes the old one's place.
    pub fresh: Option<Container>,
    /// The number of the container it started.
    pub started: Option<u64>,
    /// Its application's rows are gone while it still builds; the API does not show it.
    pub orphaned: bool,
}

impl Deployment {
    /// Whether it waits or builds.
    pub fn is_active(&self) -> bool {
        matches!(self.status, Status::Queued | Status::InProgress)
    }

    /// The row as the API shows it; its log if `logs`, and its application if that is given as JSON.
    pub fn shown(&self, platform: &Platform, logs: bool, application: Option<&str>) -> String {
        let begun = self.status != Status::Queued;
        let mut row = COLUMNS.clone();
        row.extend(object(json!({
            "id": self.id, "application_id": self.application_id.to_string(),
            "application_name": self.application_name, "commit": self.commit,
            "current_process_id": begun.then(|| (20_000 + self.id).to_string()),
            "deployment_url": platform.deployment_path(&self.application, &self.uuid),
            "deployment_uuid": self.uuid, "finished_at": self.finished_at.map(Time::column),
            "force_rebuild": self.force, "horizon_job_worker": begun.then_some("coolify"),
            "status": self.status,
            "created_at": self.created_at.column(), "updated_at": self.updated_at.column(),
        })));
        let log = logs.then(|| self.log.json());
        let log = log.as_deref().map(|log| ("logs", log));
        let application = application.map(|application| ("application", application));
        let members: Vec<_> = log.into_iter().chain(application).collect();
        object_text(&row, &members)
    }
}
