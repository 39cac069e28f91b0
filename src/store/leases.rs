//! The lease of an environment: who may act for it at Coolify. The fence counts leases, so that an old one writes nothing.

use crate::domain::deployment::Stage;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// What a step needs, leased.
#[derive(Debug, Clone)]
pub struct Leased {
    pub environment_id: Uuid,
    pub fence: i64,
    pub subdomain: String,
    pub application_uuid: Option<String>,
    pub password_hash: Option<String>,
    pub unsure_until: Option<OffsetDateTime>,
    pub stage: Stage,
    pub deployment_uuid: Option<String>,
    /// The newest build there was when this deployment asked for its own; empty when there was none.
    pub asked_after: Option<String>,
    pub cancel_requested: bool,
    pub attempts: i32,
    /// What was waited for last, for people.
    pub note: Option<String>,
    pub deadline: OffsetDateTime,
}

/// Takes the lease of the environment of a deployment that moves; `None` when it is held, or there is nothing to do.
///
/// # Errors
/// When the database fails.
pub async fn lease(
    pool: &PgPool,
    id: DeploymentId,
    lease: Duration,
) -> sqlx::Result<Option<Leased>> {
    sqlx::query_as!(
        Leased,
        r#"update environments e
           set fence = e.fence + 1,
               leased_until = now() + $2::float8 * interval '1 second',
               look_at = null
           from deployments d
           where d.id = $1
           and d.finished_at is null
           and e.id = d.environment_id
           and e.status = 'deploying'
           and (e.leased_until is null or e.leased_until <= now())
           returning
             e.id as environment_id, e.fence, e.subdomain, e.application_uuid, e.password_hash, e.unsure_until,
             d.stage as "stage: Stage", d.deployment_uuid, d.asked_after,
             d.cancel_requested_at is not null as "cancel_requested!",
             d.attempts, d.note, d.deadline"#,
        id.uuid(),
        lease.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// Until when another one holds the lease of a deployment that moves; now, when it was given back a moment ago.
///
/// # Errors
/// When the database fails.
pub async fn leased_until(pool: &PgPool, id: DeploymentId) -> sqlx::Result<Option<OffsetDateTime>> {
    let until = sqlx::query_scalar!(
        r#"select coalesce(e.leased_until, now()) as "until!"
         from environments e
         join deployments d on d.environment_id = e.id
         where d.id = $1
         and d.finished_at is null
         and e.status = 'deploying'"#,
        id.uuid()
    );
    until.fetch_optional(pool).await
}

/// Extends the lease before a request is made; `false` when it is no longer ours. With `landing` also notes that until then
/// the request may be carried out although its answer is lost.
///
/// # Errors
/// When the database fails.
pub async fn hold(
    pool: &PgPool,
    environment: EnvironmentId,
    fence: i64,
    lease: Duration,
    landing: Option<Duration>,
) -> sqlx::Result<bool> {
    let held = sqlx::query!(
        "update environments
         set leased_until = now() + $3::float8 * interval '1 second',
             unsure_until = coalesce(now() + $4::float8 * interval '1 second', unsure_until)
         where id = $1
         and fence = $2
         and leased_until > now()",
        environment.uuid(),
        fence,
        lease.as_secs_f64(),
        landing.map(|landing| landing.as_secs_f64())
    );
    Ok(held.execute(pool).await?.rows_affected() == 1)
}

/// Keeps which build is the newest before another one is asked for; empty when there is none.
///
/// # Errors
/// When the database fails.
pub async fn save_newest_build(
    pool: &PgPool,
    environment: EnvironmentId,
    fence: i64,
    newest: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments d
         set asked_after = $3
         from environments e
         where e.id = $1
         and e.fence = $2
         and d.environment_id = e.id
         and d.finished_at is null",
        environment.uuid(),
        fence,
        newest
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Keeps the application's uuid the moment it is known, whatever else happens to the step.
///
/// # Errors
/// When the database fails.
pub async fn save_application(
    pool: &PgPool,
    environment: EnvironmentId,
    fence: i64,
    uuid: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set application_uuid = $3,
             unsure_until = null
         where id = $1
         and fence = $2",
        environment.uuid(),
        fence,
        uuid
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Forgets the password's hash, if it is still the one that Coolify has accepted.
///
/// # Errors
/// When the database fails.
pub async fn forget_password(
    pool: &PgPool,
    environment: EnvironmentId,
    hash: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set password_hash = null
         where id = $1
         and password_hash = $2",
        environment.uuid(),
        hash
    )
    .execute(pool)
    .await
    .map(drop)
}

/// What a step leaves behind on the environment's row when it gives the lease back.
#[derive(Debug, Default)]
pub struct Release {
    /// Look again after this long; otherwise a job has the row.
    pub look_after: Option<Duration>,
    /// A request may still be carried out: `unsure_until` stays as it is.
    pub unsure: bool,
    /// The status this is meant for: in another one nobody looks until its own job says so.
    pub meant_for: Option<Status>,
}

/// Gives the lease back and returns the status, which may be deleting by now; `None` when the lease was lost.
///
/// # Errors
/// When the database fails.
pub async fn release(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    fence: i64,
    release: &Release,
) -> sqlx::Result<Option<Status>> {
    sqlx::query_scalar!(
        r#"update environments
           set leased_until = null,
               unsure_until = case when $3 then unsure_until end,
               look_at = case when status = $5 then now() + $4::float8 * interval '1 second' end,
               looks = 0
           where id = $1
           and fence = $2
           returning status as "status: Status""#,
        environment.uuid(),
        fence,
        release.unsure,
        release.look_after.map(|after| after.as_secs_f64()),
        release.meant_for.map(Status::word)
    )
    .fetch_optional(conn)
    .await
}

/// What a removal needs, leased.
#[derive(Debug, Clone)]
pub struct Removal {
    pub fence: i64,
    pub subdomain: String,
    pub application_uuid: Option<String>,
    pub unsure_until: Option<OffsetDateTime>,
    pub requested_at: Option<OffsetDateTime>,
    pub now: OffsetDateTime,
}

/// Takes the lease of an environment that is being deleted; `None` when it is held, or there is nothing to do.
///
/// # Errors
/// When the database fails.
pub async fn lease_removal(
    pool: &PgPool,
    id: EnvironmentId,
    lease: Duration,
) -> sqlx::Result<Option<Removal>> {
    sqlx::query_as!(
        Removal,
        r#"update environments
           set fence = fence + 1,
               leased_until = now() + $2::float8 * interval '1 second',
               look_at = null
           where id = $1
           and status = 'deleting'
           and (leased_until is null or leased_until <= now())
           returning fence, subdomain, application_uuid, unsure_until, removal_requested_at as requested_at, now() as "now!""#,
        id.uuid(),
        lease.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// Until when another one holds the lease of an environment that is being deleted; now, when it was given back a moment ago.
///
/// # Errors
/// When the database fails.
pub async fn removal_leased_until(
    pool: &PgPool,
    id: EnvironmentId,
) -> sqlx::Result<Option<OffsetDateTime>> {
    let until = sqlx::query_scalar!(
        r#"select coalesce(leased_until, now()) as "until!"
         from environments
         where id = $1
         and status = 'deleting'"#,
        id.uuid()
    );
    until.fetch_optional(pool).await
}
