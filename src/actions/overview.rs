//! How many there are of everything, for whoever watches the whole.

use crate::app::App;
use crate::queue;
use crate::store::overview;
use std::time::Duration;

pub use crate::store::overview::Overview;

/// How long the database may take: a scrape that hangs tells nothing of the rest.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Counts everything; `None` when the database does not answer.
pub async fn read(app: &App) -> Option<Overview> {
    let read = overview::read(&app.pool, queue::RETRIES);
    let read = tokio::time::timeout(TIMEOUT, read).await;
    let read = read.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    read.inspect_err(|error| tracing::warn!(%error, "overview not read"))
        .ok()
}
