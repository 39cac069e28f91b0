//! The status cache entry of an environment's row.

use crate::app::App;
use crate::domain::id::{EnvironmentId, UserId};
use crate::redis::cache::Known;
use crate::store::environments;

/// The cache entry of the owner's row, or its values from the database; `None` when it does not exist or is not theirs.
pub async fn get(app: &App, owner: UserId, id: EnvironmentId) -> sqlx::Result<Option<Known>> {
    let known = match app.cache.get(id).await {
        Some(known) => Some(known),
        None => update(app, id).await?,
    };
    Ok(known.filter(|known| known.owner == owner))
}

/// Refreshes a row's cache entry.
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
