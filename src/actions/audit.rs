//! The audit: who did what to what. Each action adds its own entry; here they are read, and the old ones deleted.

use crate::app::App;
use crate::store::{self, audit, audit_rows};

pub use audit_rows::{AuditRow, Filter};

/// At most `limit` entries, newest first; the caller must be an administrator.
pub async fn list(app: &App, filter: &Filter, limit: i64) -> sqlx::Result<Vec<AuditRow>> {
    audit_rows::list(&app.pool, filter, limit).await
}

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
