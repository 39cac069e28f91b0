//! When the worker has something to do next, asked in one statement: a system in which nothing happens costs PostgreSQL
//! next to nothing.

use sqlx::PgPool;

/// The seconds until work of each kind is due; negative when it is overdue, `None` when there is none.
#[derive(Debug, Default)]
pub struct Upcoming {
    pub deployment: Option<f64>,
    pub removal: Option<f64>,
    pub settled: Option<f64>,
    pub log: Option<f64>,
    /// Whether a deployment waits for its turn.
    pub waiting: bool,
    /// Whether any environment is being deployed or deleted.
    pub moves: bool,
}

/// Reads when work is due. A claimed row is not: its holder decides when it is polled next.
pub async fn upcoming(pool: &PgPool) -> sqlx::Result<Upcoming> {
    sqlx::query_as!(
        Upcoming,
        r#"with due as (
             select kind, (
               select extract(epoch from min(due_at) - now())::float8
               from watches
               where watches.kind = kinds.kind
               and due_at is not null
               and (leased_until is null or leased_until <= now())
             ) as seconds
             from unnest(array['deployment', 'removal', 'settled']) kinds (kind)
           )
           select
             (select seconds from due where kind = 'deployment') as deployment,
             (select seconds from due where kind = 'removal') as removal,
             (select seconds from due where kind = 'settled') as settled,
             (
               select extract(epoch from min(log_at) - now())::float8
               from deployments
               where log_at is not null
               and deployment_uuid is not null
             ) as log,
             exists (select from deployments where turn_at is null and finished_at is null) as "waiting!",
             exists (select from environments where status in ('deploying', 'deleting')) as "moves!""#
    )
    .fetch_one(pool)
    .await
}
