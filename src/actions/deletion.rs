//! Deleting an environment by whoever need not type its name, such as a program.

use super::environments::{self, Removal};
use super::refusal::{Refusal, owner};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::id::EnvironmentId;

/// Requests the removal of the owner's environment, in any status; with a version, only while that is the current one.
///
/// # Errors
/// `NotFound`, or `Changed`.
pub async fn delete(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    version: Option<i64>,
) -> Result<Removal, Refusal> {
    let who = (owner(by)?, by);
    environments::delete_if(app, who, id, |row| match version {
        Some(version) if version != row.version => Err(Refusal::Changed),
        _ => Ok(()),
    })
    .await
}
