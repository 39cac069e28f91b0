//! Coolify's deployment logs, one row per entry: storing them, and when each is fetched. Reading them is in `log_lines`.

use crate::domain::deployment::{KeptEntry, LogEntry};
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
/// How many entries are read at once.
const PART: i64 = 500;

/// Adds the entries that are not stored yet, and removes the middle of a log that is too long. Coolify rewrites the whole
/// list as it grows, so positions are stable.
pub async fn append(
    pool: &PgPool,
    deployment: DeploymentId,
    entries: &[LogEntry],
) -> sqlx::Result<()> {
    let last = last(pool, deployment).await?;
    let stored = last.as_ref().map_or(-1, |last| last.position);
    let (old, new): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.position <= stored);
    let Some(end) = new.last().map(|entry| entry.position.saturating_add(1)) else {
        return Ok(());
    };
    // The words that began it may have been cut from a long log: then it is only known from what is stored.
    let section = last.and_then(|last| LogSection::from_number(last.section?));
    let before = section.or_else(|| with_sections(old, LogSection::Beginning).last());
    let sections = with_sections(new.iter().copied(), before.unwrap_or(LogSection::Beginning));
    let sections: Vec<i16> = sections.map(LogSection::number).collect();
    insert(pool, deployment, &new, &sections).await?;
    if end > HEAD + TAIL {
        remove(pool, deployment, HEAD..end - TAIL).await?;
    }
    Ok(())
}

/// The last entry that is stored.
struct Last {
    position: i32,
    section: Option<i16>,
}

async fn last(pool: &PgPool, id: DeploymentId) -> sqlx::Result<Option<Last>> {
    sqlx::query_as!(
        Last,
        "select position, section
         from deployment_log
         where deployment_id = $1
         order by position desc
         limit 1",
        id.uuid()
    )
    .fetch_optional(pool)
    .await
}

/// The section of each entry, which come after one in the section `before`.
fn with_sections<'a>(
    entries: impl IntoIterator<Item = &'a LogEntry>,
    before: LogSection,
) -> impl Iterator<Item = LogSection> {
    entries.into_iter().scan(before, |section, entry| {
        *section = section.after(&entry.output);
        Some(*section)
    })
}

async fn insert(
    pool: &PgPool,
    id: DeploymentId,
    entries: &[&LogEntry],
    sections: &[i16],
) -> sqlx::Result<()> {
    let entry = entries.iter();
    let positions: Vec<i32> = entry.clone().map(|entry| entry.position).collect();
    let outputs: Vec<String> = entry.clone().map(|entry| entry.output.clone()).collect();
    let hidden: Vec<bool> = entry.clone().map(|entry| entry.hidden).collect();
    let errors: Vec<bool> = entry.clone().map(|entry| entry.error).collect();
    let times: Vec<Option<OffsetDateTime>> = entry.map(|entry| entry.at).collect();
    sqlx::query!(
        "insert into deployment_log (deployment_id, position, output, hidden, error, at, section)
         select d.id, new.position, new.output, new.hidden, new.error, new.at, new.section
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
        sections
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

/// The next entries from a position on, with all that is kept of them; none at the end.
pub async fn part(
    pool: &PgPool,
    deployment: DeploymentId,
    from: i32,
) -> sqlx::Result<Vec<KeptEntry>> {
    sqlx::query_as!(
        KeptEntry,
        "select position, output, hidden, error, at, section
         from deployment_log
         where deployment_id = $1
         and position >= $2
         order by position
         limit $3",
        deployment.uuid(),
        from,
        PART
    )
    .fetch_all(pool)
    .await
}
