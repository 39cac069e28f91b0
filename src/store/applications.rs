//! What we know of an environment's application in Coolify. Every change requires the newest token.

use super::claims::{self, Claim};
use super::variables;
use crate::domain::id::EnvironmentId;
use crate::domain::resources::Resources;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// Extends the claim and records that an application will be requested, and whether with limits; `false` when the claim
/// was lost.
pub async fn ask(
    pool: &PgPool,
    claim: Claim,
    (lease, landing): (Duration, Duration),
    limited: bool,
) -> sqlx::Result<bool> {
    let mut tx = super::begin(pool).await?;
    sqlx::query!(
        "update environments
         set application_asked = true,
             application_uuid = null,
             resources_given_to = case when $2 then '' else resources_given_to end
         where id = $1",
        claim.environment.uuid(),
        limited
    )
    .execute(&mut *tx)
    .await?;
    variables::lost(&mut tx, claim.environment).await?;
    let held = claims::hold(&mut tx, claim, lease, Some(landing)).await?;
    if held {
        tx.commit().await?;
    }
    Ok(held)
}

/// Saves the application's uuid as soon as it is known, even if the step fails later. `made` says whether this
/// deployment created it.
pub async fn save(
    pool: &PgPool,
    claim: Claim,
    deployment: Uuid,
    uuid: &str,
    made: bool,
) -> sqlx::Result<bool> {
    let mut tx = super::begin(pool).await?;
    sqlx::query!(
        "update environments
         set application_uuid = $2, application_asked = true, vanished = false
         where id = $1",
        claim.environment.uuid(),
        uuid
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update deployments set made_application = made_application or $2 where id = $1",
        deployment,
        made
    )
    .execute(&mut *tx)
    .await?;
    let held = sqlx::query!(
        "update watches
         set unsure_until = null
         where environment_id = $1
         and token = $2",
        claim.environment.uuid(),
        claim.token
    );
    let held = held.execute(&mut *tx).await?.rows_affected() == 1;
    if held {
        tx.commit().await?;
    }
    Ok(held)
}

/// Records that Coolify is sent the password's hash: from now on it may have it.
pub async fn offer_password(pool: &PgPool, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments set password_offered = true where id = $1",
        environment.uuid()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Records that Coolify is about to be given memory and CPUs: from now on it is not known what it has.
pub async fn offer_resources(pool: &PgPool, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments set resources_given_to = '' where id = $1",
        environment.uuid()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Records what Coolify was given for an application.
pub async fn resources_given(
    pool: &PgPool,
    claim: Claim,
    uuid: &str,
    given: Resources,
) -> sqlx::Result<()> {
    let (memory, cpus) = given.numbers();
    sqlx::query!(
        "update environments e
         set resources_given_to = $3, memory_given = $4, cpus_given = $5
         from watches w
         where e.id = $1
         and w.environment_id = e.id
         and w.token = $2",
        claim.environment.uuid(),
        claim.token,
        uuid,
        memory,
        cpus
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Deletes the password hash, if it is still the one that Coolify has accepted.
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

/// Records that volumes are about to be requested.
pub async fn ask_volumes(pool: &PgPool, deployment: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "update deployments set volumes_asked = true where id = $1",
        deployment
    )
    .execute(pool)
    .await
    .map(drop)
}
