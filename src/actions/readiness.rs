//! Whether the database does what every action needs.

use crate::app::App;
use crate::store;
use std::time::Duration;

/// How long it may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Whether the database can be read and written: a standby answers, but takes nothing.
pub async fn database_works(app: &App) -> bool {
    let written = tokio::time::timeout(TIMEOUT, store::write_nothing(&app.pool)).await;
    matches!(written, Ok(Ok(())))
}
