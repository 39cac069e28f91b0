//! Asking for a step: its calls to Coolify are reserved first, and its job asks for itself when they may begin.

use super::calls::Cost;
use crate::app::App;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::queue::{self, Job};
use crate::store::claims;
use sqlx::PgConnection;
use std::time::Duration;

/// Asks for the next step of a deployment, `after` at the earliest. Every job that was asked for before is void.
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

/// Asks for the next step of a removal, `after` at the earliest. Every job that was asked for before is void.
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

/// When the calls may begin.
async fn when(app: &App, cost: Cost, after: Duration) -> Duration {
    if cost.calls == 0 {
        return after;
    }
    app.calls.reserve(cost.lane, cost.calls, after).await
}
