//! Rollouts: all environments that are behind their branch are deployed again, one at a time. They belong to everybody; that
//! only administrators ask is checked by the caller.

use crate::domain::deployment::Outcome;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::source::BuiltFrom;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// The most environments that are listed.
const LIMIT: i64 = 500;

/// An environment that is behind, or that a rollout has deployed or is deploying.
#[derive(Debug, Clone)]
pub struct Behind {
    pub name: String,
    pub owner: String,
    /// What it is built from, if that was chosen.
    pub source_repository: Option<String>,
    pub source_branch: Option<String>,
    pub in_use: bool,
    /// Whether it waits in the rollout.
    pub waits: bool,
}

/// The environments that are behind, those of a rollout first.
pub async fn behind(pool: &PgPool, standard: &BuiltFrom) -> sqlx::Result<Vec<Behind>> {
    sqlx::query_as!(
        Behind,
        r#"select e.name, u.name as owner, e.source_repository, e.source_branch, w.in_use, e.rollout_at is not null as "waits!"
           from behind_source($1, $2) b
           join environments e on e.id = b.environment_id
           join users u on u.id = e.owner_id
           join watches w on w.environment_id = e.id
           where e.status = 'running'
           and not e.vanished
           order by e.rollout_at nulls last, e.name_key
           limit $3"#,
        standard.repository,
        standard.branch,
        LIMIT
    )
    .fetch_all(pool)
    .await
}

/// The last deployment of a rollout.
#[derive(Debug, Clone)]
pub struct Last {
    pub name: String,
    pub owner: String,
    pub outcome: Option<Outcome>,
    pub reason: Option<String>,
    pub at: OffsetDateTime,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// The last deployment that a rollout began.
pub async fn last(pool: &PgPool) -> sqlx::Result<Option<Last>> {
    sqlx::query_as!(
        Last,
        r#"select e.name, u.name as owner, d.outcome as "outcome: Outcome", d.reason, d.created_at as at, now() as "now!"
           from deployments d
           join environments e on e.id = d.environment_id
           join users u on u.id = e.owner_id
           where d.rollout
           order by d.created_at desc
           limit 1"#
    )
    .fetch_optional(pool)
    .await
}

/// Puts all that are behind and that nobody is using into a rollout; returns how many are new in it.
pub async fn begin(
    conn: &mut PgConnection,
    standard: &BuiltFrom,
    by: Option<UserId>,
) -> sqlx::Result<u64> {
    let begun = sqlx::query!(
        "update environments e
         set rollout_at = now(), rollout_by = $3
         from behind_source($1, $2) b
         join watches w on w.environment_id = b.environment_id
         where e.id = b.environment_id
         and e.status = 'running'
         and not e.vanished
         and e.rollout_at is null
         and not w.in_use",
        standard.repository,
        standard.branch,
        by.map(|by| by.uuid())
    );
    Ok(begun.execute(conn).await?.rows_affected())
}

/// Takes all that wait out of the rollout; returns how many.
pub async fn stop(conn: &mut PgConnection) -> sqlx::Result<u64> {
    let stopped = sqlx::query!(
        "update environments
         set rollout_at = null, rollout_by = null
         where rollout_at is not null"
    );
    Ok(stopped.execute(conn).await?.rows_affected())
}

/// Whether anything waits in a rollout. Asked often, and answered by an index.
pub async fn waits(pool: &PgPool) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from environments where rollout_at is not null) as "waits!""#
    )
    .fetch_one(pool)
    .await
}

/// What the rollout does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// One is being deployed, or another process decides.
    Wait,
    /// The last one failed.
    Failed,
    Next,
}

/// Locks the rollout until the transaction ends, and looks at its last deployment since the first of those that wait was
/// put into it.
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<Turn> {
    // The only row of branch_head is the lock of rollouts, in the former version, too. Nothing else here uses that table.
    let locked = sqlx::query_scalar!("select id from branch_head for update skip locked");
    if locked.fetch_optional(&mut *conn).await?.is_none() {
        return Ok(Turn::Wait);
    }
    let last = sqlx::query!(
        r#"select d.finished_at is null as "moves!", coalesce(d.outcome = 'failed', false) as "failed!"
           from deployments d
           where d.rollout
           and d.created_at >= (select min(rollout_at) from environments)
           order by d.created_at desc
           limit 1"#
    );
    let last = last.fetch_optional(conn).await?;
    Ok(match last {
        Some(last) if last.moves => Turn::Wait,
        Some(last) if last.failed => Turn::Failed,
        _ => Turn::Next,
    })
}

/// An environment whose turn in the rollout has come.
#[derive(Debug, Clone, Copy)]
pub struct Next {
    pub id: Uuid,
    pub owner_id: Uuid,
    pub by: Option<Uuid>,
}

/// Takes the next one out of the rollout, and drops those that are no longer behind. One that is in use keeps waiting.
pub async fn next(conn: &mut PgConnection, standard: &BuiltFrom) -> sqlx::Result<Option<Next>> {
    sqlx::query!(
        "update environments
         set rollout_at = null, rollout_by = null
         where rollout_at is not null
         and (
           status <> 'running'
           or vanished
           or id not in (select environment_id from behind_source($1, $2))
         )",
        standard.repository,
        standard.branch
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_as!(
        Next,
        r#"with next as (
             select e.id, e.rollout_by
             from environments e
             join watches w on w.environment_id = e.id
             where e.rollout_at is not null
             and not w.in_use
             order by e.rollout_at, e.name_key
             limit 1
             for update of e skip locked
           )
           update environments e
           set rollout_at = null, rollout_by = null
           from next
           where e.id = next.id
           returning e.id, e.owner_id, next.rollout_by as "by?""#
    )
    .fetch_optional(conn)
    .await
}

impl Next {
    /// The environment.
    pub fn environment(&self) -> EnvironmentId {
        self.id.into()
    }
}
