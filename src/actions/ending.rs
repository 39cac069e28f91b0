//! Ends deployments and environments.

use crate::app::App;
use crate::domain::deployment::Outcome;
use crate::domain::event::EventKind;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::judge::VANISHED;
use crate::domain::status::{Event, Status};
use crate::store::events::{self, Told};
use crate::store::turns::Before;
use crate::store::watches::{self, Kind};
use crate::store::{deployments, environments};
use sqlx::PgConnection;
use std::time::Duration;

/// Why a deployment failed: a sentence, and the log lines before the error.
#[derive(Debug, Clone, Default)]
pub struct Failure {
    pub sentence: String,
    pub lines: Option<String>,
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self {
            sentence,
            lines: None,
        }
    }
}

/// Ends a deployment, and counts it. One whose transaction is rolled back is counted again when it really ends: that is rare,
/// and nothing but a statistic depends on it.
pub async fn finish(
    app: &App,
    tx: &mut PgConnection,
    id: DeploymentId,
    (outcome, reason): (Outcome, Option<&str>),
    lines: Option<&str>,
) -> sqlx::Result<()> {
    let seconds = deployments::finish(tx, id, outcome, reason, lines).await?;
    if let Some(seconds) = seconds {
        app.metrics.deployment(outcome.word(), seconds);
    }
    Ok(())
}

/// Marks the deployment as failed, and the environment too; the watcher reverts that if the previous container answers.
pub async fn fail(
    app: &App,
    tx: &mut PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
    failure: &Failure,
) -> sqlx::Result<()> {
    let (sentence, lines) = (&failure.sentence, failure.lines.as_deref());
    tracing::info!(%environment, deployment = %id, reason = sentence, "deployment failed");
    finish(app, tx, id, (Outcome::Failed, Some(sentence)), lines).await?;
    set(tx, environment, Event::Failed, Some(sentence)).await?;
    if sentence == VANISHED {
        environments::set_vanished(tx, environment, true).await?;
    }
    watches::stop(tx, environment).await?;
    watches::watch_application(tx, environment, Duration::ZERO).await
}

/// Marks the deployment as cancelled in Coolify. The previous container may still run.
pub async fn cancel(
    app: &App,
    tx: &mut PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
    running: bool,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, "deployment cancelled");
    let reason = Some("The deployment was cancelled.");
    finish(app, tx, id, (Outcome::Cancelled, reason), None).await?;
    let event = if running {
        Event::CancelledWhileRunning
    } else {
        Event::Cancelled
    };
    set(tx, environment, event, None).await?;
    watches::stop(tx, environment).await?;
    watches::watch_application(tx, environment, Duration::ZERO).await
}

/// Ends a deployment that waits for its turn and restores the environment's previous status.
pub async fn withdraw(
    app: &App,
    tx: &mut PgConnection,
    environment: EnvironmentId,
    before: &Before,
    (outcome, reason): (Outcome, &str),
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %before.id, reason, "deployment withdrawn");
    finish(app, tx, before.id, (outcome, Some(reason)), None).await?;
    let event = match before.status {
        Status::Running => Event::CancelledWhileRunning,
        Status::Error => Event::Failed,
        _ => Event::Cancelled,
    };
    set(tx, environment, event, before.reason.as_deref()).await?;
    environments::restore_since(tx, environment, before.id).await?;
    watches::watch_application(tx, environment, Duration::ZERO).await
}

/// The deployment has gone too far to be cancelled; its owner is told, if they wanted that.
pub async fn ignore_cancel(
    tx: &mut PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
) -> sqlx::Result<()> {
    if !deployments::ignore_cancel(tx, id).await? {
        return Ok(());
    }
    let told = Told {
        reason: Some(
            "The build was done before it could be cancelled, so its container took over.",
        ),
        ..Told::default()
    };
    events::add(tx, environment, EventKind::Late, told).await
}

/// Marks the deployment as succeeded, once the environment answers.
pub async fn succeed(
    app: &App,
    tx: &mut PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, "environment runs");
    ignore_cancel(tx, environment, id).await?;
    finish(app, tx, id, (Outcome::Succeeded, None), None).await?;
    set(tx, environment, Event::Answered, None).await?;
    environments::set_vanished(tx, environment, false).await?;
    watches::confirm(tx, environment).await?;
    watches::watch(tx, environment, Kind::Settled, app.pace.recheck).await
}

/// Deletes the row, once Coolify has nothing left of the environment.
pub async fn leave(tx: &mut PgConnection, environment: EnvironmentId) -> sqlx::Result<()> {
    tracing::info!(%environment, "environment removed");
    environments::delete(tx, environment).await
}

async fn set(
    tx: &mut PgConnection,
    environment: EnvironmentId,
    event: Event,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    let status = Status::Deploying.after(event).unwrap_or(Status::Error);
    environments::set_status(tx, environment, status, reason).await
}
