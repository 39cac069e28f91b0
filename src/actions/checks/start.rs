//! The checks of what nobody would notice otherwise, when the dashboard starts.

use super::finding::Finding;
use super::setup::Setup;
use super::{archive, coolify, redis};
use crate::app::App;
use std::sync::Arc;

/// Logs what is wrong with Redis, the store of logs and Coolify as soon as it is known, so that it is not the first
/// deployment that finds it. The demo's Coolify is simulated.
pub fn at_start(app: &App, setup: &Arc<Setup>, is_demo: bool) {
    let own = Arc::clone(setup);
    tokio::spawn(async move { redis::all(&own).await.iter().for_each(Finding::log) });
    let own = app.clone();
    tokio::spawn(async move { archive::at_start(&own).await });
    if !is_demo {
        let (app, setup) = (app.clone(), Arc::clone(setup));
        tokio::spawn(async move { coolify::at_start(&app, &setup).await });
    }
}
