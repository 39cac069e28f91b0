//! The queue of deployments that wait for their turn, for administrators.

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::DeploymentId;
use crate::store::{self, audit, turn_queue, turns};

pub use turn_queue::{Room, Waiting};

/// Those that wait, the next one first, and what they wait for.
pub async fn read(app: &App) -> sqlx::Result<(Vec<Waiting>, Room)> {
    let waiting = turn_queue::waiting(&app.pool).await?;
    Ok((waiting, turn_queue::room(&app.pool).await?))
}

/// Moves a deployment to the front of the queue; `false` when it is there already, or waits no longer. The owners of those
/// whose place changes see it.
pub async fn move_up(app: &App, by: &Actor, id: DeploymentId) -> sqlx::Result<bool> {
    let mut tx = store::begin(&app.pool).await?;
    // Whoever gives turns at the moment numbers the queue again in the next round.
    let numbers = turns::lock(&mut tx).await?.is_some();
    let Some((environment, name)) = turn_queue::move_up(&mut tx, id).await? else {
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
