//! The audit: who did what to what. Each action adds its own entry; here they are read, and the old ones deleted.

use crate::app::App;
use crate::store::{self, audit};

/// Deletes entries that are kept no longer.
pub async fn delete_old(app: &App) -> sqlx::Result<()> {
    let Some(retention) = app.pace.audit_retention else {
        return Ok(());
    };
    let mut tx = store::begin(&app.pool).await?;
    let deleted = audit::delete_older(&mut tx, retention).await?;
    tx.commit().await?;
    if deleted > 0 {
        tracing::info!(entries = deleted, "old entries of the audit deleted");
    }
    Ok(())
}
