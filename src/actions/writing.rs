//! Writes the result of a poll in one transaction that also releases the claim, provided that we still hold it.

use super::jobs;
use crate::app::App;
use crate::crash;
use crate::domain::status::Status;
use crate::store::claims::{self, Held};
use crate::store::watches::{self, Again, Due};
use crate::store::{self, Tx};
use std::time::Duration;

/// A claimed and locked row; committing releases the claim.
pub struct Writing {
    pub tx: Tx,
    held: Held,
}

impl Writing {
    /// Locks the row; `None` when the claim was lost or the status has changed.
    pub async fn begin(app: &App, due: &Due, expected: Status) -> sqlx::Result<Option<Self>> {
        let mut tx = store::begin(&app.pool).await?;
        let Some(held) = claims::lock(&mut tx, due.claim()).await? else {
            return Ok(None);
        };
        claims::give_back(&mut tx, due.claim(), true).await?;
        let mut writing = Self { tx, held };
        if held.status == expected {
            return Ok(Some(writing));
        }
        watches::stop(&mut writing.tx, due.environment_id.into()).await?;
        writing.commit(app, due).await?;
        Ok(None)
    }

    /// Commits, and enqueues again a newer job that left because the claim was taken.
    pub async fn commit(mut self, app: &App, due: &Due) -> sqlx::Result<()> {
        if self.held.has_newer_job {
            jobs::ask_again(app, &mut self.tx, due.claim(), self.held, due.deployment_id).await?;
        }
        crash::point("verdict.before");
        self.tx.commit().await?;
        crash::point("verdict.after");
        Ok(())
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
            let mut tx = store::begin(&app.pool).await?;
            if let Some(held) = claims::lock(&mut tx, due.claim()).await? {
                jobs::ask_again(app, &mut tx, due.claim(), held, due.deployment_id).await?;
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
