//! Deployments that wait for their turn. The scheduler locks the only row of `turns` first, then environments with
//! `skip locked`, so that no deadlock is possible.

use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// The number of turns: how many there are, and how many are taken.
#[derive(Debug, Clone, Copy)]
pub struct Slots {
    pub capacity: i32,
    /// Deployments requested from Coolify or being built there.
    pub under_way: i64,
    pub is_closed: bool,
}

/// Locks the scheduler's row; `None` while another process holds it.
pub async fn lock(conn: &mut PgConnection) -> sqlx::Result<Option<Slots>> {
    let locked = sqlx::query!(
        r#"select capacity, coalesce(closed_until > now(), false) as "is_closed!"
           from turns
           for update skip locked"#
    );
    let Some(locked) = locked.fetch_optional(&mut *conn).await? else {
        return Ok(None);
    };
    let under_way = sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from deployments
           where finished_at is null
           and turn_at is not null
           and stage in ('requested', 'application', 'settings', 'build')"#
    );
    Ok(Some(Slots {
        capacity: locked.capacity,
        under_way: under_way.fetch_one(conn).await?,
        is_closed: locked.is_closed,
    }))
}

/// A deployment that gets its turn.
#[derive(Debug, Clone)]
pub struct Turn {
    pub id: Uuid,
    pub environment_id: Uuid,
    pub application_uuid: Option<String>,
    pub application_asked: bool,
}

/// Gives the next turn to the deployment that was moved up last, or to the oldest one of the user whose last turn is longest
/// ago. The deadline starts.
pub async fn give(conn: &mut PgConnection, deadline: Duration) -> sqlx::Result<Option<Turn>> {
    sqlx::query_as!(
        Turn,
        r#"with next as (
             select d.id, e.id as environment_id, e.owner_id, e.application_uuid, e.application_asked
             from deployments d
             join environments e on e.id = d.environment_id
             join users u on u.id = e.owner_id
             where d.turn_at is null
             and d.finished_at is null
             and e.status = 'deploying'
             order by d.moved_up_at desc nulls last, u.turn_at nulls first, d.created_at, d.id
             limit 1
             for update of e skip locked
           ), person as (
             update users
             set turn_at = clock_timestamp()
             where id = (select owner_id from next)
           ), given as (
             update deployments d
             set turn_at = now(),
                 ahead = null,
                 deadline = now() + $1::float8 * interval '1 second'
             from next
             where d.id = next.id
           )
           select id, environment_id, application_uuid, application_asked
           from next"#,
        deadline.as_secs_f64()
    )
    .fetch_optional(conn)
    .await
}

/// Updates the position of every waiting deployment; returns the environments whose position changed.
pub async fn number(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        r#"with changed as (
             select line.*
             from waiting_line line
             join deployments d on d.id = line.id
             where d.ahead is distinct from line.ahead
           ), free as (
             select id from environments
             where id in (select environment_id from changed)
             for update skip locked
           ), numbered as (
             update deployments d
             set ahead = changed.ahead
             from changed
             where d.id = changed.id
             and changed.environment_id in (select id from free)
           )
           update environments e
           set version = version + 1
           from free
           where e.id = free.id"#
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The environments whose deployments have waited too long, locked.
pub async fn expired(conn: &mut PgConnection) -> sqlx::Result<Vec<EnvironmentId>> {
    let expired = sqlx::query_scalar!(
        "select d.environment_id
         from deployments d
         join environments e on e.id = d.environment_id
         where d.turn_at is null
         and d.finished_at is null
         and d.deadline < now()
         and e.status = 'deploying'
         limit 100
         for update of e skip locked"
    );
    let expired = expired.fetch_all(conn).await?;
    Ok(expired.into_iter().map(EnvironmentId::from).collect())
}

/// Stops giving turns for this long.
pub async fn close(conn: &mut PgConnection, pause: Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "update turns
         set closed_until = greatest(closed_until, now() + $1::float8 * interval '1 second')",
        pause.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Claims reading Coolify's build limits; `false` when another process did so recently.
pub async fn claim_reading(pool: &PgPool, every: Duration) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "update turns
         set read_at = now()
         where read_at is null
         or read_at < now() - $1::float8 * interval '1 second'",
        every.as_secs_f64()
    );
    Ok(claimed.execute(pool).await?.rows_affected() == 1)
}

/// Sets how many deployments may run at once.
pub async fn set_capacity(pool: &PgPool, capacity: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "update turns set capacity = $1 where capacity <> $1",
        capacity
    )
    .execute(pool)
    .await
    .map(drop)
}

/// The previous state of a waiting deployment's environment.
#[derive(Debug, Clone)]
pub struct Before {
    pub id: DeploymentId,
    pub status: Status,
    pub reason: Option<String>,
}

/// The deployment of an environment that waits for its turn, if any; the environment must be locked.
pub async fn waiting(
    conn: &mut PgConnection,
    environment: EnvironmentId,
) -> sqlx::Result<Option<Before>> {
    let found = sqlx::query!(
        r#"select id, status_before as "status: Status", reason_before
           from deployments
           where environment_id = $1
           and turn_at is null
           and finished_at is null"#,
        environment.uuid()
    );
    let found = found.fetch_optional(conn).await?;
    Ok(found.map(|row| Before {
        id: row.id.into(),
        status: row.status,
        reason: row.reason_before,
    }))
}
