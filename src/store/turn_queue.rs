//! The queue of deployments that wait for their turn, as administrators see it: everybody's. That only administrators ask is
//! checked by the caller.

use crate::domain::id::{DeploymentId, EnvironmentId};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// The most that are listed.
const LIMIT: i64 = 500;

/// A deployment that waits.
#[derive(Debug)]
pub struct Waiting {
    pub id: Uuid,
    pub environment_id: Uuid,
    pub name: String,
    pub owner: String,
    /// How many get their turn before it.
    pub ahead: i64,
    pub moved_up: bool,
    pub rollout: bool,
    pub since: OffsetDateTime,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// Those that wait, the next one first.
pub async fn waiting(pool: &PgPool) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"select d.id, e.id as environment_id, e.name, u.name as owner, l.ahead as "ahead!",
             d.moved_up_at is not null as "moved_up!", d.rollout, d.created_at as since, now() as "now!"
           from waiting_line l
           join deployments d on d.id = l.id
           join environments e on e.id = d.environment_id
           join users u on u.id = e.owner_id
           order by l.ahead
           limit $1"#,
        LIMIT
    )
    .fetch_all(pool)
    .await
}

/// What the queue waits for.
#[derive(Debug)]
pub struct Room {
    /// How many may be under way at once.
    pub capacity: i32,
    pub under_way: i64,
    pub waiting: i64,
    /// Until when no turns are given, because Coolify's own queue was full.
    pub closed_until: Option<OffsetDateTime>,
}

/// Reads what the queue waits for.
pub async fn room(pool: &PgPool) -> sqlx::Result<Room> {
    sqlx::query_as!(
        Room,
        r#"select capacity,
             case when closed_until > now() then closed_until end as closed_until,
             (
               select count(*)
               from deployments
               where finished_at is null
               and turn_at is not null
               and stage in ('requested', 'application', 'settings', 'build')
             ) as "under_way!",
             (
               select count(*)
               from deployments
               where finished_at is null
               and turn_at is null
             ) as "waiting!"
           from turns"#
    )
    .fetch_one(pool)
    .await
}

/// Moves a deployment to the front of the queue; whose it is. `None` when it is there already, or waits no longer.
pub async fn move_up(
    conn: &mut PgConnection,
    id: DeploymentId,
) -> sqlx::Result<Option<(EnvironmentId, String)>> {
    let moved = sqlx::query!(
        "update deployments d
         set moved_up_at = clock_timestamp()
         from environments e
         where d.id = $1
         and e.id = d.environment_id
         and d.turn_at is null
         and d.finished_at is null
         and exists (select from waiting_line l where l.id = d.id and l.ahead > 0)
         returning e.id, e.name",
        id.uuid()
    );
    let moved = moved.fetch_optional(conn).await?;
    Ok(moved.map(|row| (row.id.into(), row.name)))
}
