//! What we know of a deployment's build in Coolify.

use crate::domain::id::DeploymentId;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// Saves the newest build before another one is requested; empty when there is none.
pub async fn save_newest(pool: &PgPool, deployment: Uuid, newest: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments set asked_after = $2 where id = $1",
        deployment,
        newest
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Sets the build that the deployment follows.
pub async fn follow(
    conn: &mut PgConnection,
    id: DeploymentId,
    deployment_uuid: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set build_began_at = case when deployment_uuid = $2 then build_began_at end,
             deployment_uuid = $2,
             note = null,
             attempts = 0,
             build_ended_at = null
         where id = $1",
        id.uuid(),
        deployment_uuid
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Records that the build has left Coolify's queue, and restarts the deadline.
pub async fn begin(
    conn: &mut PgConnection,
    id: DeploymentId,
    deadline: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "with begun as (
           update deployments
           set build_began_at = now(),
               deadline = now() + $2::float8 * interval '1 second',
               note = null
           where id = $1
           and build_began_at is null
           returning environment_id
         )
         update environments
         set version = version + 1
         where id = (select environment_id from begun)",
        id.uuid(),
        deadline.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Records when the build was first seen as ended; its last log lines come after that.
pub async fn end(
    conn: &mut PgConnection,
    id: DeploymentId,
    trailing: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments
         set build_ended_at = coalesce(build_ended_at, now()),
             log_at = now() + $2::float8 * interval '1 second'
         where id = $1",
        id.uuid(),
        trailing.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}
