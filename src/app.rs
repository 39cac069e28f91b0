//! The dependencies of every action: the pool, Coolify, the caches, the limits, and all timings. A bundle of handles.

mod hash_slots;
mod loops;
mod poll_cache;

pub use hash_slots::HashSlots;
pub use loops::Loops;
pub use poll_cache::{PageVersion, PollCache};

use crate::archive::Archive;
use crate::coolify::{self, Branch, Client, Probe, Repositories};
use crate::domain::agents_domain::AgentsDomain;
use crate::domain::allowance::Allowance;
use crate::domain::id::EnvironmentId;
use crate::domain::judge::Patience;
use crate::domain::user::WhoRegisters;
use crate::metrics::Metrics;
use crate::redis::Redis;
use crate::redis::calls::{CallBudget, CallRates};
use crate::redis::limits::Limits;
use moka::sync::Cache;
use sqlx::PgPool;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify, Semaphore};
use uuid::Uuid;

/// How many logs are fetched and decompressed at once, each from its beginning: a core each, and others are left for requests.
const LOGS_AT_ONCE: usize = 2;

/// The dependencies of every action; cheap to clone, because every request clones it several times.
#[derive(Clone)]
pub struct App(Arc<Handles>);

impl Deref for App {
    type Target = Handles;

    fn deref(&self) -> &Handles {
        &self.0
    }
}

/// What an `App` holds.
pub struct Handles {
    pub pool: PgPool,
    /// What is counted and measured in this process.
    pub metrics: Metrics,
    /// The client itself: a call that was not reserved uses up the budget of others.
    pub coolify: Client,
    pub probe: Probe,
    /// Where the logs of ended deployments are.
    pub archive: Archive,
    pub redis: Redis,
    pub limits: Limits,
    /// The budget of calls to Coolify, shared by steps, polls and logs.
    pub calls: CallBudget,
    pub hash_slots: HashSlots,
    /// What polls need, kept in the process.
    pub polls: PollCache,
    /// The logs of containers that people look at, for a few seconds.
    pub container_logs: Cache<EnvironmentId, Arc<Mutex<Option<ContainerLog>>>>,
    /// Whoever has a log of the store in memory to read it holds one.
    pub log_slots: Arc<Semaphore>,
    /// Wakes the worker when a change of an environment was heard.
    pub changed: Arc<Notify>,
    /// When each loop of the worker last ended a round.
    pub loops: Loops,
    /// Identifies this process in its claims.
    pub holder: Uuid,
    pub domain: AgentsDomain,
    /// The folder that Open shows.
    pub folder: String,
    /// What environments may be built from.
    pub repositories: Repositories,
    /// The standard branch, if it is watched for updates.
    pub branch: Option<Branch>,
    pub registration: WhoRegisters,
    /// What everybody may have for whom nothing else is decided.
    pub allowance: Allowance,
    pub pace: Arc<Pace>,
}

/// The last lines of a container's log, or why they cannot be shown.
#[derive(Debug, Clone)]
pub struct ContainerLog(pub Result<Arc<[String]>, String>);

/// Timeouts and intervals.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The duration of a claim; longer than a call's timeout, and shorter than the queue's redelivery timeout.
    pub lease: Duration,
    /// The timeout of a step or a poll; shorter than the lease.
    pub step: Duration,
    /// The timeout of the watcher's calls to Coolify; short, because it also probes an address.
    pub look: Duration,
    /// How long nothing is created after a response was lost.
    pub landing: Duration,
    /// The polling interval of deployments and removals.
    pub look_every: Duration,
    /// The polling interval of running environments.
    pub recheck: Duration,
    /// How soon an environment that did not answer is polled again before it is marked as lost.
    pub doubt: Duration,
    /// After this time without a confirmation, an environment is no longer shown as running.
    pub unconfirmed: Duration,
    /// The retry delay of a removal that Coolify refused.
    pub refused: Duration,
    /// The longest time without turns when Coolify's build queue is full.
    pub queue_full: Duration,
    /// The initial retry delay of a failed step; doubled with every attempt.
    pub retry: Duration,
    /// How often the log of a container that somebody looks at is read.
    pub container_log: Duration,
    /// The retry delay of a log that could not be fetched.
    pub log: Duration,
    /// How long somebody who wants to read a log from its store waits while others read theirs.
    pub log_slot: Duration,
    /// How often finished logs are moved to their store, and the retry delay of one that could not be.
    pub archive: Duration,
    /// How long a log has been complete before it is moved: its last lines may be late.
    pub log_settles: Duration,
    /// How long logs are kept in their store; `None` is for ever.
    pub log_retention: Option<Duration>,
    /// How long the audit is kept; `None` is for ever.
    pub audit_retention: Option<Duration>,
    /// The time limits of a deployment from its turn on, and of a build.
    pub deadline: Duration,
    /// How long a deployment may wait for its turn.
    pub turn_wait: Duration,
    /// How long a removal may take before its owner sees a message.
    pub removal: Duration,
    /// How long a removal is tried before its owner may give up.
    pub give_up: Duration,
    /// How long a cancelled build may take to stop before its application is removed anyway.
    pub winding_down: Duration,
    pub patience: Patience,
    /// How often the worker asks what is due while something moves; otherwise it is woken, or asks less often.
    pub tick: Duration,
    /// The maximum number of running environments polled in one tick.
    pub rechecks: i64,
    /// How often Coolify's build limits are read.
    pub limits: Duration,
    /// How often the branch's newest commit is read.
    pub branch: Duration,
    /// How often it is recorded which sessions are in use.
    pub sessions: Duration,
    /// How often the sweep searches for stuck rows.
    pub sweep: Duration,
    /// A loop that has not ended a round for this long counts as hung.
    pub hang: Duration,
    /// How long the counts that a scrape read from the database are used again.
    pub scrape: Duration,
    /// The rates of calls to Coolify, over all instances.
    pub rates: CallRates,
}

