//! Deployments: from the user's request to the outcome.

use crate::domain::deployment::{BuildKind, Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::domain::status::Status;
use sqlx::PgConnection;
use std::time::Duration;

/// A deployment that is requested.
pub struct New<'a> {
    pub environment: EnvironmentId,
    pub by: Option<UserId>,
    /// The environment's status and reason until now.
    pub before: (Status, Option<&'a str>),
    pub build: BuildKind,
    /// Whether a rollout began it.
    pub rollout: bool,
    /// How long it may wait for its turn.
    pub wait: Duration,
}

/// Adds a deployment that waits for its turn; the environment must have no other unfinished one.
pub async fn insert(conn: &mut PgConnection, id: DeploymentId, new: &New<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "with made as (
           insert into deployments (id, environment_id, requested_by, status_before, reason_before, since_before, deadline, rebuild, rollout)
           select $1, id, $3, $4, $5, status_since, now() + $6::float8 * interval '1 second', $7, $8
           from environments
           where id = $2
           returning id, stage
         )
         insert into deployment_stages (deployment_id, stage)
         select id, stage from made",
        id.uuid(),
        new.environment.uuid(),
        new.by.map(|by| by.uuid()),
        new.before.0.word(),
        new.before.1,
        new.wait.as_secs_f64(),
        new.build == BuildKind::Anew,
        new.rollout
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The unfinished deployment of an environment.
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

/// Records that the owner cancelled the deployment; `false` when that was recorded before.
pub async fn request_cancel(conn: &mut PgConnection, id: DeploymentId) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "update deployments
         set cancel_requested_at = now()
         where id = $1
         and cancel_requested_at is null",
        id.uuid()
    );
    Ok(noted.execute(conn).await?.rows_affected() == 1)
}

/// Takes back that the deployment was cancelled: it had gone too far. `false` when it was not cancelled.
pub async fn ignore_cancel(conn: &mut PgConnection, id: DeploymentId) -> sqlx::Result<bool> {
    let ignored = sqlx::query!(
        "update deployments
         set cancel_requested_at = null
         where id = $1
         and cancel_requested_at is not null",
        id.uuid()
    );
    Ok(ignored.execute(conn).await?.rows_affected() == 1)
}

/// Whether the newest deployment of an environment was cancelled.
pub async fn was_cancelled(
    conn: &mut PgConnection,
    environment: EnvironmentId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
             select
             from deployments
             where id = newest_deployment($1)
             and outcome = 'cancelled'
           ) as "cancelled!""#,
        environment.uuid()
    )
    .fetch_one(conn)
    .await
}

/// A deployment that has had its turn and not ended.
#[derive(Debug, Clone, Copy)]
pub struct UnderWay {
    pub id: DeploymentId,
    pub stage: Stage,
    pub cancel_requested: bool,
}

/// The deployment of an environment that is under way.
pub async fn under_way(
    conn: &mut PgConnection,
    environment: EnvironmentId,
) -> sqlx::Result<Option<UnderWay>> {
    let found = sqlx::query!(
        r#"select id, stage as "stage: Stage", cancel_requested_at is not null as "cancel_requested!"
           from deployments
           where environment_id = $1
           and turn_at is not null
           and finished_at is null"#,
        environment.uuid()
    );
    let found = found.fetch_optional(conn).await?;
    Ok(found.map(|row| UnderWay {
        id: row.id.into(),
        stage: row.stage,
        cancel_requested: row.cancel_requested,
    }))
}

/// Sets the deployment's stage.
pub async fn enter(conn: &mut PgConnection, id: DeploymentId, stage: Stage) -> sqlx::Result<()> {
    sqlx::query!(
        "with entered as (
           update deployments
           set stage = $2, stage_since = clock_timestamp(), note = null, attempts = 0
           where id = $1
           and finished_at is null
           returning id, environment_id, stage, stage_since
         ), shown as (
           update environments
           set version = version + 1
           where id = (select environment_id from entered)
         )
         insert into deployment_stages (deployment_id, stage, began_at)
         select id, stage, stage_since from entered
         on conflict do nothing",
        id.uuid(),
        stage.word()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Schedules a retry of the step; the note tells the user what it waits for.
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

/// Extends the deadline by the time that Coolify's build queue is full.
pub async fn extend_deadline(
    conn: &mut PgConnection,
    id: DeploymentId,
    deadline: Duration,
    wait: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set deadline = least(
               now() + $2::float8 * interval '1 second',
               greatest(deadline, created_at + $3::float8 * interval '1 second')
             )
         where id = $1",
        id.uuid(),
        deadline.as_secs_f64(),
        wait.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Sets what the deployment waits for, shown to the user.
pub async fn note(
    conn: &mut PgConnection,
    id: DeploymentId,
    note: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with noted as (
           update deployments
           set note = $2
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

/// Restarts the deployment's time limit.
pub async fn allow(
    conn: &mut PgConnection,
    id: DeploymentId,
    deadline: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set deadline = greatest(deadline, now() + $2::float8 * interval '1 second')
         where id = $1",
        id.uuid(),
        deadline.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends the deployment's time limit, so that the next step gives it up. The note tells the user what it waited for.
pub async fn expire(conn: &mut PgConnection, id: DeploymentId, note: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set note = $2, deadline = least(deadline, now())
         where id = $1",
        id.uuid(),
        note
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends the deployment; with the log lines before the error, if it comes from the log. Returns how many seconds it took
/// since it was requested; `None` when it had ended before.
pub async fn finish(
    conn: &mut PgConnection,
    id: DeploymentId,
    outcome: Outcome,
    reason: Option<&str>,
    lines: Option<&str>,
) -> sqlx::Result<Option<f64>> {
    let seconds = sqlx::query_scalar!(
        r#"update deployments
         set outcome = $2,
             reason = $3,
             reason_lines = $4,
             note = null,
             ahead = null,
             finished_at = now()
         where id = $1
         and finished_at is null
         returning extract(epoch from finished_at - created_at)::float8 as "seconds!""#,
        id.uuid(),
        outcome.word(),
        reason,
        lines
    )
    .fetch_optional(&mut *conn)
    .await?;
    forget_old(conn, id).await?;
    Ok(seconds)
}

/// Only the last 20 deployments of an environment keep their calls. Removes those of at most five others: older versions
/// kept all.
async fn forget_old(conn: &mut PgConnection, newest: DeploymentId) -> sqlx::Result<()> {
    sqlx::query!(
        "with old as (
           select d.id
           from deployments d
           join deployments newest on newest.environment_id = d.environment_id
           where newest.id = $1
           and d.calls_kept
           order by d.created_at desc
           offset 20
           limit 5
         ), calls_removed as (
           delete from deployment_calls
           where deployment_id in (select id from old)
         )
         update deployments
         set calls_kept = false
         where id in (select id from old)",
        newest.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}
