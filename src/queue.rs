//! The job queue: the kinds of jobs, and enqueueing them inside a transaction. It knows nothing of how they run.

use crate::domain::id::{DeploymentId, EnvironmentId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use sqlxmq::{CurrentJob, JobBuilder};
use std::collections::HashSet;
use std::time::Duration;

/// A job: an id, and a number that counts the jobs of its environment; only the newest has an effect.
/// It may run twice, late, or never: the sweep enqueues lost ones again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Advance the deployment by one step.
    Advance(DeploymentId, i64),
    /// Remove the environment's application.
    Remove(EnvironmentId, i64),
}

/// The redelivery timeout of a job: longer than the claim of its step.
pub const BACKOFF: Duration = Duration::from_secs(25);
/// How often a job is tried after its first time.
pub const RETRIES: i32 = 12;
const NAME: &str = "step";

impl Job {
    /// What it does, in a word.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Advance(..) => "advance",
            Self::Remove(..) => "remove",
        }
    }

    /// Parses a job from the queue; `None` when another version wrote it.
    pub fn of(job: &CurrentJob) -> Option<Self> {
        job.json().ok().flatten()
    }
}

/// Enqueues a job as part of the transaction: it exists only if that commits.
pub async fn ask(conn: &mut PgConnection, job: Job, delay: Duration) -> sqlx::Result<()> {
    JobBuilder::new(NAME)
        .set_json(&job)
        .expect("an id is JSON")
        .set_delay(whole_microseconds(delay))
        .set_retries(RETRIES.unsigned_abs())
        .set_retry_backoff(BACKOFF)
        .spawn(conn)
        .await
        .map(drop)
}

/// PostgreSQL's interval counts microseconds, and sqlx refuses to encode a finer duration.
fn whole_microseconds(delay: Duration) -> Duration {
    Duration::from_micros(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX))
}

/// The jobs that are still to run.
pub async fn asked(pool: &PgPool) -> sqlx::Result<HashSet<Job>> {
    let payloads = sqlx::query_scalar!(
        r#"select p.payload_json as "payload!"
           from mq_payloads p
           join mq_msgs m on m.id = p.id
           where m.attempt_at is not null
           and p.payload_json is not null"#
    );
    let payloads = payloads.fetch_all(pool).await?;
    Ok(payloads
        .into_iter()
        .filter_map(|payload| serde_json::from_value(payload).ok())
        .collect())
}

/// Deletes messages without remaining attempts, which the queue would keep forever. Returns how many.
pub async fn delete_exhausted(pool: &PgPool) -> sqlx::Result<u64> {
    let exhausted = sqlx::query!(
        "with exhausted as (
           delete from mq_msgs
           where attempt_at is null
           and id <> '00000000-0000-0000-0000-000000000000'
           returning id
         )
         delete from mq_payloads
         where id in (select id from exhausted)"
    );
    Ok(exhausted.execute(pool).await?.rows_affected())
}
