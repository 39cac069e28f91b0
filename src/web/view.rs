//! The contents of a row, a head and a list of steps: strings and flags for the templates.

use super::words::Time;
use crate::actions::environments::{DeploymentRow, EnvironmentRow};
use crate::actions::known;
use crate::app::App;
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::{Event, Status};
use serde::Serialize;
use time::OffsetDateTime;
use url::form_urlencoded;

/// An environment as shown in its row and on its page.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub id: String,
    pub name: String,
    subdomain: String,
    /// Where Open leads.
    open: String,
    address: String,
    host: String,
    pub status: &'static str,
    badge: Badge,
    stage: Option<Doing>,
    reason: Option<String>,
    created: Time,
    /// Changes when anything that the row shows does.
    pub version: String,
    arrived: bool,
    can: Can,
}

#[derive(Debug, Clone, Serialize)]
struct Badge {
    word: &'static str,
    /// Since when the status is unknown.
    since: Option<Time>,
    tone: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Doing {
    word: String,
    since: Time,
}

/// The actions allowed now, from the same table that the actions use.
#[derive(Debug, Clone, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "one flag a button")]
struct Can {
    open: bool,
    deploy: bool,
    rebuild: bool,
    cancel: bool,
    delete: bool,
    give_up: bool,
    retry_removal: bool,
}

/// While something moves.
const FAST: &str = "every 2s";
/// Otherwise: what changes elsewhere is seen soon, too, because an unchanged poll costs almost nothing.
const SLOW: &str = "every 5s";

/// When a page polls.
pub fn trigger(moves: bool) -> &'static str {
    if moves { FAST } else { SLOW }
}

impl Row {
    /// Builds the row; `was` is the status currently on the page.
    pub fn new(app: &App, row: &EnvironmentRow, was: Option<Status>) -> Self {
        let now = row.now;
        Self {
            subdomain: row.subdomain.clone(),
            open: opened(&app.domain.address(&row.subdomain), &app.folder),
            address: app.domain.address(&row.subdomain),
            host: app.domain.host(&row.subdomain),
            status: row.status.word(),
            badge: badge(row, now),
            stage: doing(row, now),
            reason: reason(row),
            created: Time::ago(row.created_at, now),
            version: known::row_version(row.version, row.unconfirmed),
            arrived: row.status == Status::Running && was.is_some_and(|was| was != Status::Running),
            can: can(row),
            name: row.name.clone(),
            id: EnvironmentId::from(row.id).to_string(),
        }
    }

    /// The first label of its address.
    pub fn subdomain(&self) -> &str {
        &self.subdomain
    }

    /// The text for the live region when the status differs from the one on the page.
    pub fn announcement(&self, was: Option<Status>) -> Option<String> {
        was.filter(|was| was.word() != self.status)
            .map(|_| self.sentence())
    }

    fn sentence(&self) -> String {
        let name = &self.name;
        match (self.status, &self.reason) {
            ("deploying", _) => format!("{name} is being deployed."),
            ("deleting", _) => format!("{name} is being deleted."),
            ("error", Some(reason)) => format!("{name} has failed: {reason}"),
            ("error", None) => format!("{name} has failed."),
            ("running", Some(reason)) => format!("{name} is running. {reason}"),
            (status, _) => format!("{name} is {status}."),
        }
    }
}

/// The address with code-server's parameter for the folder to show.
fn opened(address: &str, folder: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!(
        "{address}/?{}",
        query.append_pair("folder", folder).finish()
    )
}

fn badge(row: &EnvironmentRow, now: OffsetDateTime) -> Badge {
    let tone = match row.status {
        Status::Pending => "neutral",
        Status::Deploying | Status::Deleting => "moving",
        Status::Running => "good",
        Status::Error => "bad",
    };
    match row.checked_at {
        Some(checked) if row.status == Status::Running && row.unconfirmed => Badge {
            word: "unknown since",
            since: Some(Time::clock(checked, now)),
            tone: "unknown",
        },
        _ => Badge {
            word: row.status.word(),
            since: None,
            tone,
        },
    }
}

