//! Deployments: from the request to the outcome.

use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Adds a deployment; the environment has no other that moves.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    conn: &mut PgConnection,
    id: DeploymentId,
    environment: EnvironmentId,
    by: UserId,
    deadline: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with made as (
           insert into deployments (id, environment_id, requested_by, deadline)
           values ($1, $2, $3, now() + $4::float8 * interval '1 second')
           returning id, stage
         )
         insert into deployment_stages (deployment_id, stage)
         select id, stage from made",
        id.uuid(),
        environment.uuid(),
        by.uuid(),
        deadline.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The deployment of an environment that moves.
///
/// # Errors
/// When the database fails.
pub async fn moving(
    conn: &mut PgConnection,
    environment: EnvironmentId,
) -> sqlx::Result<Option<DeploymentId>> {
    let id = sqlx::query_scalar!(
        "select id
         from deployments
         where environment_id = $1
         and finished_at is null",
        environment.uuid()
    );
    Ok(id.fetch_optional(conn).await?.map(DeploymentId::from))
}

/// Notes that the owner wants the deployment cancelled.
///
/// # Errors
/// When the database fails.
pub async fn request_cancel(conn: &mut PgConnection, id: DeploymentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set cancel_requested_at = coalesce(cancel_requested_at, now())
         where id = $1",
        id.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether the owner wants the deployment cancelled.
///
/// # Errors
/// When the database fails.
pub async fn is_cancel_requested(conn: &mut PgConnection, id: DeploymentId) -> sqlx::Result<bool> {
    let requested = sqlx::query_scalar!(
        r#"select cancel_requested_at is not null as "requested!"
           from deployments
           where id = $1
           and finished_at is null"#,
        id.uuid()
    );
    Ok(requested.fetch_optional(conn).await?.unwrap_or(false))
}

/// The deployment enters a stage.
///
/// # Errors
/// When the database fails.
pub async fn enter(conn: &mut PgConnection, id: DeploymentId, stage: Stage) -> sqlx::Result<()> {
    sqlx::query!(
        "with entered as (
           update deployments
           set stage = $2, stage_since = now(), note = null, attempts = 0
           where id = $1
           and finished_at is null
           returning id, environment_id, stage
         ), shown as (
           update environments
           set version = version + 1
           where id = (select environment_id from entered)
         )
         insert into deployment_stages (deployment_id, stage)
         select id, stage from entered
         on conflict do nothing",
        id.uuid(),
        stage.word()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The step will be tried again; what it waits for, for people.
///
/// # Errors
/// When the database fails.
pub async fn retry(
    conn: &mut PgConnection,
    id: DeploymentId,
    note: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with noted as (
           update deployments
           set note = $2, attempts = attempts + 1
           where id = $1
           returning environment_id
         )
         update environments
         set version = version + 1
         where id = (select environment_id from noted)",
        id.uuid(),
        note
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The build the deployment follows from now on; its log is wanted soon.
///
/// # Errors
/// When the database fails.
pub async fn follow(
    conn: &mut PgConnection,
    id: DeploymentId,
    deployment_uuid: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set deployment_uuid = $2,
             note = null,
             attempts = 0,
             build_ended_at = null,
             log_at = now() + interval '2 seconds'
         where id = $1",
        id.uuid(),
        deployment_uuid
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The deployment ends.
///
/// # Errors
/// When the database fails.
pub async fn finish(
    conn: &mut PgConnection,
    id: DeploymentId,
    outcome: Outcome,
    reason: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set outcome = $2,
             reason = $3,
             note = null,
             finished_at = now()
         where id = $1
         and finished_at is null",
        id.uuid(),
        outcome.word(),
        reason
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A deployment as its page lists it.
#[derive(Debug, Clone)]
pub struct DeploymentRow {
    pub id: Uuid,
    pub by: Option<String>,
    pub stage: Stage,
    pub outcome: Option<Outcome>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub commit_sha: Option<String>,
    pub log_missing: bool,
    /// Whether more of the log may come.
    pub log_grows: bool,
    pub created_at: OffsetDateTime,
    pub finished_at: Option<OffsetDateTime>,
}

/// The newest deployments of the owner's environment.
///
/// # Errors
/// When the database fails.
pub async fn list(
    pool: &PgPool,
    owner: UserId,
    environment: EnvironmentId,
) -> sqlx::Result<Vec<DeploymentRow>> {
    sqlx::query_as!(
        DeploymentRow,
        r#"select d.id, u.name as "by?", d.stage as "stage: Stage", d.outcome as "outcome: Outcome", d.reason, d.note,
             d.commit_sha, d.log_missing,
             (d.finished_at is null or d.log_at is not null) as "log_grows!",
             d.created_at, d.finished_at
           from deployments d
           join environments e on e.id = d.environment_id
           left join users u on u.id = d.requested_by
           where d.environment_id = $1
           and e.owner_id = $2
           order by d.created_at desc
           limit 20"#,
        environment.uuid(),
        owner.uuid()
    )
    .fetch_all(pool)
    .await
}

/// When each stage of a deployment began.
///
/// # Errors
/// When the database fails.
pub async fn stages(pool: &PgPool, id: Uuid) -> sqlx::Result<Vec<(Stage, OffsetDateTime)>> {
    let rows = sqlx::query!(
        r#"select stage as "stage: Stage", began_at
           from deployment_stages
           where deployment_id = $1
           order by began_at"#,
        id
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.stage, row.began_at))
        .collect())
}
