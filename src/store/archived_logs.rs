//! Which logs the object store has, or shall have: a claim for each that is moved there or removed, and what is known of it
//! afterwards. It knows no object store.

use super::log_lines::Of;
use sqlx::PgPool;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A log that is claimed to be moved.
#[derive(Debug, Clone)]
pub struct Claim {
    pub id: Uuid,
    /// The end of the claim, which nobody else has.
    pub until: Option<OffsetDateTime>,
    /// Whether the store has one already: then what is in the database was added since.
    pub is_stored: bool,
}

/// Claims a log that has been complete for a while, the one of the oldest deployment.
pub async fn claim(
    pool: &PgPool,
    settles: Duration,
    lease: Duration,
) -> sqlx::Result<Option<Claim>> {
    sqlx::query_as!(
        Claim,
        r#"insert into archived_logs as a (id, deployment_id, leased_until)
           select complete.deployment_id, complete.deployment_id, clock_timestamp() + $2::float8 * interval '1 second'
           from complete_logs complete
           left join archived_logs moved on moved.id = complete.deployment_id
           where complete.finished_at <= now() - $1::float8 * interval '1 second'
           and (moved.leased_until is null or moved.leased_until <= now())
           limit 1
           on conflict (id) do update
           set leased_until = excluded.leased_until
           where a.leased_until is null or a.leased_until <= now()
           returning a.id, a.leased_until as until, a.stored_at is not null as "is_stored!""#,
        settles.as_secs_f64(),
        lease.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// Makes a claim last as long again, if it is still this one.
pub async fn renew(pool: &PgPool, claim: &Claim, lease: Duration) -> sqlx::Result<bool> {
    let renewed = sqlx::query!(
        "update archived_logs
         set leased_until = clock_timestamp() + $3::float8 * interval '1 second'
         where id = $1
         and leased_until = $2",
        claim.id,
        claim.until,
        lease.as_secs_f64()
    );
    Ok(renewed.execute(pool).await?.rows_affected() == 1)
}

/// Lets a claim end after this time.
pub async fn retry(pool: &PgPool, id: Uuid, after: Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "update archived_logs
         set leased_until = now() + $2::float8 * interval '1 second'
         where id = $1",
        id,
        after.as_secs_f64()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Records that the store has the log up to this position, and removes that from the database.
pub async fn stored(pool: &PgPool, id: Uuid, end: i32) -> sqlx::Result<()> {
    sqlx::query!(
        "with moved as (
           delete from deployment_log
           where deployment_id = $1
           and position < $2
         )
         update archived_logs
         set stored_at = now(),
             log_end = greatest(log_end, $2),
             removed_at = null,
             leased_until = null
         where id = $1",
        id,
        end
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Claims a log whose deployment was deleted, or which was kept for longer than `kept`.
pub async fn claim_removal(
    pool: &PgPool,
    kept: Option<Duration>,
    lease: Duration,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "update archived_logs
         set leased_until = clock_timestamp() + $2::float8 * interval '1 second'
         where id = (
           select id
           from archived_logs
           where (deployment_id is null or removed_at is null and stored_at <= now() - $1::float8 * interval '1 second')
           and (leased_until is null or leased_until <= now())
           limit 1
           for update skip locked
         )
         returning id",
        kept.map(|kept| kept.as_secs_f64()),
        lease.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// Records that the store no longer has the log.
pub async fn removed(pool: &PgPool, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "with forgotten as (
           delete from archived_logs
           where id = $1
           and deployment_id is null
         )
         update archived_logs
         set removed_at = now(), leased_until = null
         where id = $1
         and deployment_id is not null",
        id
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Where a log is.
#[derive(Debug)]
pub struct Whereabouts {
    /// Whether the database has entries of it. Then it has all that is not in the store.
    pub has_entries: bool,
    /// The position after its last entry, if the store has it or had it.
    pub log_end: Option<i32>,
    /// For how many days the store had it, if it was removed since.
    pub kept_days: Option<i32>,
}

/// Where the log of the owner's deployment is.
pub async fn whereabouts(pool: &PgPool, of: Of) -> sqlx::Result<Option<Whereabouts>> {
    sqlx::query_as!(
        Whereabouts,
        r#"select exists (select from deployment_log where deployment_id = d.id) as "has_entries!",
             a.log_end as "log_end?",
             extract(day from a.removed_at - a.stored_at)::int as kept_days
           from deployments d
           join environments e on e.id = d.environment_id
           left join archived_logs a on a.id = d.id
           where d.id = $1
           and d.environment_id = $2
           and e.owner_id = $3"#,
        of.deployment.uuid(),
        of.environment.uuid(),
        of.owner.uuid()
    )
    .fetch_optional(pool)
    .await
}