fn doing(row: &EnvironmentRow, now: OffsetDateTime) -> Option<Doing> {
    let (word, since) = match row.status {
        Status::Deploying if row.cancelling => ("Cancelling".to_owned(), row.stage_since?),
        Status::Deploying => (stage(row)?, row.stage_since?),
        Status::Deleting => ("Removing".to_owned(), row.removal_requested_at?),
        _ => return None,
    };
    Some(Doing {
        word,
        since: Time::elapsed(since, now),
    })
}

/// "Building"; "Waiting for its turn, 3 before it".
fn stage(row: &EnvironmentRow) -> Option<String> {
    let doing = row.stage?.doing();
    Some(match row.ahead {
        Some(ahead) if ahead > 0 => format!("{doing}, {ahead} before it"),
        _ => doing.to_owned(),
    })
}

fn reason(row: &EnvironmentRow) -> Option<String> {
    match row.status {
        Status::Deploying => row.note.clone(),
        Status::Running => {
            let failure = row.failure.as_ref();
            failure.map(|failure| format!("The last deployment failed: {failure}"))
        }
        _ => row.reason.clone(),
    }
}

fn can(row: &EnvironmentRow) -> Can {
    let deployable = row.status.after(Event::DeployRequested).is_some()
        && (row.has_application || row.has_password);
    let stuck = row.status == Status::Deleting && row.reason.is_some();
    Can {
        open: row.status == Status::Running || (row.status == Status::Deploying && row.ran_before),
        deploy: deployable && row.status != Status::Running,
        rebuild: deployable && row.status == Status::Running,
        cancel: row.status == Status::Deploying && !row.cancelling,
        delete: row.status != Status::Deleting,
        give_up: stuck,
        retry_removal: stuck,
    }
}

/// One step of a deployment.
#[derive(Debug, Serialize)]
pub struct Step {
    pub word: &'static str,
    pub state: &'static str,
    pub duration: Option<Time>,
}

/// The six steps of a deployment with their durations.
pub fn steps(deployment: &DeploymentRow, began: &[(Stage, OffsetDateTime)]) -> Vec<Step> {
    let step = |stage: Stage| {
        let at = began.iter().position(|(began, _)| *began == stage);
        let ended = at.and_then(|at| began.get(at + 1)).map(|(_, at)| *at);
        let ended = ended.or(deployment.finished_at);
        let at = at.map(|at| began[at].1);
        Step {
            word: stage.title(),
            state: state(deployment, stage),
            duration: at.map(|at| Time::duration(at, ended, deployment.now)),
        }
    };
    Stage::ALL.into_iter().map(step).collect()
}

fn state(deployment: &DeploymentRow, stage: Stage) -> &'static str {
    match (stage.cmp(&deployment.stage), deployment.outcome) {
        (std::cmp::Ordering::Less, _) | (_, Some(Outcome::Succeeded)) => "done",
        (std::cmp::Ordering::Greater, _) => "todo",
        (std::cmp::Ordering::Equal, None) => "current",
        (std::cmp::Ordering::Equal, Some(Outcome::Cancelled)) => "cancelled",
        (std::cmp::Ordering::Equal, Some(_)) => "failed",
    }
}

/// A deployment as listed on the page.
#[derive(Debug, Serialize)]
pub struct Deployment {
    id: String,
    when: Time,
    who: String,
    commit: Option<String>,
    pub outcome: &'static str,
    pub duration: Time,
    pub reason: Option<String>,
    /// The log lines before the error, or the container's own last ones.
    pub lines: Option<String>,
    /// What they are.
    pub lines_title: &'static str,
    /// Whether its log and calls are kept.
    kept: bool,
}

impl Deployment {
    pub fn new(row: &DeploymentRow) -> Self {
        let now = row.now;
        Self {
            id: DeploymentId::from(row.id).to_string(),
            when: Time::ago(row.created_at, now),
            who: row
                .by
                .clone()
                .unwrap_or_else(|| "someone who left".to_owned()),
            commit: row
                .commit_sha
                .as_ref()
                .map(|sha| sha.chars().take(7).collect()),
            outcome: row.outcome.map_or("moving", Outcome::word),
            duration: Time::duration(row.created_at, row.finished_at, now),
            reason: row.reason.clone().or_else(|| row.note.clone()),
            lines: row.reason_lines.clone(),
            kept: row.log_kept,
            lines_title: if row.stage < Stage::Start {
                "What the log said before that"
            } else {
                "The last lines of the container\u{2019}s own log"
            },
        }
    }
}
