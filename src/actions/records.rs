//! What is kept of each deployment: its row, its log, wherever that is, and the calls to Coolify that were made for it. Reads only.

use super::refusal::Refusal;
use crate::app::App;
use crate::store::{calls, deployment_rows};

pub use super::archived::{OpenLog, Unread};
pub use crate::store::calls::CallRow;
pub use crate::store::deployment_rows::DeploymentRow;
pub use crate::store::log_lines::{Line, Match, Of, Section};

/// A deployment of the owner's environment.
///
/// # Errors
/// `NotFound` when it does not exist or belongs to another user.
pub async fn deployment(app: &App, of: Of) -> Result<DeploymentRow, Refusal> {
    let only = Some(of.deployment);
    let found = deployment_rows::list(&app.pool, of.owner, of.environment, only).await?;
    found.into_iter().next().ok_or(Refusal::NotFound)
}

/// The calls that were made for it.
pub async fn calls(app: &App, of: Of) -> sqlx::Result<Vec<CallRow>> {
    calls::list(&app.pool, of).await
}
