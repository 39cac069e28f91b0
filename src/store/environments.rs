//! Environments as their owners see and change them. Every WHERE checks the owner.

use super::violated;
use crate::domain::deployment::Stage;
use crate::domain::environment::{EnvironmentName, Subdomain};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// The result of adding an environment.
#[derive(Debug, PartialEq, Eq)]
pub enum Inserted {
    Done,
    NameTaken,
    SubdomainTaken,
}

/// The values of a new environment.
pub struct New<'a> {
    pub id: EnvironmentId,
    pub owner: UserId,
    pub name: &'a EnvironmentName,
    pub subdomain: &'a Subdomain,
    pub password_hash: &'a str,
}

/// An environment with its newest deployment, as shown in a row.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one a column or a comparison of times"
)]
pub struct EnvironmentRow {
    pub id: Uuid,
    pub name: String,
    pub subdomain: String,
    pub status: Status,
    pub reason: Option<String>,
    pub version: i64,
    /// Whether Coolify has, or had, an application for it.
    pub has_application: bool,
    /// Whether a new password has not been sent to Coolify yet.
    pub has_password: bool,
    pub checked_at: Option<OffsetDateTime>,
    /// The status has not been confirmed for too long.
    pub unconfirmed: bool,
    pub created_at: OffsetDateTime,
    pub removal_requested_at: Option<OffsetDateTime>,
    pub stage: Option<Stage>,
    pub stage_since: Option<OffsetDateTime>,
    pub note: Option<String>,
    pub cancelling: bool,
    /// How many deployments wait before the newest one.
    pub ahead: Option<i32>,
    /// It was running when the newest deployment was requested.
    pub ran_before: bool,
    /// Why the newest deployment failed, if it did.
    pub failure: Option<String>,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// Adds an environment.
///
/// # Errors
/// When the database fails; a taken name or subdomain is not an error.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> sqlx::Result<Inserted> {
    let done = sqlx::query!(
        "with made as (
           insert into environments (id, owner_id, name, name_key, subdomain, password_hash)
           values ($1, $2, $3, $4, $5, $6)
           returning id
         )
         insert into watches (environment_id)
         select id from made",
        new.id.uuid(),
        new.owner.uuid(),
        new.name.as_str(),
        new.name.key(),
        new.subdomain.as_str(),
        new.password_hash
    )
    .execute(conn)
    .await;
    let Err(error) = done else {
        return Ok(Inserted::Done);
    };
    match violated(&error) {
        Some("environments_name_taken") => Ok(Inserted::NameTaken),
        Some("environments_subdomain_taken") => Ok(Inserted::SubdomainTaken),
        _ => Err(error),
    }
}

/// Whether the name is taken, for the preview only: creating relies on the constraint.
pub async fn name_taken(pool: &PgPool, name: &EnvironmentName) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from environments where name_key = $1) as "taken!""#,
        name.key()
    )
    .fetch_one(pool)
    .await
}

/// The owner's environments, newest first; with a query, only those whose name contains it.
pub async fn list(
    pool: &PgPool,
    owner: UserId,
    query: &str,
    unconfirmed: Duration,
) -> sqlx::Result<Vec<EnvironmentRow>> {
    rows(pool, owner, None, query, None, unconfirmed).await
}

/// The owner's environments created after this time, newest first.
pub async fn list_after(
    pool: &PgPool,
    owner: UserId,
    after: OffsetDateTime,
    unconfirmed: Duration,
) -> sqlx::Result<Vec<EnvironmentRow>> {
    rows(pool, owner, None, "", Some(after), unconfirmed).await
}

/// The owner's environment.
pub async fn get(
    pool: &PgPool,
    owner: UserId,
    id: EnvironmentId,
    unconfirmed: Duration,
) -> sqlx::Result<Option<EnvironmentRow>> {
    let mut found = rows(pool, owner, Some(id.uuid()), "", None, unconfirmed).await?;
    Ok(found.pop())
}

