//! A deployment's row and its log.
//!
//! It knows the shapes that Coolify shows; it must not know when a deployment moves on.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::container::Container;
use super::moment::Moment;
use super::outcome::Outcome;
use super::script::Beat;
use super::site::Site;

/// Coolify's words for where a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Waits for its turn.
    #[serde(rename = "queued")]
    Queued,
    /// Is being built or rolled out.
    #[serde(rename = "in_progress")]
    Building,
    /// Ended well.
    #[serde(rename = "finished")]
    Finished,
    /// Ended badly.
    #[serde(rename = "failed")]
    Failed,
    /// Was called off.
    #[serde(rename = "cancelled-by-user")]
    Cancelled,
}

impl Progress {
    /// Whether it is over.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Building)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Building => "in_progress",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled-by-user",
        }
    }
}

/// One entry of a log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// The command that was run, if one was.
    pub command: Option<String>,
    /// What it printed, or a sentence of Coolify's.
    pub output: String,
    /// Printed on the error stream.
    pub stderr: bool,
    /// Shown only to those who want to see everything.
    pub hidden: bool,
    /// When.
    pub timestamp: Moment,
}

/// One deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deployment {
    /// The number.
    pub id: u64,
    /// The public identifier.
    pub uuid: String,
    /// The identifier of the application.
    pub application: String,
    /// Its number.
    pub application_id: u64,
    /// Its name.
    pub application_name: String,
    /// Where it is.
    pub progress: Progress,
    /// `HEAD` until the branch is resolved.
    pub commit: String,
    /// Builds even if an image exists.
    pub force: bool,
    /// Asked for by a restart.
    pub restart: bool,
    /// What it has been told to do.
    pub outcome: Outcome,
    /// When it was asked for.
    pub created_at: Moment,
    /// When its row last changed.
    pub updated_at: Moment,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// The log so far.
    pub entries: Vec<Entry>,
    /// What it has still to do.
    pub script: VecDeque<Beat>,
    /// Counts the scripts it was given, so that a beat of an old one is not played.
    pub take: u32,
    /// The new container, until it takes the old one's place.
    pub fresh: Option<Container>,
    /// The number of the container it brought up.
    pub brought: Option<u64>,
    /// Its application's rows are gone while it still builds; the API does not show it.
    pub ghost: bool,
}

impl Deployment {
    /// Whether it waits or builds.
    pub fn is_active(&self) -> bool {
        !self.progress.is_over()
    }

    /// The row as the API shows it, with its log if `logs`.
    pub fn shown(&self, site: &Site, logs: bool) -> Value {
        let mut row = self.row(site);
        if logs {
            row.insert("logs".into(), self.log());
        }
        row.into()
    }

    fn row(&self, site: &Site) -> Map<String, Value> {
        let begun = self.progress != Progress::Queued;
        let row = json!({
            "id": self.id,
            "application_id": self.application_id.to_string(),
            "application_name": self.application_name,
            "build_server_id": null,
            "commit": self.commit,
            "commit_message": null,
            "configuration_hash": null,
            "current_process_id": begun.then(|| (20_000 + self.id).to_string()),
            "deployment_url": site.deployment_path(&self.application, &self.uuid),
            "deployment_uuid": self.uuid,
            "destination_id": "0",
            "docker_registry_image_tag": null,
            "finished_at": self.finished_at.map(Moment::column),
            "force_rebuild": self.force,
            "git_type": null,
            "horizon_job_id": null,
            "horizon_job_worker": begun.then_some("coolify"),
            "is_api": true,
            "is_webhook": false,
            "only_this_server": false,
            "pull_request_id": 0,
            "restart_only": self.restart,
            "rollback": false,
            "server_id": 0,
            "server_name": "localhost",
            "status": self.progress.word(),
            "created_at": self.created_at.column(),
            "updated_at": self.updated_at.column(),
        });
        row.as_object().cloned().unwrap_or_default()
    }

    /// The log as Coolify gives it: a text that holds a JSON array, or null before the first entry.
    fn log(&self) -> Value {
        if self.entries.is_empty() {
            return Value::Null;
        }
        let entries = self.entries.iter().enumerate().map(|(index, entry)| {
            let mut shown = json!({
                "command": entry.command, "output": entry.output,
                "type": if entry.stderr { "stderr" } else { "stdout" },
                "timestamp": entry.timestamp.precise(), "hidden": entry.hidden, "batch": index / 3 + 1,
            });
            if index > 0 {
                shown["order"] = json!(index + 1);
            }
            shown
        });
        Value::String(entries.collect::<Value>().to_string())
    }
}
