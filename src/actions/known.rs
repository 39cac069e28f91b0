//! What the status cache knows of an environment's row.

use crate::app::App;
use crate::domain::id::{EnvironmentId, UserId};
use crate::redis::cache::Known;
use crate::store::environments;

/// What the owner's row is at, from the cache if it knows; `None` when it is not there or not theirs.
pub async fn get(app: &App, owner: UserId, id: EnvironmentId) -> sqlx::Result<Option<Known>> {
    let known = match app.cache.get(id).await {
        Some(known) => Some(known),
        None => update(app, id).await?,
    };
    Ok(known.filter(|known| known.owner == owner))
}

/// Puts into the cache what a row is at.
pub async fn update(app: &App, id: EnvironmentId) -> sqlx::Result<Option<Known>> {
    let row = environments::known(&app.pool, id, app.pace.unconfirmed).await?;
    let Some(row) = row else {
        app.cache.forget(id).await;
        return Ok(None);
    };
    let known = Known {
        owner: row.owner_id.into(),
        version: row.version,
        checked_at: row.checked_at,
        unconfirmed: row.unconfirmed,
    };
    app.cache.put(id, known).await;
    Ok(Some(known))
}
