//! Enqueueing a step: reserves its calls to Coolify and schedules its job for when they may begin.

use super::calls::Cost;
use crate::app::App;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::Status;
use crate::queue::{self, Job};
use crate::store::claims::{self, Claim, Held};
use crate::store::{deployments, watches};
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

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

/// Enqueues again the newer job that left because the claim was taken. `known` is the deployment the claim was for.
pub async fn ask_again(
    app: &App,
    tx: &mut PgConnection,
    claim: Claim,
    held: Held,
    known: Option<Uuid>,
) -> sqlx::Result<()> {
    let environment = claim.environment;
    if held.status == Status::Deleting {
        watches::stop(tx, environment).await?;
        return remove(app, tx, environment, Duration::ZERO).await;
    }
    let under_way = deployments::under_way(tx, environment).await?;
    let Some(under_way) = under_way.filter(|_| held.status == Status::Deploying) else {
        return Ok(());
    };
    let cost = match under_way.cancel_requested {
        true => Cost::CANCEL,
        false if known == Some(under_way.id.uuid()) => return Ok(()),
        false => Cost::deployment(2),
    };
    watches::stop(tx, environment).await?;
    advance(app, tx, environment, under_way.id, cost, Duration::ZERO).await
}

/// Reserves calls; returns when they may begin.
async fn when(app: &App, cost: Cost, after: Duration) -> Duration {
    if cost.calls == 0 {
        return after;
    }
    app.calls.reserve(cost.lane, cost.calls, after).await
}
