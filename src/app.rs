//! What every action needs: the pool, Coolify, the cache, the limits, and how long things may take.

use crate::coolify::{self, Client, Error, Probe};
use crate::domain::environment::AgentsDomain;
use crate::domain::judge::Patience;
use crate::redis::Redis;
use crate::redis::cache::StatusCache;
use crate::redis::calls::{CallBudget, CallRates};
use crate::redis::limits::{self, Bucket, Limits};
use sqlx::PgPool;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Everything an action needs; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub pool: PgPool,
    pub probe: Probe,
    pub redis: Redis,
    pub cache: StatusCache,
    pub limits: Limits,
    /// The calls to Coolify that steps, looks and logs reserve.
    #[expect(dead_code, reason = "steps do not reserve their calls yet")]
    pub calls: CallBudget,
    pub hash_slots: HashSlots,
    pub domain: AgentsDomain,
    pub registration_open: bool,
    pub pace: Arc<Pace>,
    /// Calls to Coolify that were set aside for the step this one is for.
    reserve: Arc<AtomicU32>,
    client: Client,
}

/// Who may hash a password: each hash takes 19 MiB and a core.
#[derive(Clone)]
pub struct HashSlots {
    /// For those who hash.
    pub at_once: Arc<Semaphore>,
    /// For those who hash and those who wait for it.
    pub line: Arc<Semaphore>,
}

impl HashSlots {
    /// Slots for so many at once, while so many more wait.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            line: Arc::new(Semaphore::new(at_once + waiting)),
        }
    }
}

/// One hash for each core, and a line that is done within a second.
impl Default for HashSlots {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::new(cores, 4 * cores)
    }
}

/// How long things may take and how often they are looked at.
#[derive(Debug, Clone)]
pub struct Pace {
    /// How long a step owns an environment; longer than a call may take.
    pub lease: Duration,
    /// How long one run of a step may take; shorter than the lease, so that the queue does not give its job to another.
    pub step: Duration,
    /// How long the watcher waits for an answer: it has others to look at.
    pub look: Duration,
    /// How long after a lost answer nothing is created.
    pub landing: Duration,
    /// How soon a waiting row is looked at again: at first, later, and at last.
    pub looks: [Duration; 3],
    /// How often an environment that runs is looked at.
    pub recheck: Duration,
    /// How soon one that seems lost is looked at again before it is said to be.
    pub doubt: Duration,
    /// How soon a removal that Coolify refused is tried again.
    pub refused: Duration,
    /// How soon a step that failed is tried again; doubled with every attempt.
    pub retry: Duration,
    /// How often a log is fetched while it grows.
    pub log: Duration,
    /// How long a deployment may take.
    pub deadline: Duration,
    /// How long a removal may take before its owner is told.
    pub removal: Duration,
    /// How long a build that was cancelled may take to end before its application is removed all the same.
    pub winding_down: Duration,
    pub patience: Patience,
    /// How often the watcher asks which rows are due.
    pub tick: Duration,
    /// How often the sweep looks for rows that nobody has.
    pub sweep: Duration,
    /// How many calls to Coolify all copies begin.
    pub rates: CallRates,
    /// How many calls all of us make to Coolify.
    pub calls: Bucket,
    /// How many more are the watcher's own.
    pub look_calls: Bucket,
    /// How many of them fetch logs.
    pub log_calls: Bucket,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(25),
            step: Duration::from_secs(24),
            look: Duration::from_secs(10),
            landing: coolify::LANDING,
            looks: [
                Duration::from_secs(2),
                Duration::from_secs(5),
                Duration::from_secs(10),
            ],
            recheck: Duration::from_mins(1),
            doubt: Duration::from_secs(10),
            refused: Duration::from_secs(30),
            retry: Duration::from_secs(2),
            log: Duration::from_secs(5),
            deadline: Duration::from_mins(20),
            removal: Duration::from_mins(2),
            winding_down: Duration::from_mins(1),
            patience: Patience::default(),
            tick: Duration::from_millis(500),
            sweep: Duration::from_secs(30),
            rates: CallRates::default(),
            calls: limits::COOLIFY,
            look_calls: limits::COOLIFY_LOOKS,
            log_calls: limits::COOLIFY_LOGS,
        }
    }
}

/// Who waits for a call to Coolify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// A person clicked: the step of a deployment or a removal.
    Step,
    /// The watcher, whose one call serves all rows.
    Look,
    /// A log that somebody may read.
    Log,
}

impl Urgency {
    /// How many of the allowed calls are left to those who are more urgent.
    fn keeps(self) -> u32 {
        match self {
            Self::Step => 0,
            Self::Look => 8,
            Self::Log => 16,
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
            probe: parts.probe,
            cache: StatusCache::new(parts.redis.clone(), &parts.prefix),
            limits: Limits::new(parts.redis.clone(), &parts.prefix),
            calls: CallBudget::new(parts.redis.clone(), &parts.prefix, parts.pace.rates),
            redis: parts.redis,
            hash_slots: HashSlots::default(),
            domain: parts.domain,
            registration_open: parts.registration_open,
            pace: Arc::new(parts.pace),
            reserve: Arc::default(),
            client: parts.client,
        }
    }

    /// Coolify, for one call: takes it from what Coolify allows all of us.
    ///
    /// # Errors
    /// `Spent` when nothing is left for this urgency at the moment.
    pub async fn coolify(&self, urgency: Urgency) -> Result<&Client, Error> {
        if self.has_own(urgency).await {
            return Ok(&self.client);
        }
        self.limits
            .take(&self.pace.calls, "all", urgency.keeps())
            .await
            .map_err(Error::Spent)?;
        Ok(&self.client)
    }

    /// Whether there is a call that nobody else could have: of the step's reserve, or of the watcher's share.
    async fn has_own(&self, urgency: Urgency) -> bool {
        match urgency {
            Urgency::Step => {
                let one_less = |left: u32| left.checked_sub(1);
                let taken = self
                    .reserve
                    .try_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
                taken.is_ok()
            }
            Urgency::Look => {
                let taken = self.limits.take(&self.pace.look_calls, "all", 0).await;
                taken.is_ok()
            }
            Urgency::Log => false,
        }
    }

    /// Sets calls aside for one step, all of them or none: many steps that each get a call now and then would begin again and
    /// again and never end.
    ///
    /// # Errors
    /// `Spent` when there are not as many at the moment.
    pub async fn set_aside(&self, calls: u32) -> Result<Self, Error> {
        let taken = self.limits.take_many(&self.pace.calls, "all", calls).await;
        taken.map_err(Error::Spent)?;
        Ok(Self {
            reserve: Arc::new(AtomicU32::new(calls)),
            ..self.clone()
        })
    }

    /// Gives back what was set aside and not needed.
    pub async fn give_back(&self) {
        let left = self.reserve.swap(0, Ordering::Relaxed);
        if left > 0 {
            self.limits.put_back(&self.pace.calls, "all", left).await;
        }
    }

    /// Heeds what Coolify says about its own limit: nobody of us calls before.
    pub async fn heed(&self, error: &Error) {
        if let Error::RateLimited { retry_after: pause } = error {
            let pause = (*pause).min(Duration::from_mins(2));
            for bucket in [&self.pace.calls, &self.pace.look_calls] {
                self.limits.pause(bucket, "all", pause).await;
            }
        }
    }

    /// Coolify, for a check by a person: counts for nothing and waits for nothing.
    pub fn coolify_unmetered(&self) -> &Client {
        &self.client
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
