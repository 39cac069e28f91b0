//! When the worker has something to do next.

use crate::app::App;
use crate::store::upcoming;

pub use upcoming::Upcoming;

/// Reads when work of each kind is due.
pub async fn upcoming(app: &App) -> sqlx::Result<Upcoming> {
    upcoming::upcoming(&app.pool).await
}
