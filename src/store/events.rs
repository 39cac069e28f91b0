//! What happened to environments besides their deployments. Every WHERE of a read checks the owner.

use crate::domain::event::EventKind;
use crate::domain::id::{EnvironmentId, UserId};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// An event, as its environment's page tells it.
#[derive(Debug, Clone)]
pub struct EventRow {
    pub kind: EventKind,
    pub at: OffsetDateTime,
    /// Who did it; `None` when it happened by itself.
    pub by: Option<String>,
    pub reason: Option<String>,
    /// The last lines of the container's log, when it stopped.
    pub lines: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// Who did it; `None` when it happened by itself.
    pub by: Option<UserId>,
    pub reason: Option<&'a str>,
    pub lines: Option<&'a str>,
}

/// Adds an event, and forgets all but the environment's last ones.
pub async fn add(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    kind: EventKind,
    told: Told<'_>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with old as (
           delete from environment_events
           where id in (
             select id from environment_events
             where environment_id = $1
             order by id desc
             offset 49
           )
         )
         insert into environment_events (environment_id, kind, user_id, reason, lines)
         values ($1, $2, $3, $4, $5)",
        environment.uuid(),
        kind.word(),
        told.by.map(|by| by.uuid()),
        told.reason,
        told.lines
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The last events of the owner's environment, newest first.
pub async fn list(
    pool: &PgPool,
    owner: UserId,
    environment: EnvironmentId,
) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
        EventRow,
        r#"select v.kind as "kind: EventKind", v.at, u.name as "by?", v.reason, v.lines
           from environment_events v
           join environments e on e.id = v.environment_id
           left join users u on u.id = v.user_id
           where v.environment_id = $1
           and e.owner_id = $2
           order by v.id desc
           limit 20"#,
        environment.uuid(),
        owner.uuid()
    )
    .fetch_all(pool)
    .await
}
