//! Writes the result of a poll in one transaction that also releases the claim, provided that we still hold it.

use super::calls::Cost;
use super::{jobs, known};
use crate::app::App;
use crate::crash;
use crate::domain::status::Status;
use crate::store::claims::{self, Held};
use crate::store::watches::{self, Again, Due};
use crate::store::{Tx, deployments};
use sqlx::PgConnection;
use std::time::Duration;

/// A claimed and locked row; committing releases the claim.
pub struct Writing {
    pub tx: Tx,
    held: Held,
}

impl Writing {
    /// Locks the row; `None` when the claim was lost or the status has changed.
    pub async fn begin(app: &App, due: &Due, expected: Status) -> sqlx::Result<Option<Self>> {
        let mut tx = app.pool.begin().await?;
        let Some(held) = claims::lock(&mut tx, due.claim()).await? else {
            return Ok(None);
        };
        claims::give_back(&mut tx, due.claim(), true).await?;
        let writing = Self { tx, held };
        if held.status == expected {
            return Ok(Some(writing));
        }
        let mut writing = writing;
        watches::stop(&mut writing.tx, due.environment_id.into()).await?;
        writing.commit(app, due).await?;
        Ok(None)
    }

    /// Commits, and enqueues again a newer job that left because the claim was taken.
    pub async fn commit(mut self, app: &App, due: &Due) -> sqlx::Result<()> {
        if self.held.has_newer_job {
            ask_again(app, &mut self.tx, due, self.held.status).await?;
        }
        crash::point("verdict.before");
        self.tx.commit().await?;
        crash::point("verdict.after");
        known::update(app, due.environment_id.into())
            .await
            .map(drop)
    }
}

/// Nothing changed: releases the claims and schedules the next polls.
pub async fn again(app: &App, rows: &[Due], again: &Again) -> sqlx::Result<()> {
    crash::point("again.before");
    let newer = watches::again(&app.pool, again).await?;
    crash::point("again.after");
    for environment in newer {
        let row = rows
            .iter()
            .find(|row| row.environment_id == environment.uuid());
        if let Some(due) = row {
            let mut tx = app.pool.begin().await?;
            if let Some(held) = claims::lock(&mut tx, due.claim()).await? {
                ask_again(app, &mut tx, due, held.status).await?;
                tx.commit().await?;
            }
        }
    }
    Ok(())
}

/// The same for one row.
pub async fn again_one(
    app: &App,
    due: Due,
    after: Duration,
    seen: bool,
    missed: i32,
) -> sqlx::Result<()> {
    let one = Again::one(&due, after, seen, missed);
    again(app, &[due], &one).await
}

async fn ask_again(
    app: &App,
    tx: &mut PgConnection,
    due: &Due,
    status: Status,
) -> sqlx::Result<()> {
    let environment = due.environment_id.into();
    if status == Status::Deleting {
        watches::stop(tx, environment).await?;
        return jobs::remove(app, tx, environment, Duration::ZERO).await;
    }
    let Some(under_way) = deployments::under_way(tx, environment).await? else {
        return Ok(());
    };
    let is_another = due.deployment_id != Some(under_way.id.uuid());
    if status == Status::Deploying && (under_way.cancel_requested || is_another) {
        let cost = if under_way.cancel_requested {
            Cost::CANCEL
        } else {
            Cost::deployment(2)
        };
        watches::stop(tx, environment).await?;
        jobs::advance(app, tx, environment, under_way.id, cost, Duration::ZERO).await?;
    }
    Ok(())
}
