//! The rows that wait to be looked at, and the rows that nobody takes care of.

use crate::domain::deployment::Stage;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A row that is due, claimed by its `looks`: who claims it later makes this claim void.
#[derive(Debug, Clone)]
pub struct Due {
    pub environment_id: Uuid,
    pub fence: i64,
    pub looks: i32,
    pub missed: i32,
    pub status: Status,
    pub subdomain: String,
    pub application_uuid: Option<String>,
    pub removal_requested_at: Option<OffsetDateTime>,
    pub reason: Option<String>,
    pub deployment_id: Option<Uuid>,
    pub stage: Option<Stage>,
    pub stage_since: Option<OffsetDateTime>,
    pub deadline: Option<OffsetDateTime>,
    pub note: Option<String>,
    pub deployment_uuid: Option<String>,
    pub build_ended_at: Option<OffsetDateTime>,
    pub now: OffsetDateTime,
}

/// Which rows are looked at together: those that move are not kept waiting by many that do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Deploying or deleting.
    Moving,
    /// Running, or lost after it ran.
    Settled,
}

/// Claims rows whose look is due. A claim that is not answered is due again after `again`.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    pool: &PgPool,
    kind: Kind,
    most: i64,
    again: Duration,
) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"with due as (
             select id
             from environments
             where look_at <= now()
             and (status in ('deploying', 'deleting')) = $3
             order by look_at
             limit $1
             for no key update skip locked
           ), claimed as (
             update environments e
             set look_at = now() + $2::float8 * interval '1 second',
                 looks = e.looks + 1
             from due
             where e.id = due.id
             returning e.*
           )
           select
             c.id as "environment_id!", c.fence as "fence!", c.looks as "looks!", c.missed as "missed!",
             c.status as "status!: Status", c.subdomain as "subdomain!", c.application_uuid,
             c.removal_requested_at, c.reason,
             d.id as "deployment_id?", d.stage as "stage?: Stage", d.stage_since as "stage_since?", d.deadline as "deadline?",
             d.note as "note?", d.deployment_uuid as "deployment_uuid?", d.build_ended_at as "build_ended_at?",
             now() as "now!"
           from claimed c
           left join deployments d on d.environment_id = c.id and d.finished_at is null"#,
        most,
        again.as_secs_f64(),
        kind == Kind::Moving
    )
    .fetch_all(pool)
    .await
}

/// When rows are looked at again that have not changed.
#[derive(Debug, Default)]
pub struct Again {
    environments: Vec<Uuid>,
    fences: Vec<i64>,
    looks: Vec<i32>,
    seconds: Vec<f64>,
    seen: Vec<bool>,
    missed: Vec<i32>,
}

impl Again {
    /// Adds a row. `seen` says whether its status was confirmed.
    pub fn push(&mut self, due: &Due, after: Duration, seen: bool, missed: i32) {
        self.environments.push(due.environment_id);
        self.fences.push(due.fence);
        self.looks.push(due.looks);
        self.seconds.push(after.as_secs_f64());
        self.seen.push(seen);
        self.missed.push(missed);
    }
}

/// Writes all of them in one statement. Looks fall on whole multiples of their interval, so that rows come due together and one
/// look serves them all, whichever process claims them.
///
/// # Errors
/// When the database fails.
pub async fn again(pool: &PgPool, again: &Again) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments e
         set look_at = case
               when new.seconds < 1 then now() + new.seconds * interval '1 second'
               else date_bin(new.seconds * interval '1 second', now(), 'epoch') + new.seconds * interval '1 second'
             end,
             checked_at = case when new.seen then now() else e.checked_at end,
             missed = new.missed
         from unnest($1::uuid[], $2::bigint[], $3::int[], $4::float8[], $5::bool[], $6::int[])
           as new (id, fence, looks, seconds, seen, missed)
         where e.id = new.id
         and e.fence = new.fence
         and e.looks = new.looks",
        &again.environments,
        &again.fences,
        &again.looks,
        &again.seconds,
        &again.seen,
        &again.missed
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Locks a claimed row to write what was judged; `None` when the claim is void by now.
///
/// # Errors
/// When the database fails.
pub async fn confirm(conn: &mut PgConnection, due: &Due) -> sqlx::Result<Option<Status>> {
    sqlx::query_scalar!(
        r#"select status as "status: Status"
           from environments
           where id = $1
           and fence = $2
           and looks = $3
           for update"#,
        due.environment_id,
        due.fence,
        due.looks
    )
    .fetch_optional(conn)
    .await
}

/// When the row is looked at next; `None` when a job has it from now on. Its status was confirmed just now. The looks are
/// counted anew, so the fence makes claims from before void.
///
/// # Errors
/// When the database fails.
pub async fn next(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    after: Option<Duration>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set look_at = now() + $2::float8 * interval '1 second',
             looks = 0,
             fence = fence + 1,
             missed = 0,
             checked_at = now()
         where id = $1",
        environment.uuid(),
        after.map(|after| after.as_secs_f64())
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What a deployment waits for, for people.
///
/// # Errors
/// When the database fails.
pub async fn note(
    conn: &mut PgConnection,
    id: DeploymentId,
    note: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments set note = $2 where id = $1",
        id.uuid(),
        note
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Why a removal takes long, for people.
///
/// # Errors
/// When the database fails.
pub async fn explain(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set reason = $2, version = version + 1
         where id = $1",
        environment.uuid(),
        reason
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes when the build was first seen to have ended; its last log lines are fetched after that.
///
/// # Errors
/// When the database fails.
pub async fn build_ended(
    conn: &mut PgConnection,
    id: DeploymentId,
    trailing: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set build_ended_at = coalesce(build_ended_at, now()),
             log_at = now() + $2::float8 * interval '1 second'
         where id = $1",
        id.uuid(),
        trailing.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A row that moves although nobody has it: no lease, and no look or one that will not see that it is to be cancelled.
#[derive(Debug)]
pub struct Stray {
    pub environment_id: Uuid,
    pub status: Status,
    pub deployment_id: Option<Uuid>,
}

/// The rows that should have a job.
///
/// # Errors
/// When the database fails.
pub async fn strays(pool: &PgPool) -> sqlx::Result<Vec<Stray>> {
    sqlx::query_as!(
        Stray,
        r#"select e.id as environment_id, e.status as "status: Status", d.id as "deployment_id?"
           from environments e
           left join deployments d on d.environment_id = e.id and d.finished_at is null
           where e.status in ('deploying', 'deleting')
           and (e.look_at is null or d.cancel_requested_at is not null)
           and (e.leased_until is null or e.leased_until <= now())"#
    )
    .fetch_all(pool)
    .await
}
