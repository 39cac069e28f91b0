//! What every action needs: the pool, Coolify, the cache, the limits, and how long things may take. A bundle of handles.

mod hash_slots;
mod loops;

pub use hash_slots::HashSlots;
pub use loops::Loops;

use crate::coolify::{self, Client, Probe};
use crate::domain::environment::AgentsDomain;
use crate::domain::judge::Patience;
use crate::redis::Redis;
use crate::redis::cache::StatusCache;
use crate::redis::calls::{CallBudget, CallRates};
use crate::redis::limits::Limits;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Everything an action needs; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub pool: PgPool,
    /// Coolify itself: whoever uses it without having reserved the call takes it from others.
    pub coolify: Client,
    pub probe: Probe,
    pub redis: Redis,
    pub cache: StatusCache,
    pub limits: Limits,
    /// The calls to Coolify that steps, looks and logs reserve.
    pub calls: CallBudget,
    pub hash_slots: HashSlots,
    /// When each loop of the worker last ended a round.
    pub loops: Loops,
    /// Names this process in what it claims.
    pub holder: Uuid,
    pub domain: AgentsDomain,
    pub registration_open: bool,
    pub pace: Arc<Pace>,
}

/// How long things may take and how often they are looked at.
#[derive(Debug, Clone)]
pub struct Pace {
    /// How long a claim lasts; longer than a call may take, and shorter than the queue waits for a job.
    pub lease: Duration,
    /// How long one run of a step, or one look, may take; shorter than the lease.
    pub step: Duration,
    /// How long the watcher waits for an answer of Coolify: it has an address to ask, too.
    pub look: Duration,
    /// How long after a lost answer nothing is created.
    pub landing: Duration,
    /// How often a deployment or a removal is looked at.
    pub look_every: Duration,
    /// How often an environment that runs is looked at.
    pub recheck: Duration,
    /// How soon one that seems lost is looked at again before it is said to be.
    pub doubt: Duration,
    /// After this time without a confirmation nobody says that an environment runs.
    pub unconfirmed: Duration,
    /// How soon a removal that Coolify refused is tried again.
    pub refused: Duration,
    /// How long turns are closed at most when Coolify's build queue is full.
    pub queue_full: Duration,
    /// How soon a step that failed is tried again; doubled with every attempt.
    pub retry: Duration,
    /// How soon a log that could not be fetched is tried again.
    pub log: Duration,
    /// How long a deployment may take from its turn, and how long a build may.
    pub deadline: Duration,
    /// How long a deployment may wait for its turn.
    pub turn_wait: Duration,
    /// How long a removal may take before its owner is told.
    pub removal: Duration,
    /// How long a build that was cancelled may take to end before its application is removed all the same.
    pub winding_down: Duration,
    pub patience: Patience,
    /// How often the watcher asks which rows are due, and whether there are turns to give.
    pub tick: Duration,
    /// How many environments that run are looked at in one tick at most.
    pub rechecks: i64,
    /// How often Coolify is asked how many builds it allows.
    pub limits: Duration,
    /// How often the sweep looks for rows that nobody has.
    pub sweep: Duration,
    /// A loop that has not ended a round for this long hangs.
    pub hang: Duration,
    /// How many calls to Coolify all copies begin.
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
            log: seconds(5),
            deadline: minutes(20),
            turn_wait: Duration::from_hours(12),
            removal: minutes(2),
            winding_down: minutes(1),
            patience: Patience::default(),
            tick: Duration::from_millis(500),
            rechecks: 20,
            limits: minutes(1),
            sweep: seconds(30),
            hang: minutes(1),
            rates: CallRates::default(),
        }
    }
}

/// What an `App` is made of.
pub struct Parts {
    pub pool: PgPool,
    pub client: Client,
    pub probe: Probe,
    pub redis: Redis,
    /// Begins every key in Redis.
    pub prefix: String,
    pub domain: AgentsDomain,
    pub registration_open: bool,
    pub pace: Pace,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self {
            pool: parts.pool,
            coolify: parts.client,
            probe: parts.probe,
            cache: StatusCache::new(parts.redis.clone(), &parts.prefix),
            limits: Limits::new(parts.redis.clone(), &parts.prefix),
            calls: CallBudget::new(parts.redis.clone(), &parts.prefix, parts.pace.rates),
            redis: parts.redis,
            hash_slots: HashSlots::default(),
            loops: Loops::default(),
            holder: Uuid::now_v7(),
            domain: parts.domain,
            registration_open: parts.registration_open,
            pace: Arc::new(parts.pace),
        }
    }
}

/// Whether the database answers.
pub async fn database_answers(app: &App) -> bool {
    let answer = tokio::time::timeout(Duration::from_secs(2), app.pool.acquire()).await;
    match answer {
        Ok(Ok(mut connection)) => sqlx::Connection::ping(&mut *connection).await.is_ok(),
        _ => false,
    }
}
