//! Deployments as programs follow them: how far one is, and how long such deployments take. Every WHERE checks the owner.

use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many deployments are listed at most.
const LIMIT: i64 = 100;

/// How far a deployment is.
#[derive(Debug, Clone)]
pub struct Progress {
    pub id: Uuid,
    pub environment_id: Uuid,
    /// Who requested it, unless they left.
    pub by: Option<String>,
    pub stage: Stage,
    pub outcome: Option<Outcome>,
    /// Why it failed or was cancelled, or what it waits for.
    pub reason: Option<String>,
    pub commit_sha: Option<String>,
    pub rebuild: bool,
    pub cancelling: bool,
    pub requested_at: OffsetDateTime,
    /// When it got its turn.
    pub started_at: Option<OffsetDateTime>,
    pub finished_at: Option<OffsetDateTime>,
    /// How many wait before it, while it waits for its turn.
    pub ahead: Option<i32>,
    /// How long the last ones of the environment took that succeeded and were built in the same way: the median, in seconds.
    pub usual_seconds: Option<f64>,
}

/// Which deployments are read.
#[derive(Debug, Default)]
pub struct Which<'a> {
    pub environments: &'a [Uuid],
    pub only: Option<DeploymentId>,
    /// Only those that have not ended.
    pub moving: bool,
    /// How many at most, if fewer than usual.
    pub most: Option<i64>,
}

/// Deployments of the owner's environments, newest first.
pub async fn list(pool: &PgPool, owner: UserId, which: &Which<'_>) -> sqlx::Result<Vec<Progress>> {
    sqlx::query_as!(
        Progress,
        r#"select d.id, d.environment_id, u.name as "by?", d.stage as "stage: Stage", d.outcome as "outcome: Outcome",
             coalesce(d.reason, d.note) as reason, d.commit_sha, d.rebuild, d.cancel_requested_at is not null as "cancelling!",
             d.created_at as requested_at, d.turn_at as started_at, d.finished_at,
             case when d.turn_at is null and d.finished_at is null then d.ahead end as ahead,
             (
               select percentile_cont(0.5) within group (order by extract(epoch from last.finished_at - last.turn_at)::float8)
               from (
                 select finished_at, turn_at
                 from deployments
                 where environment_id = d.environment_id
                 and outcome = 'succeeded'
                 and rebuild = d.rebuild
                 and turn_at is not null
                 order by created_at desc
                 limit 5
               ) last
             ) as usual_seconds
           from deployments d
           join environments e on e.id = d.environment_id
           left join users u on u.id = d.requested_by
           where d.environment_id = any($1)
           and e.owner_id = $2
           and ($3::uuid is null or d.id = $3)
           and (not $4 or d.finished_at is null)
           order by d.created_at desc, d.id desc
           limit $5"#,
        which.environments,
        owner.uuid(),
        which.only.map(|id| id.uuid()),
        which.moving,
        which.most.unwrap_or(LIMIT)
    )
    .fetch_all(pool)
    .await
}

/// The environment of a deployment, if it is the owner's.
pub async fn environment(
    pool: &PgPool,
    owner: UserId,
    id: DeploymentId,
) -> sqlx::Result<Option<EnvironmentId>> {
    let found = sqlx::query_scalar!(
        "select d.environment_id
         from deployments d
         join environments e on e.id = d.environment_id
         where d.id = $1
         and e.owner_id = $2",
        id.uuid(),
        owner.uuid()
    );
    let found = found.fetch_optional(pool).await?;
    Ok(found.map(EnvironmentId::from))
}
