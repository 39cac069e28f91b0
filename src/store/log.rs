//! Coolify's deployment logs, one row per entry: storing them, and when each is fetched. Reading them is in `log_lines`.

use crate::domain::deployment::LogEntry;
use crate::domain::id::DeploymentId;
use crate::domain::log_section::LogSection;
use sqlx::PgPool;
use std::ops::Range;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many entries at the beginning of a log are kept.
const HEAD: i32 = 2_000;
/// How many entries at its end are kept.
const TAIL: i32 = 18_000;

/// Adds the entries that are not stored yet, and removes the middle of a log that is too long. Coolify rewrites the whole
/// list as it grows, so positions are stable.
pub async fn append(
    pool: &PgPool,
    deployment: DeploymentId,
    entries: &[LogEntry],
) -> sqlx::Result<()> {
    let kept = sqlx::query_scalar!(
        r#"select coalesce(max(position) + 1, 0) as "kept!" from deployment_log where deployment_id = $1"#,
        deployment.uuid()
    );
    let kept = kept.fetch_one(pool).await?;
    let new: Vec<_> = with_sections(entries)
        .filter(|(entry, _)| entry.position >= kept)
        .collect();
    let Some((last, _)) = new.last() else {
        return Ok(());
    };
    insert(pool, deployment, &new).await?;
    let end = last.position.saturating_add(1);
    if end > HEAD + TAIL {
        remove(pool, deployment, HEAD..end - TAIL).await?;
    }
    Ok(())
}

/// Each entry with its section.
fn with_sections(entries: &[LogEntry]) -> impl Iterator<Item = (&LogEntry, LogSection)> {
    entries
        .iter()
        .scan(LogSection::Beginning, |section, entry| {
            *section = section.after(&entry.output);
            Some((entry, *section))
        })
}

/// The words that began a section may have been cut from a long log since: then it goes on as it was stored.
async fn insert(
    pool: &PgPool,
    id: DeploymentId,
    entries: &[(&LogEntry, LogSection)],
) -> sqlx::Result<()> {
    let entry = entries.iter().map(|(entry, _)| *entry);
    let positions: Vec<i32> = entry.clone().map(|entry| entry.position).collect();
    let outputs: Vec<String> = entry.clone().map(|entry| entry.output.clone()).collect();
    let hidden: Vec<bool> = entry.clone().map(|entry| entry.hidden).collect();
    let errors: Vec<bool> = entry.clone().map(|entry| entry.error).collect();
    let times: Vec<Option<OffsetDateTime>> = entry.map(|entry| entry.at).collect();
    let sections: Vec<i16> = entries
        .iter()
        .map(|(_, section)| section.number())
        .collect();
    sqlx::query!(
        "insert into deployment_log (deployment_id, position, output, hidden, error, at, section)
         select d.id, new.position, new.output, new.hidden, new.error, new.at,
           greatest(new.section, (select max(section) from deployment_log where deployment_id = d.id))
         from unnest($2::int[], $3::text[], $4::bool[], $5::bool[], $6::timestamptz[], $7::smallint[])
           as new (position, output, hidden, error, at, section)
         join deployments d on d.id = $1 and d.log_kept
         on conflict do nothing",
        id.uuid(),
        &positions,
        &outputs,
        &hidden,
        &errors,
        &times as &[Option<OffsetDateTime>],
        &sections
    )
    .execute(pool)
    .await
    .map(drop)
}

async fn remove(pool: &PgPool, id: DeploymentId, positions: Range<i32>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from deployment_log
         where deployment_id = $1
         and position >= $2
         and position < $3",
        id.uuid(),
        positions.start,
        positions.end
    )
    .execute(pool)
    .await
    .map(drop)
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
        "select position, output, hidden, error, at
         from (
           select position, output, hidden, error, at
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
