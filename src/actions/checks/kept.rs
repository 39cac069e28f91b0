//! The last findings, which all copies share, and running the checks again in the background: one run at a time.

use super::finding::Finding;
use super::run::{LONGEST, all};
use super::setup::Setup;
use crate::app::App;
use crate::store::findings;
use std::sync::Arc;
use time::OffsetDateTime;

/// The last checks.
pub struct Last {
    /// Whether they run now.
    pub runs: bool,
    /// When the last ones ended, and the database's time.
    pub ended: Option<(OffsetDateTime, OffsetDateTime)>,
    pub found: Vec<Finding>,
}

/// Reads what the last checks found. What another version has saved in another form is as if nothing had been checked.
pub async fn last(app: &App) -> sqlx::Result<Last> {
    let last = findings::read(&app.pool, LONGEST).await?;
    let found = serde_json::from_value::<Vec<Finding>>(last.found).ok();
    Ok(Last {
        runs: last.begun_at.is_some(),
        ended: last
            .ended_at
            .filter(|_| found.is_some())
            .map(|at| (at, last.now)),
        found: found.unwrap_or_default(),
    })
}

/// Begins the checks, unless they run already.
pub async fn begin(app: &App, setup: &Arc<Setup>) -> sqlx::Result<()> {
    if findings::claim(&app.pool, LONGEST).await? {
        let (app, setup) = (app.clone(), Arc::clone(setup));
        tokio::spawn(async move {
            let found = Box::pin(all(&app, &setup)).await;
            let found = serde_json::json!(found);
            if let Err(error) = findings::save(&app.pool, &found).await {
                tracing::warn!(%error, "what the checks found is not saved");
            }
        });
    }
    Ok(())
}
