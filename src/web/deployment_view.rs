//! The contents of a deployment: its steps, its entry in the history, and the lines around its failure.

use super::words::Time;
use crate::actions::environments::{DeploymentRow, EnvironmentRow};
use crate::actions::{sources, updates};
use crate::app::App;
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, UserId};
use crate::domain::repository::commit_page;
use crate::domain::status::Status;
use serde::Serialize;
use std::cmp::Ordering;
use time::OffsetDateTime;

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
        (Ordering::Less, _) | (_, Some(Outcome::Succeeded)) => "done",
        (Ordering::Greater, _) => "todo",
        (Ordering::Equal, None) => "current",
        (Ordering::Equal, Some(Outcome::Cancelled)) => "cancelled",
        (Ordering::Equal, Some(_)) => "failed",
    }
}

/// A deployment as listed on the page.
#[derive(Debug, Serialize)]
pub struct Deployment {
    id: String,
    when: Time,
    who: String,
    commit: Option<String>,
    commit_page: Option<String>,
    /// Whether its image was built anew.
    rebuilt: bool,
    pub outcome: &'static str,
    pub duration: Time,
    /// How far it had come when it was cancelled.
    ended: Option<&'static str>,
    pub reason: Option<String>,
    /// The log lines before the error, or the container's own last ones.
    pub lines: Option<String>,
    /// What they are.
    pub lines_title: &'static str,
    /// Whether its calls are kept.
    kept: bool,
}

fn ended(row: &DeploymentRow) -> Option<&'static str> {
    let before = match row.stage.cmp(&Stage::Build) {
        Ordering::Less => "before the build",
        Ordering::Equal => "during the build",
        Ordering::Greater => "after the build",
    };
    (row.outcome == Some(Outcome::Cancelled)).then_some(before)
}

impl Deployment {
    pub fn new(app: &App, row: &DeploymentRow) -> Self {
        let now = row.now;
        let (repository, _) = sources::of(app, row.source_repository.as_deref(), None);
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
            commit_page: row
                .commit_sha
                .as_ref()
                .and_then(|sha| commit_page(repository, sha)),
            rebuilt: row.rebuild,
            outcome: row.outcome.map_or("moving", Outcome::word),
            duration: Time::duration(row.created_at, row.finished_at, now),
            reason: row.reason.clone().or_else(|| row.note.clone()),
            ended: ended(row),
            lines: row.reason_lines.clone(),
            kept: row.calls_kept,
            lines_title: lines_title(row),
        }
    }
}

/// What is new in the branch since an environment was deployed.
#[derive(Debug, Serialize)]
pub struct Update {
    commit: String,
    commit_page: Option<String>,
    titles: Vec<String>,
}

impl Update {
    /// What is new for the owner's environment, while it runs.
    pub async fn of(
        app: &App,
        owner: UserId,
        row: &EnvironmentRow,
    ) -> Result<Option<Self>, sqlx::Error> {
        if row.status != Status::Running {
            return Ok(None);
        }
        let found = updates::of(app, owner, row.id.into()).await?;
        let (repository, _) = sources::of(app, row.source_repository.as_deref(), None);
        Ok(found.map(|update| Self {
            commit_page: commit_page(repository, &update.commit),
            commit: update.commit.chars().take(7).collect(),
            titles: update.titles,
        }))
    }
}

/// The lines around the cause of a failure.
#[derive(Debug, Serialize)]
pub struct Cause {
    title: &'static str,
    lines: String,
}

impl Cause {
    /// Those of the newest deployment, while its failure is what the page is about.
    pub fn new(row: &EnvironmentRow, deployments: &[DeploymentRow]) -> Option<Self> {
        let newest = deployments
            .first()
            .filter(|_| row.status == Status::Error)?;
        let lines = newest
            .reason_lines
            .clone()
            .filter(|_| newest.reason == row.reason)?;
        Some(Self {
            title: lines_title(newest),
            lines,
        })
    }
}

fn lines_title(row: &DeploymentRow) -> &'static str {
    if row.stage < Stage::Start {
        "What the log said before that"
    } else {
        "The last lines of the container\u{2019}s own log"
    }
}
