//! This process as the holder of claims.

use crate::app::App;
use crate::store::claims::{self, Holder};

/// The holder of a claim for a step or a poll.
pub fn holder(app: &App) -> Holder {
    Holder {
        id: app.holder,
        lease: app.pace.lease,
    }
}

/// Releases this process's claims at shutdown, so that other instances need not wait for the leases to expire.
pub async fn give_back_all(app: &App) {
    match claims::give_back_all(&app.pool, app.holder).await {
        Ok(0) => {}
        Ok(claims) => tracing::info!(claims, "given back"),
        Err(error) => tracing::warn!(%error, "claims not given back, they end by themselves"),
    }
}
