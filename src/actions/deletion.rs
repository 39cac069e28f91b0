//! Deleting an environment by whoever need not type its name, such as a program.

use super::environments::{self, Removal};
use super::refusal::{Refusal, owner};
use crate::app::App;
use crate::crash;
use crate::domain::actor::Actor;
use crate::domain::id::EnvironmentId;
use crate::store;

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
    let owner = owner(by)?;
    let mut tx = store::begin(&app.pool).await?;
    let row = store::environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    if version.is_some_and(|version| version != row.version) {
        return Err(Refusal::Changed);
    }
    let removal = environments::remove(app, &mut tx, (owner, by), id).await?;
    crash::point("asked.before");
    tx.commit().await?;
    crash::point("asked.after");
    Ok(removal)
}
