//! The deployments of an environment, and the steps of the newest one.

use super::error::PageError;
use super::state::Web;
use super::view::{self, Deployment, Step};
use crate::actions::environments;
use crate::domain::id::{EnvironmentId, UserId};

/// The newest deployments, and the steps of the first of them.
pub async fn history(
    web: &Web,
    owner: UserId,
    id: EnvironmentId,
) -> Result<(Vec<Deployment>, Vec<Step>), PageError> {
    let rows = environments::deployments(&web.app, owner, id).await?;
    let steps = match rows.first() {
        Some(newest) => view::steps(newest, &environments::stages(&web.app, newest.id).await?),
        None => vec![],
    };
    Ok((rows.iter().map(Deployment::new).collect(), steps))
}
