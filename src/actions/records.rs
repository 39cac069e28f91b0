//! What is kept of each deployment: its row, its log, and the calls to Coolify that were made for it. Reads only.

use super::refusal::Refusal;
use crate::app::App;
use crate::store::{calls, deployment_rows, log_lines};

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

/// The end of its log, up to about so many bytes, from a position on.
pub async fn log_end(app: &App, of: Of, from: i32, bytes: i32) -> sqlx::Result<Vec<Line>> {
    log_lines::end(&app.pool, of, from, bytes).await
}

/// The sections of its log, in their order.
pub async fn log_sections(app: &App, of: Of) -> sqlx::Result<Vec<Section>> {
    log_lines::sections(&app.pool, of).await
}

/// The next part of its log from a position on, of about so many bytes; empty at its end.
pub async fn log_part(app: &App, of: Of, from: i32, bytes: i32) -> sqlx::Result<Vec<Line>> {
    log_lines::part(&app.pool, of, from, bytes).await
}

/// The first lines of its log that contain a text, compared without case.
pub async fn log_matches(app: &App, of: Of, text: &str, most: i64) -> sqlx::Result<Vec<Match>> {
    log_lines::matches(&app.pool, of, text, most).await
}
