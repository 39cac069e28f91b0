//! Environments as their owners change them. Every WHERE checks the owner.

use super::violated;
use crate::domain::environment::{EnvironmentName, Subdomain};
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::domain::resources::Resources;
use crate::domain::source::BuiltFrom;
use crate::domain::status::Status;
use crate::domain::workspace::WorkspaceRepository;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
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
    pub workspace: Option<&'a WorkspaceRepository>,
    /// What it is built from, unless that is the standard.
    pub source: Option<&'a BuiltFrom>,
    /// What its owner chose of memory and CPUs.
    pub chosen: Resources,
}

/// Adds an environment.
///
/// # Errors
/// When the database fails; a taken name or subdomain is not an error.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> sqlx::Result<Inserted> {
    let (memory, cpus) = new.chosen.numbers();
    let done = sqlx::query!(
        "with made as (
           insert into environments (id, owner_id, name, name_key, subdomain, password_hash, workspace_repository, source_repository, source_branch, memory_chosen, cpus_chosen)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           returning id
         )
         insert into watches (environment_id)
         select id from made",
        new.id.uuid(),
        new.owner.uuid(),
        new.name.as_str(),
        new.name.key(),
        new.subdomain.as_str(),
        new.password_hash,
        new.workspace.map(WorkspaceRepository::as_str),
        new.source.map(|source| &*source.repository),
        new.source.map(|source| &*source.branch),
        memory,
        cpus
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

/// The owner's environment with this name and this subdomain, if it was created within a day: by the same form, or by the same
/// request with an idempotency key.
pub async fn same(
    pool: &PgPool,
    owner: UserId,
    name: &EnvironmentName,
    subdomain: &Subdomain,
) -> sqlx::Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select id
         from environments
         where owner_id = $1
         and name_key = $2
         and subdomain = $3
         and status <> 'deleting'
         and created_at > now() - interval '1 day'",
        owner.uuid(),
        name.key(),
        subdomain.as_str()
    )
    .fetch_optional(pool)
    .await
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

/// The values needed for a decision about an environment, whose row is locked until the transaction ends.
#[expect(
    clippy::struct_excessive_bools,
    reason = "one a column or a comparison"
)]
pub struct Locked {
    pub status: Status,
    pub version: i64,
    pub name: String,
    pub has_application: bool,
    /// Coolify may have an application for it, whether or not we know its uuid.
    pub application_asked: bool,
    pub has_password: bool,
    /// Whether a new password is not in force yet.
    pub password_waits: bool,
    /// Coolify was sent it: it may have it, whatever it answered.
    pub password_offered: bool,
    /// Coolify no longer has the application.
    pub vanished: bool,
    /// It was adopted, and has the password that it had in Coolify.
    pub password_unknown: bool,
    pub reason: Option<String>,
    /// Time since the removal was first requested.
    pub removal_seconds: Option<f64>,
}

/// The application of an environment, as Coolify knows it.
pub struct ApplicationOf {
    pub uuid: Option<String>,
}

/// The application of the owner's environment.
pub async fn application(
    pool: &PgPool,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Option<ApplicationOf>> {
    sqlx::query_as!(
        ApplicationOf,
        "select application_uuid as uuid
         from environments
         where id = $1
         and owner_id = $2",
        id.uuid(),
        owner.uuid()
    )
    .fetch_optional(pool)
    .await
}

/// Locks the owner's environment.
pub async fn lock(
    conn: &mut PgConnection,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"select status as "status: Status", version, name, reason, application_asked,
             application_uuid is not null as "has_application!",
             password_hash is not null as "has_password!", password_waits, password_offered, vanished,
             password_unknown,
             extract(epoch from now() - removal_requested_at)::float8 as removal_seconds
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
             status_since = case when status = $2 then status_since else now() end,
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

/// Restores since when the status is what it is: the deployment leaves no trace.
pub async fn restore_since(
    conn: &mut PgConnection,
    id: EnvironmentId,
    deployment: DeploymentId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments e
         set status_since = d.since_before
         from deployments d
         where e.id = $1
         and d.id = $2
         and d.since_before is not null",
        id.uuid(),
        deployment.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Records whether Coolify no longer has the application.
pub async fn set_vanished(
    conn: &mut PgConnection,
    id: EnvironmentId,
    vanished: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments set vanished = $2 where id = $1 and vanished <> $2",
        id.uuid(),
        vanished
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Records that a removal was requested, unless it was before, and drops the password and values, which are no longer needed.
pub async fn begin_removal(conn: &mut PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "with forgotten as (
           delete from variable_values
           where environment_id = $1
         )
         update environments
         set removal_requested_at = coalesce(removal_requested_at, now()),
             password_hash = null
         where id = $1",
        id.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Drops a new password that has not been sent to Coolify.
pub async fn discard_password(conn: &mut PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set password_hash = null,
             password_waits = false,
             version = version + 1
         where id = $1",
        id.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Records that a new container has taken over, and with it the password that was sent to Coolify.
pub async fn password_in_force(conn: &mut PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments
         set password_waits = false, password_since = now(), password_unknown = false
         where id = $1
         and password_waits
         and password_hash is null",
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
        "update environments
         set password_hash = $2,
             password_waits = application_uuid is not null,
             password_offered = false
         where id = $1",
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

/// Those of the environments that exist.
pub async fn known(pool: &PgPool, ids: &[Uuid]) -> sqlx::Result<HashSet<Uuid>> {
    let known = sqlx::query_scalar!(
        "select id
         from environments
         where id = any($1)",
        ids
    );
    Ok(known.fetch_all(pool).await?.into_iter().collect())
}
