//! The contents of a row, a head and a list of steps: strings and flags for the templates.

use super::words;
use crate::actions::environments::{DeploymentRow, EnvironmentRow};
use crate::app::App;
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::{Event, Status};
use serde::Serialize;
use time::OffsetDateTime;

/// An environment as shown in its row and on its page.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub id: String,
    pub name: String,
    subdomain: String,
    address: String,
    host: String,
    pub status: &'static str,
    badge: Badge,
    stage: Option<Doing>,
    reason: Option<String>,
    checked: Option<String>,
    created: String,
    pub age: String,
    version: String,
    poll: Poll,
    arrived: bool,
    can: Can,
}

#[derive(Debug, Clone, Serialize)]
struct Badge {
    word: String,
    tone: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct Doing {
    word: String,
    since: String,
    elapsed: String,
}

#[derive(Debug, Clone, Serialize)]
struct Poll {
    url: String,
    trigger: &'static str,
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

/// Which part of a page polls.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    Row,
    Head,
}

/// The version that a poll sends along: it changes when the row does.
pub fn version(version: i64, checked_at: Option<OffsetDateTime>, unconfirmed: bool) -> String {
    let checked = checked_at.map_or(0, OffsetDateTime::unix_timestamp);
    let unknown = if unconfirmed { "u" } else { "" };
    format!("{version}.{checked}{unknown}")
}

impl Row {
    /// Builds the row; `was` is the status currently on the page.
    pub fn new(app: &App, row: &EnvironmentRow, part: Part, was: Option<Status>) -> Self {
        let now = row.now;
        let id = EnvironmentId::from(row.id).to_string();
        let version = version(row.version, row.checked_at, row.unconfirmed);
        Self {
            subdomain: row.subdomain.clone(),
            address: app.domain.address(&row.subdomain),
            host: app.domain.host(&row.subdomain),
            status: row.status.word(),
            badge: badge(row, now),
            stage: doing(row, now),
            reason: reason(row),
            checked: checked(row, now),
            created: words::machine(row.created_at),
            age: words::age(row.created_at, now),
            poll: poll(&id, part, &version, row.status),
            version,
            arrived: row.status == Status::Running && was.is_some_and(|was| was != Status::Running),
            can: can(row),
            name: row.name.clone(),
            id,
        }
    }

    /// The text for the live region when the status differs from the one on the page.
    pub fn announcement(&self, was: Option<Status>) -> Option<String> {
        was.filter(|was| was.word() != self.status)
            .map(|_| format!("{} is {}.", self.name, self.badge.word))
    }
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
            word: format!("unknown since {}", words::clock(checked, now)),
            tone: "unknown",
        },
        _ => Badge {
            word: row.status.word().to_owned(),
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
        since: words::machine(since),
        elapsed: words::elapsed(since, now),
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

fn checked(row: &EnvironmentRow, now: OffsetDateTime) -> Option<String> {
    let checked = row
        .checked_at
        .filter(|_| matches!(row.status, Status::Running | Status::Error))?;
    Some(format!("checked {} ago", words::since(checked, now)))
}

fn poll(id: &str, part: Part, version: &str, status: Status) -> Poll {
    let part = match part {
        Part::Row => "row",
        Part::Head => "head",
    };
    Poll {
        url: format!(
            "/environments/{id}/{part}?v={version}&was={}",
            status.word()
        ),
        trigger: if status.moves() {
            "every 2s"
        } else {
            "every 30s"
        },
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

/// The number of environments, in total and by status.
#[derive(Debug, Serialize)]
pub struct Counts {
    pub total: usize,
    running: usize,
    pub moving: usize,
    failed: usize,
}

impl Counts {
    /// Counts rows.
    pub fn of(rows: &[EnvironmentRow]) -> Self {
        let count = |is: fn(Status) -> bool| rows.iter().filter(|row| is(row.status)).count();
        Self {
            total: rows.len(),
            running: count(|status| status == Status::Running),
            moving: count(Status::moves),
            failed: count(|status| status == Status::Error),
        }
    }
}

/// One step of a deployment.
#[derive(Debug, Serialize)]
pub struct Step {
    word: &'static str,
    state: &'static str,
    duration: Option<String>,
}

/// The six steps of a deployment with their durations.
pub fn steps(deployment: &DeploymentRow, began: &[(Stage, OffsetDateTime)]) -> Vec<Step> {
    let now = deployment.now;
    let step = |stage: Stage| {
        let at = began.iter().position(|(began, _)| *began == stage);
        let ended = at
            .and_then(|at| began.get(at + 1))
            .map(|(_, at)| *at)
            .or(deployment.finished_at)
            .unwrap_or(now);
        Step {
            word: stage.title(),
            state: state(deployment, stage),
            duration: at.map(|at| words::elapsed(began[at].1, ended)),
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
    when: String,
    ago: String,
    who: String,
    commit: Option<String>,
    outcome: &'static str,
    duration: String,
    reason: Option<String>,
    /// The log lines before the error.
    lines: Option<String>,
}

impl Deployment {
    pub fn new(row: &DeploymentRow) -> Self {
        let now = row.now;
        Self {
            id: DeploymentId::from(row.id).to_string(),
            when: words::machine(row.created_at),
            ago: format!("{} ago", words::since(row.created_at, now)),
            who: row
                .by
                .clone()
                .unwrap_or_else(|| "someone who left".to_owned()),
            commit: row
                .commit_sha
                .as_ref()
                .map(|sha| sha.chars().take(7).collect()),
            outcome: row.outcome.map_or("moving", Outcome::word),
            duration: words::elapsed(row.created_at, row.finished_at.unwrap_or(now)),
            reason: row.reason.clone().or_else(|| row.note.clone()),
            lines: row.reason_lines.clone(),
        }
    }
}
