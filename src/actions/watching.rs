//! The watcher: claims due rows of one kind and polls each in its own task, so that a fault in one row does not affect
//! the others.

use super::holder::holder;
use super::snapshot::Snapshots;
use super::watch_deployment::{Seen, carry_on, is_unchanged, waits_for_build};
use super::watch_deployment::{look_at_build, look_at_start};
use super::writing::again;
use super::{watch_removal, watch_settled};
use crate::app::App;
use crate::crash;
use crate::domain::judge::Heartbeat;
use crate::store::watches::{self, Again, Due};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use watches::Kind;

/// The maximum number of deployments or removals claimed in a round.
const BATCH: i64 = 1_000;
/// The maximum number of concurrent polls.
const AT_ONCE: usize = 256;
/// How long confirmed rows are gathered, to be written together.
const GATHER: Duration = Duration::from_millis(100);

/// Watches the rows of one kind; cheap to clone.
#[derive(Clone)]
pub struct Watcher {
    app: App,
    kind: Kind,
    snapshots: Arc<Snapshots>,
    permits: Arc<Semaphore>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    /// Rows that run, which is not written yet.
    confirmed: Arc<Mutex<Vec<(Due, Heartbeat)>>>,
}

impl Watcher {
    pub fn new(app: App, kind: Kind) -> Self {
        Self {
            app,
            kind,
            snapshots: Arc::default(),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            tasks: Arc::default(),
            confirmed: Arc::default(),
        }
    }

    /// Claims due rows and starts polling them.
    pub async fn round(&self) -> sqlx::Result<()> {
        self.forget_ended();
        let most = match self.kind {
            Kind::Settled => self.app.pace.rechecks,
            Kind::Deployment | Kind::Removal => BATCH,
        };
        let due = watches::claim(&self.app.pool, self.kind, most, holder(&self.app)).await?;
        if due.is_empty() {
            return Ok(());
        }
        crash::point("claim.after");
        if self.kind == Kind::Deployment {
            let all = self.clone();
            self.spawn(Box::pin(async move { all.deployments(due).await }));
            return Ok(());
        }
        for due in due {
            match self.kind {
                Kind::Removal => self.begin(watch_removal::look(self.app.clone(), due)),
                _ => self.begin(self.clone().settled(due)),
            }
        }
        Ok(())
    }

    async fn settled(self, due: Due) -> sqlx::Result<()> {
        if let Some((due, heartbeat)) = watch_settled::look(self.app.clone(), due).await? {
            self.confirm(due, heartbeat);
        }
        Ok(())
    }

    /// Writes that a row runs, in a moment, together with those that are confirmed until then.
    fn confirm(&self, due: Due, heartbeat: Heartbeat) {
        let mut confirmed = locked(&self.confirmed);
        confirmed.push((due, heartbeat));
        if confirmed.len() == 1 {
            drop(confirmed);
            let all = self.clone();
            self.spawn(Box::pin(async move {
                tokio::time::sleep(GATHER).await;
                let confirmed = std::mem::take(&mut *locked(&all.confirmed));
                let mut later = Again::default();
                for (due, heartbeat) in &confirmed {
                    later.push_running(due, all.app.pace.recheck, *heartbeat);
                }
                let rows: Vec<Due> = confirmed.into_iter().map(|(due, _)| due).collect();
                again(&all.app, &rows, &later).await
            }));
        }
    }

    /// Polls one row when a slot is free.
    fn begin(&self, look: impl Future<Output = sqlx::Result<()>> + Send + 'static) {
        let permits = Arc::clone(&self.permits);
        self.spawn(Box::pin(async move {
            let _permit = permits.acquire().await;
            look.await
        }));
    }

    /// Runs a poll in its own task, which times out before its claims expire.
    fn spawn(&self, work: Pin<Box<dyn Future<Output = sqlx::Result<()>> + Send>>) {
        let (kind, limit) = (self.kind.word(), self.app.pace.step);
        let work = async move {
            match tokio::time::timeout(limit, work).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(kind, %error, "look not written"),
                Err(_) => tracing::warn!(kind, "a look took too long"),
            }
        };
        self.tasks().spawn(work);
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        locked(&self.tasks)
    }

    /// Waits for all running polls.
    pub async fn finish(&self) {
        // A poll may start others, so the lock is not held while waiting.
        while !self.tasks().is_empty() {
            tokio::time::sleep(self.app.pace.tick).await;
            self.forget_ended();
        }
    }

    fn forget_ended(&self) {
        let mut tasks = self.tasks();
        while let Some(ended) = tasks.try_join_next() {
            log_panic(ended);
        }
    }

    /// Deployments that wait for a build are polled together.
    async fn deployments(&self, due: Vec<Due>) -> sqlx::Result<()> {
        let (building, starting): (Vec<_>, Vec<_>) = due.into_iter().partition(waits_for_build);
        for due in starting {
            self.begin(look_at_start(self.app.clone(), due));
        }
        if building.is_empty() {
            return Ok(());
        }
        let followed = building
            .iter()
            .filter_map(|due| due.deployment_uuid.clone());
        let builds = self.snapshots.get(&self.app, followed.collect()).await;
        let mut unchanged = vec![];
        for due in building {
            let seen = match &builds {
                Err(sighting) => Some(sighting.clone().into()),
                Ok(builds) => {
                    let uuid = due.deployment_uuid.as_deref().unwrap_or_default();
                    builds.get(uuid).cloned().map(Seen::of)
                }
            };
            match seen {
                Some(seen) if is_unchanged(&self.app, &due, &seen) => unchanged.push(due),
                Some(seen) => {
                    let app = self.app.clone();
                    self.begin(async move { carry_on(&app, due, seen).await });
                }
                None => self.begin(look_at_build(self.app.clone(), due)),
            }
        }
        if unchanged.is_empty() {
            return Ok(());
        }
        let mut later = Again::default();
        for due in &unchanged {
            later.push(due, self.app.pace.look_every, false, 0);
        }
        again(&self.app, &unchanged, &later).await
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A poll panicked: its claim expires, and the other polls continue.
fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a look panicked");
    }
}