async fn rows(
    pool: &PgPool,
    owner: UserId,
    id: Option<Uuid>,
    query: &str,
    after: Option<OffsetDateTime>,
    unconfirmed: Duration,
) -> sqlx::Result<Vec<EnvironmentRow>> {
    sqlx::query_as!(
        EnvironmentRow,
        r#"select
             e.id, e.name, e.subdomain, e.status as "status: Status", e.reason, e.version,
             e.application_uuid is not null as "has_application!",
             e.password_hash is not null as "has_password!",
             w.checked_at,
             coalesce(w.checked_at < now() - $5::float8 * interval '1 second', false) as "unconfirmed!",
             e.created_at, e.removal_requested_at,
             d.stage as "stage?: Stage", d.stage_since as "stage_since?", d.note as "note?",
             coalesce(d.cancel_requested_at is not null, false) as "cancelling!",
             d.ahead as "ahead?",
             coalesce(d.status_before = 'running', false) as "ran_before!",
             last_failure(e.id) as failure,
             now() as "now!"
           from environments e
           join watches w on w.environment_id = e.id
           left join deployments d on d.id = newest_deployment(e.id)
           where e.owner_id = $1
           and ($2::uuid is null or e.id = $2)
           and ($3 = '' or strpos(e.name_key, $3) > 0)
           and ($4::timestamptz is null or e.created_at > $4)
           order by e.created_at desc"#,
        owner.uuid(),
        id,
        query,
        after,
        unconfirmed.as_secs_f64()
    )
    .fetch_all(pool)
    .await
}

/// The values needed for a decision about an environment, whose row is locked until the transaction ends.
pub struct Locked {
    pub status: Status,
    pub name: String,
    pub has_application: bool,
    /// Coolify may have an application for it, whether or not we know its uuid.
    pub application_asked: bool,
    pub has_password: bool,
    pub reason: Option<String>,
}

/// Locks the owner's environment.
pub async fn lock(
    conn: &mut PgConnection,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"select status as "status: Status", name, reason, application_asked,
             application_uuid is not null as "has_application!",
             password_hash is not null as "has_password!"
           from environments
           where id = $1
           and owner_id = $2
           for update"#,
        id.uuid(),
        owner.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// Sets the status and its reason. The caller must have locked the row and must schedule the next poll.
pub async fn set_status(
    conn: &mut PgConnection,
    id: EnvironmentId,
    status: Status,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set status = $2,
             reason = $3,
             version = version + 1
         where id = $1",
        id.uuid(),
        status.word(),
        reason
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Sets why a removal takes long, shown to the user.
pub async fn explain(
    conn: &mut PgConnection,
    id: EnvironmentId,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set reason = $2, version = version + 1
         where id = $1
         and reason is distinct from $2",
        id.uuid(),
        reason
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Records that a removal was requested, unless it was before, and drops the password, which is no longer needed.
pub async fn begin_removal(conn: &mut PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set removal_requested_at = coalesce(removal_requested_at, now()),
             password_hash = null
         where id = $1",
        id.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Stores a new password's hash until Coolify has accepted it.
pub async fn set_password_hash(
    conn: &mut PgConnection,
    id: EnvironmentId,
    hash: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments set password_hash = $2 where id = $1",
        id.uuid(),
        hash
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Deletes the row: its application is gone, or its owner gave up on the removal.
pub async fn delete(conn: &mut PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("delete from environments where id = $1", id.uuid())
        .execute(conn)
        .await
        .map(drop)
}

/// The fields of a row that the status cache holds.
pub struct Known {
    pub owner_id: Uuid,
    pub version: i64,
    pub checked_at: Option<OffsetDateTime>,
    pub unconfirmed: bool,
}

/// Reads those fields from the row.
pub async fn known(
    pool: &PgPool,
    id: EnvironmentId,
    unconfirmed: Duration,
) -> sqlx::Result<Option<Known>> {
    sqlx::query_as!(
        Known,
        r#"select e.owner_id, e.version, w.checked_at,
             coalesce(w.checked_at < now() - $2::float8 * interval '1 second', false) as "unconfirmed!"
           from environments e
           join watches w on w.environment_id = e.id
           where e.id = $1"#,
        id.uuid(),
        unconfirmed.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// Those of the subdomains that belong to no environment.
pub async fn unknown(pool: &PgPool, subdomains: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select listed.subdomain as "subdomain!"
           from unnest($1::text[]) as listed (subdomain)
           where not exists (select from environments e where e.subdomain = listed.subdomain)"#,
        subdomains
    )
    .fetch_all(pool)
    .await
}
