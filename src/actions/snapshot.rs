//! The running builds in Coolify, fetched in one call for all deployments that wait for one.

use super::calls::{Calls, POLL_WAIT, within};
use super::look::unseen;
use crate::app::App;
use crate::coolify::DeploymentRow;
use crate::domain::judge::Sighting;
use crate::redis::calls::Lane;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// The builds by uuid, or the sighting that stands for an error.
pub type Builds = Result<Arc<HashMap<String, DeploymentRow>>, Sighting>;

/// The last snapshot, shared by polls at nearly the same time.
#[derive(Default)]
pub struct Snapshots(Mutex<Option<Taken>>);

struct Taken {
    began: Instant,
    /// Longer if the fetch took long.
    fresh_for: Duration,
    builds: Builds,
}

impl Snapshots {
    /// The running builds, with the logs of the followed ones.
    pub async fn get(&self, app: &App, followed: HashSet<String>) -> Builds {
        let mut last = self.0.lock().await;
        if let Some(taken) = &*last
            && taken.began.elapsed() < taken.fresh_for
        {
            return taken.builds.clone();
        }
        let began = Instant::now();
        let builds = fetch(app, &followed).await;
        *last = Some(Taken {
            began,
            fresh_for: (app.pace.look_every * 3 / 4).max(began.elapsed() * 4),
            builds: builds.clone(),
        });
        builds
    }
}

async fn fetch(app: &App, followed: &HashSet<String>) -> Builds {
    // It serves all deployments, so it waits for its call: many other looks would take each as it becomes free.
    let calls = Calls::reserve_within(app, Lane::Look, POLL_WAIT).await;
    let Ok(client) = calls.one().await else {
        return Err(Sighting::Skipped);
    };
    match within(app.pace.look, client.builds_in_flight(followed)).await {
        Ok(rows) => {
            let named = |row: DeploymentRow| (row.deployment_uuid.clone(), row);
            Ok(Arc::new(rows.into_iter().map(named).collect()))
        }
        Err(error) => Err(unseen(app, error).await),
    }
}
