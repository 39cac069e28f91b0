//! Enqueueing a step: reserves its calls to Coolify and schedules its job for when they may begin.

use super::calls::Cost;
use crate::app::App;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::queue::{self, Job};
use crate::store::claims;
use sqlx::PgConnection;
use std::time::Duration;

/// Schedules the next step of a deployment, not before `after`. Supersedes all earlier jobs.
pub async fn advance(
    app: &App,
    tx: &mut PgConnection,
    environment: EnvironmentId,
    deployment: DeploymentId,
    cost: Cost,
    after: Duration,
) -> sqlx::Result<()> {
    let after = when(app, cost, after).await;
    let number = claims::next_job(tx, environment).await?;
    queue::ask(tx, Job::Advance(deployment, number), after).await
}

/// Schedules the next step of a removal, not before `after`. Supersedes all earlier jobs.
pub async fn remove(
    app: &App,
    tx: &mut PgConnection,
    environment: EnvironmentId,
    after: Duration,
) -> sqlx::Result<()> {
    let after = when(app, Cost::REMOVE, after).await;
    let number = claims::next_job(tx, environment).await?;
    queue::ask(tx, Job::Remove(environment, number), after).await
}

/// Reserves calls; returns when they may begin.
async fn when(app: &App, cost: Cost, after: Duration) -> Duration {
    if cost.calls == 0 {
        return after;
    }
    app.calls.reserve(cost.lane, cost.calls, after).await
}
