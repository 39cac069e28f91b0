//! The line of deployments that wait for their turn, for administrators.

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::DeploymentId;
use crate::store::{self, audit, line, turns};

pub use line::{Room, Waiting};

/// Those that wait, the next one first, and what they wait for.
pub async fn read(app: &App) -> sqlx::Result<(Vec<Waiting>, Room)> {
    let waiting = line::waiting(&app.pool).await?;
    Ok((waiting, line::room(&app.pool).await?))
}

/// Moves a deployment to the front of the line; `false` when it is there already, or waits no longer. The owners of those
/// whose place changes see it.
pub async fn move_up(app: &App, by: &Actor, id: DeploymentId) -> sqlx::Result<bool> {
    let mut tx = store::begin(&app.pool).await?;
    // Whoever gives turns at the moment numbers the line again in the next round.
    let numbers = turns::lock(&mut tx).await?.is_some();
    let Some((environment, name)) = line::move_up(&mut tx, id).await? else {
        return Ok(false);
    };
    let moved = Entry::of(Action::EnvironmentMovedUp, environment.uuid(), &name);
    audit::add(&mut tx, by, &moved).await?;
    if numbers {
        turns::number(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(true)
}
