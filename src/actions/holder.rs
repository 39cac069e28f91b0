//! This process as the holder of claims.

use crate::app::App;
use crate::store::claims::{self, Holder};

/// Who takes a claim for a step or a look.
pub fn holder(app: &App) -> Holder {
    Holder {
        id: app.holder,
        lease: app.pace.lease,
    }
}

/// Gives back what the process still has when it ends: whoever takes over need not wait until its claims end.
pub async fn give_back_all(app: &App) {
    match claims::give_back_all(&app.pool, app.holder).await {
        Ok(0) => {}
        Ok(claims) => tracing::info!(claims, "given back"),
        Err(error) => tracing::warn!(%error, "claims not given back, they end by themselves"),
    }
}
