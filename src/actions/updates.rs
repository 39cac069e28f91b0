//! Whether the branch that environments are built from has moved on.

use crate::app::App;
use crate::domain::id::{EnvironmentId, UserId};
use crate::store::updates;

pub use updates::Update;

/// Reads the branch's newest commit, and the titles of what is new, if nobody did so lately. That it cannot be read is no
/// error: nobody is told of an update then.
pub async fn read(app: &App) -> sqlx::Result<()> {
    let Some(branch) = &app.branch else {
        return Ok(());
    };
    if !updates::claim(&app.pool, &branch.source(), app.pace.branch).await? {
        return Ok(());
    }
    let Some(newest) = branch.head().await else {
        tracing::debug!("the branch's newest commit cannot be read");
        return Ok(());
    };
    updates::save_head(&app.pool, &newest).await?;
    for deployed in updates::untold(&app.pool, &newest).await? {
        if let Some(titles) = branch.titles(&deployed, &newest).await {
            updates::save_titles(&app.pool, &deployed, &newest, &titles).await?;
        }
    }
    Ok(())
}

/// What is new for the owner's environment.
pub async fn of(app: &App, owner: UserId, id: EnvironmentId) -> sqlx::Result<Option<Update>> {
    let Some(branch) = &app.branch else {
        return Ok(None);
    };
    updates::of(&app.pool, owner, id, &branch.source()).await
}
