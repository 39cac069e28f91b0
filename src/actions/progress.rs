//! How far deployments are, for programs that follow them. Reads only.

use super::refusal::Refusal;
use crate::app::App;
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::store::progress::{self, Which};
use uuid::Uuid;

pub use progress::Progress;

/// The last deployments of the owner's environment, newest first.
pub async fn list(app: &App, owner: UserId, id: EnvironmentId) -> sqlx::Result<Vec<Progress>> {
    let which = Which {
        environments: &[id.uuid()],
        ..Which::default()
    };
    progress::list(&app.pool, owner, &which).await
}

/// The newest deployment of the owner's environment.
///
/// # Errors
/// `NotFound` when there is none, or the environment does not exist or belongs to another user.
pub async fn newest(app: &App, owner: UserId, id: EnvironmentId) -> Result<Progress, Refusal> {
    let which = Which {
        environments: &[id.uuid()],
        most: Some(1),
        ..Which::default()
    };
    let found = progress::list(&app.pool, owner, &which).await?;
    found.into_iter().next().ok_or(Refusal::NotFound)
}

/// The deployments under way of these environments of the owner.
pub async fn under_way(
    app: &App,
    owner: UserId,
    environments: &[Uuid],
) -> sqlx::Result<Vec<Progress>> {
    if environments.is_empty() {
        return Ok(vec![]);
    }
    let which = Which {
        environments,
        moving: true,
        ..Which::default()
    };
    progress::list(&app.pool, owner, &which).await
}

/// The environment of a deployment.
///
/// # Errors
/// `NotFound` when it does not exist or belongs to another user.
pub async fn environment(
    app: &App,
    owner: UserId,
    id: DeploymentId,
) -> Result<EnvironmentId, Refusal> {
    let found = progress::environment(&app.pool, owner, id).await?;
    found.ok_or(Refusal::NotFound)
}

/// A deployment of the owner's environments.
///
/// # Errors
/// `NotFound` when it does not exist or belongs to another user.
pub async fn get(app: &App, owner: UserId, id: DeploymentId) -> Result<Progress, Refusal> {
    let environment = environment(app, owner, id).await?;
    let which = Which {
        environments: &[environment.uuid()],
        only: Some(id),
        ..Which::default()
    };
    let found = progress::list(&app.pool, owner, &which).await?;
    found.into_iter().next().ok_or(Refusal::NotFound)
}