impl Default for Pace {
    fn default() -> Self {
        let (seconds, minutes) = (Duration::from_secs, Duration::from_mins);
        Self {
            lease: seconds(24),
            step: seconds(23),
            look: seconds(15),
            landing: coolify::LANDING,
            look_every: seconds(2),
            recheck: minutes(1),
            doubt: seconds(10),
            unconfirmed: minutes(5),
            refused: seconds(30),
            queue_full: minutes(5),
            retry: seconds(2),
            container_log: seconds(4),
            log: seconds(5),
            log_slot: seconds(10),
            archive: seconds(10),
            log_settles: minutes(3),
            log_retention: None,
            audit_retention: Some(Duration::from_hours(24 * 365)),
            deadline: minutes(20),
            turn_wait: Duration::from_hours(12),
            removal: minutes(2),
            give_up: minutes(1),
            winding_down: minutes(1),
            patience: Patience::default(),
            tick: Duration::from_millis(500),
            rechecks: 20,
            limits: minutes(1),
            branch: minutes(10),
            sessions: seconds(15),
            sweep: seconds(30),
            hang: minutes(1),
            scrape: seconds(5),
            rates: CallRates::default(),
        }
    }
}

/// The parts of an `App`.
pub struct Parts {
    pub pool: PgPool,
    pub client: Client,
    pub probe: Probe,
    pub archive: Archive,
    pub redis: Redis,
    /// The prefix of every key in Redis.
    pub prefix: String,
    pub domain: AgentsDomain,
    /// The folder that Open shows.
    pub folder: String,
    /// What environments may be built from.
    pub repositories: Repositories,
    /// The standard branch, if it is watched for updates.
    pub branch: Option<Branch>,
    pub registration: WhoRegisters,
    /// What everybody may have for whom nothing else is decided.
    pub allowance: Allowance,
    pub pace: Pace,
}

impl App {
    /// Builds the `App` from its parts.
    pub fn new(parts: Parts) -> Self {
        let metrics = Metrics::default();
        Self(Arc::new(Handles {
            pool: parts.pool,
            coolify: parts.client.measured_by(metrics.clone()),
            probe: parts.probe,
            archive: parts.archive,
            limits: Limits::new(parts.redis.clone(), &parts.prefix),
            calls: CallBudget::new(parts.redis.clone(), &parts.prefix, parts.pace.rates),
            redis: parts.redis,
            hash_slots: HashSlots::default(),
            polls: PollCache::new(&metrics),
            metrics,
            container_logs: Cache::builder()
                .max_capacity(1_000)
                .time_to_live(parts.pace.container_log)
                .build(),
            log_slots: Arc::new(Semaphore::new(LOGS_AT_ONCE)),
            changed: Arc::default(),
            loops: Loops::default(),
            holder: Uuid::now_v7(),
            domain: parts.domain,
            folder: parts.folder,
            repositories: parts.repositories,
            branch: parts.branch,
            registration: parts.registration,
            allowance: parts.allowance,
            pace: Arc::new(parts.pace),
        }))
    }
}

/// Whether the database answers.
pub async fn database_answers(app: &App) -> bool {
    let ping = async { sqlx::Connection::ping(&mut *app.pool.acquire().await?).await };
    let answer = tokio::time::timeout(Duration::from_secs(2), ping).await;
    matches!(answer, Ok(Ok(())))
}
