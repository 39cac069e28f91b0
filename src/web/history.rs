//! The deployments of an environment, and the steps of the newest one.

use super::error::PageError;
use super::state::Web;
use super::view::{self, Deployment, Step};
use crate::actions::environments::{self, DeploymentRow};

/// The deployments as listed, newest first, and the steps of the first of them.
pub async fn history(
    web: &Web,
    rows: &[DeploymentRow],
) -> Result<(Vec<Deployment>, Vec<Step>), PageError> {
    let steps = match rows.first() {
        Some(newest) => view::steps(newest, &environments::stages(&web.app, newest.id).await?),
        None => vec![],
    };
    Ok((rows.iter().map(Deployment::new).collect(), steps))
}
