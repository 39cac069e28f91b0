//! The sweep: finds rows that should have a job but have neither a job nor a lease, and enqueues one.

use super::calls::Cost;
use super::{audit, jobs};
use crate::app::App;
use crate::domain::status::Status;
use crate::queue::{self, Job};
use crate::store::watches::{self, Stuck};
use crate::store::{self, api_requests, sessions};
use std::collections::HashSet;
use std::time::Duration;
use uuid::Uuid;

/// A rough cost of a deployment's step.
const CALLS: u32 = 3;
/// How many rows are read at once.
const PAGE: i64 = 1_000;

/// Enqueues a job for every stuck row. If two sweeps run at once, the newer job supersedes the older.
pub async fn sweep(app: &App) -> sqlx::Result<()> {
    let exhausted = queue::delete_exhausted(&app.pool).await?;
    if exhausted > 0 {
        tracing::warn!(
            jobs = exhausted,
            "jobs had used up their attempts and are asked for again"
        );
    }
    sessions::delete_expired(&app.pool).await?;
    api_requests::delete_old(&app.pool).await?;
    let resumed = watches::resume(&app.pool).await?;
    if resumed > 0 {
        tracing::warn!(rows = resumed, "nobody looked at environments that run");
    }
    let mut last = Uuid::nil();
    loop {
        let stuck = watches::stuck(&app.pool, last, PAGE).await?;
        let Some(row) = stuck.last() else {
            return audit::delete_old(app).await;
        };
        last = row.environment_id;
        let asked = queue::asked(&app.pool).await?;
        for row in stuck.iter().filter(|row| !has_job(row, &asked)) {
            // It may have been deleted meanwhile: the others are asked for all the same.
            if let Err(error) = ask(app, row).await {
                tracing::warn!(environment = %row.environment_id, %error, "work not asked for");
            }
        }
    }
}

fn has_job(row: &Stuck, asked: &HashSet<Job>) -> bool {
    let remove = Job::Remove(row.environment_id.into(), row.job);
    let advance = |id: Uuid| Job::Advance(id.into(), row.job);
    asked.contains(&remove)
        || row
            .deployment_id
            .is_some_and(|id| asked.contains(&advance(id)))
}

async fn ask(app: &App, row: &Stuck) -> sqlx::Result<()> {
    let environment = row.environment_id.into();
    tracing::info!(%environment, status = row.status.word(), "nobody had this work, it is asked for again");
    let mut tx = store::begin(&app.pool).await?;
    match row.deployment_id {
        Some(id) if row.status == Status::Deploying => {
            let cost = Cost::deployment(CALLS);
            jobs::advance(app, &mut tx, environment, id.into(), cost, Duration::ZERO).await?;
        }
        _ => jobs::remove(app, &mut tx, environment, Duration::ZERO).await?,
    }
    tx.commit().await
}
