//! Writing what a look led to: if the claim is still ours, in one transaction that gives it back.

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

/// A claimed row, locked, its claim given back by the commit.
pub struct Writing {
    pub tx: Tx,
    held: Held,
}

impl Writing {
    /// Locks the row; `None` when the claim was lost, or the status is another one by now.
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

    /// Writes it, and asks again for the job that found the claim taken.
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

/// Nothing has changed: gives the claims back and says when they are looked at again.
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
    let Some(id) = due.deployment_id.map(Into::into) else {
        return Ok(());
    };
    if status == Status::Deploying && deployments::is_cancel_requested(tx, id).await? {
        watches::stop(tx, environment).await?;
        jobs::advance(app, tx, environment, id, Cost::CANCEL, Duration::ZERO).await?;
    }
    Ok(())
}
