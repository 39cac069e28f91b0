//! How a deployment ends, and an environment.

use crate::app::App;
use crate::domain::deployment::Outcome;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::{Event, Status};
use crate::store::turns::Before;
use crate::store::watches::{self, Kind};
use crate::store::{deployments, environments};
use sqlx::PgConnection;
use std::time::Duration;

/// Why a deployment failed: a sentence, and the lines of the log before it.
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

/// The deployment failed, and the environment with it, unless what was there before is seen to answer.
pub async fn fail(
    tx: &mut PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
    failure: &Failure,
) -> sqlx::Result<()> {
    let (sentence, lines) = (&failure.sentence, failure.lines.as_deref());
    tracing::info!(%environment, deployment = %id, reason = sentence, "deployment failed");
    deployments::finish(tx, id, Outcome::Failed, Some(sentence), lines).await?;
    set(tx, environment, Event::Failed, Some(sentence)).await?;
    watches::stop(tx, environment).await?;
    watches::watch_application(tx, environment, Duration::ZERO).await
}

/// The deployment was cancelled at Coolify. What was there before may still run.
pub async fn cancel(
    tx: &mut PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
    running: bool,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, "deployment cancelled");
    let reason = Some("The deployment was cancelled.");
    deployments::finish(tx, id, Outcome::Cancelled, reason, None).await?;
    let event = if running {
        Event::CancelledWhileRunning
    } else {
        Event::Cancelled
    };
    set(tx, environment, event, None).await?;
    watches::stop(tx, environment).await?;
    watches::watch_application(tx, environment, Duration::ZERO).await
}

/// A deployment that waits for its turn ends: the environment is again what it was.
pub async fn withdraw(
    tx: &mut PgConnection,
    environment: EnvironmentId,
    before: &Before,
    (outcome, reason): (Outcome, &str),
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %before.id, reason, "deployment withdrawn");
    deployments::finish(tx, before.id, outcome, Some(reason), None).await?;
    let event = match before.status {
        Status::Running => Event::CancelledWhileRunning,
        Status::Error => Event::Failed,
        _ => Event::Cancelled,
    };
    set(tx, environment, event, before.reason.as_deref()).await?;
    watches::watch_application(tx, environment, Duration::ZERO).await
}

/// It answers: the deployment succeeded.
pub async fn succeed(
    app: &App,
    tx: &mut PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, "environment runs");
    deployments::finish(tx, id, Outcome::Succeeded, None, None).await?;
    set(tx, environment, Event::Answered, None).await?;
    watches::confirm(tx, environment).await?;
    watches::watch(tx, environment, Kind::Settled, app.pace.recheck).await
}

/// Coolify has nothing of the environment any more: its row leaves.
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
