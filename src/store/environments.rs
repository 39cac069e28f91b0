//! Environments as their owners see and change them. Ownership is in every WHERE.

use super::violated;
use crate::domain::deployment::Stage;
use crate::domain::environment::{EnvironmentName, Subdomain};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// How adding an environment ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Inserted {
    Done,
    NameTaken,
    SubdomainTaken,
}

/// What an environment is made of.
pub struct New<'a> {
    pub id: EnvironmentId,
    pub owner: UserId,
    pub name: &'a EnvironmentName,
    pub subdomain: &'a Subdomain,
    pub password_hash: &'a str,
}

/// An environment with its newest deployment, as a row shows it.
#[derive(Debug, Clone)]
pub struct EnvironmentRow {
    pub id: Uuid,
    pub name: String,
    pub subdomain: String,
    pub status: Status,
    pub reason: Option<String>,
    pub version: i64,
    /// Whether Coolify has, or had, an application for it.
    pub has_application: bool,
    /// Whether a password waits to be handed to Coolify.
    pub has_password: bool,
    pub checked_at: Option<OffsetDateTime>,
    pub created_at: OffsetDateTime,
    pub removal_requested_at: Option<OffsetDateTime>,
    pub stage: Option<Stage>,
    pub stage_since: Option<OffsetDateTime>,
    pub note: Option<String>,
    pub cancelling: bool,
}

/// Adds an environment.
///
/// # Errors
/// When the database fails; a taken name or subdomain is no error.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> sqlx::Result<Inserted> {
    let done = sqlx::query!(
        "insert into environments (id, owner_id, name, name_key, subdomain, password_hash)
         values ($1, $2, $3, $4, $5, $6)",
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

/// Whether the name is taken, for the preview; who creates asks the constraint.
///
/// # Errors
/// When the database fails.
pub async fn name_taken(pool: &PgPool, name: &EnvironmentName) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from environments where name_key = $1) as "taken!""#,
        name.key()
    )
    .fetch_one(pool)
    .await
}

/// The owner's environments, newest first; with a query only those whose name contains it.
///
/// # Errors
/// When the database fails.
pub async fn list(pool: &PgPool, owner: UserId, query: &str) -> sqlx::Result<Vec<EnvironmentRow>> {
    rows(pool, owner, None, query, None).await
}

/// The owner's environments made after this time, oldest of them last.
///
/// # Errors
/// When the database fails.
pub async fn list_after(
    pool: &PgPool,
    owner: UserId,
    after: OffsetDateTime,
) -> sqlx::Result<Vec<EnvironmentRow>> {
    rows(pool, owner, None, "", Some(after)).await
}

/// The owner's environment.
///
/// # Errors
/// When the database fails.
pub async fn get(
    pool: &PgPool,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Option<EnvironmentRow>> {
    Ok(rows(pool, owner, Some(id.uuid()), "", None).await?.pop())
}

async fn rows(
    pool: &PgPool,
    owner: UserId,
    id: Option<Uuid>,
    query: &str,
    after: Option<OffsetDateTime>,
) -> sqlx::Result<Vec<EnvironmentRow>> {
    sqlx::query_as!(
        EnvironmentRow,
        r#"select
             e.id, e.name, e.subdomain, e.status as "status: Status", e.reason, e.version,
             e.application_uuid is not null as "has_application!",
             e.password_hash is not null as "has_password!",
             e.checked_at, e.created_at, e.removal_requested_at,
             d.stage as "stage?: Stage", d.stage_since as "stage_since?", d.note as "note?",
             coalesce(d.cancel_requested_at is not null, false) as "cancelling!"
           from environments e
           left join lateral (
             select stage, stage_since, note, cancel_requested_at
             from deployments
             where environment_id = e.id
             order by created_at desc
             limit 1
           ) d on true
           where e.owner_id = $1
           and ($2::uuid is null or e.id = $2)
           and ($3 = '' or strpos(e.name_key, $3) > 0)
           and ($4::timestamptz is null or e.created_at > $4)
           order by e.created_at desc"#,
        owner.uuid(),
        id,
        query,
        after
    )
    .fetch_all(pool)
    .await
}

/// What a decision about an environment needs, its row locked until the transaction ends.
pub struct Locked {
    pub status: Status,
    pub name: String,
    pub has_application: bool,
    pub has_password: bool,
    pub reason: Option<String>,
}

/// Locks the owner's environment.
///
/// # Errors
/// When the database fails.
pub async fn lock(
    conn: &mut PgConnection,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"select status as "status: Status", name, reason,
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

/// Writes a status with its reason. The row must be locked or leased by the caller. A new status makes every look at the
/// old one void; who looks next is for the caller to say.
///
/// # Errors
/// When the database fails.
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
             version = version + 1,
             status_since = case when status = $2 then status_since else now() end,
             look_at = case when status = $2 then look_at end,
             looks = case when status = $2 then looks else looks + 1 end,
             missed = 0
         where id = $1",
        id.uuid(),
        status.word(),
        reason
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a removal was asked for, now: a job has the row and nobody looks meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn begin_removal(conn: &mut PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set removal_requested_at = now(),
             password_hash = null,
             look_at = null,
             looks = 0
         where id = $1",
        id.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps a new password's hash until Coolify has accepted it.
///
/// # Errors
/// When the database fails.
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

/// Removes the row: its application is gone, or its owner gave it up.
///
/// # Errors
/// When the database fails.
pub async fn delete(conn: &mut PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("delete from environments where id = $1", id.uuid())
        .execute(conn)
        .await
        .map(drop)
}

/// What the status cache holds of a row.
pub struct Known {
    pub owner_id: Uuid,
    pub version: i64,
    pub checked_at: Option<OffsetDateTime>,
}

/// What the status cache holds of a row, from the row itself.
///
/// # Errors
/// When the database fails.
pub async fn known(pool: &PgPool, id: EnvironmentId) -> sqlx::Result<Option<Known>> {
    sqlx::query_as!(
        Known,
        "select owner_id, version, checked_at
         from environments
         where id = $1",
        id.uuid()
    )
    .fetch_optional(pool)
    .await
}

/// Those of the subdomains that belong to no environment.
///
/// # Errors
/// When the database fails.
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
