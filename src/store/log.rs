//! Coolify's deployment logs, one row per entry.

use crate::domain::deployment::LogEntry;
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// The maximum number of stored entries per deployment; beyond that, all but the last ones are dropped.
const ENTRIES_LIMIT: usize = 20_000;

/// An entry and its position.
#[derive(Debug)]
pub struct Line {
    pub position: i32,
    pub output: String,
    pub hidden: bool,
    pub error: bool,
}

/// Adds the entries that are not stored yet. Coolify rewrites the whole list as it grows, so positions are stable.
pub async fn append(
    pool: &PgPool,
    deployment: DeploymentId,
    entries: &[LogEntry],
) -> sqlx::Result<()> {
    let kept = sqlx::query_scalar!(
        r#"select coalesce(max(position) + 1, 0) as "kept!" from deployment_log where deployment_id = $1"#,
        deployment.uuid()
    );
    let kept = usize::try_from(kept.fetch_one(pool).await?).unwrap_or(0);
    let new = entries.iter().take(ENTRIES_LIMIT).enumerate().skip(kept);
    let (mut positions, mut outputs, mut hidden, mut errors) = (vec![], vec![], vec![], vec![]);
    for (position, entry) in new {
        positions.push(i32::try_from(position).unwrap_or(i32::MAX));
        outputs.push(entry.output.clone());
        hidden.push(entry.hidden);
        errors.push(entry.error);
    }
    if positions.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into deployment_log (deployment_id, position, output, hidden, error)
         select d.id, new.*
         from unnest($2::int[], $3::text[], $4::bool[], $5::bool[]) as new
         join deployments d on d.id = $1
         on conflict do nothing",
        deployment.uuid(),
        &positions,
        &outputs,
        &hidden,
        &errors
    )
    .execute(pool)
    .await
    .map(drop)
}

/// The entries of a deployment of the owner's environment from a position on; of the newest deployment if none is
/// given.
pub async fn lines(
    pool: &PgPool,
    owner: UserId,
    environment: EnvironmentId,
    deployment: Uuid,
    from: i32,
) -> sqlx::Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        "select l.position, l.output, l.hidden, l.error
         from deployment_log l
         join deployments d on d.id = l.deployment_id
         join environments e on e.id = d.environment_id
         where l.deployment_id = $1
         and d.environment_id = $2
         and e.owner_id = $3
         and l.position >= $4
         order by l.position",
        deployment,
        environment.uuid(),
        owner.uuid(),
        from
    )
    .fetch_all(pool)
    .await
}

/// A log that is due to be fetched.
#[derive(Debug)]
pub struct Due {
    pub id: Uuid,
    pub deployment_uuid: String,
}

/// Claims the logs that are due, the longest overdue first; each is due again after `again`.
pub async fn claim(pool: &PgPool, most: i64, again: Duration) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"update deployments d
           set log_at = case
                 when d.finished_at + interval '1 minute' > now() or d.finished_at is null
                   then now() + $2::float8 * interval '1 second'
               end
           from (
             select id
             from deployments
             where log_at <= now()
             and deployment_uuid is not null
             order by log_at
             limit $1
             for update skip locked
           ) due
           where d.id = due.id
           returning d.id, d.deployment_uuid as "deployment_uuid!""#,
        most,
        again.as_secs_f64()
    )
    .fetch_all(pool)
    .await
}

/// Records the result of a fetch: whether the token may not read the log, and the commit. If the build ended long
/// enough ago for its last lines to have arrived, the log is complete and is not fetched again.
pub async fn fetched(
    pool: &PgPool,
    deployment: DeploymentId,
    missing: bool,
    commit: Option<&str>,
    trailing: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set log_missing = $2,
             commit_sha = coalesce($3, commit_sha),
             log_at = case
               when build_ended_at + $4::float8 * interval '1 second' <= now() then null
               when finished_at + interval '1 minute' <= now() then null
               else log_at
             end
         where id = $1",
        deployment.uuid(),
        missing,
        commit,
        trailing.as_secs_f64()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Stops fetching a log that is no longer available.
pub async fn give_up(pool: &PgPool, deployment: DeploymentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments set log_at = null where id = $1",
        deployment.uuid()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// The last stored entries of a deployment.
pub async fn entries(pool: &PgPool, deployment: DeploymentId) -> sqlx::Result<Vec<LogEntry>> {
    sqlx::query_as!(
        LogEntry,
        "select output, hidden, error
         from (
           select position, output, hidden, error
           from deployment_log
           where deployment_id = $1
           order by position desc
           limit 1000
         ) last
         order by position",
        deployment.uuid()
    )
    .fetch_all(pool)
    .await
}
