//! The budget of calls to Coolify: shared by all instances in Redis, or kept inside the process without Redis or during
//! its outages. It hands out start times; it must not know what is called.

use super::Redis;
use super::schedule::{Millis, Request, State};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use super::schedule::{CallRates, Lane};

/// The maximum pause, whatever wait Coolify asks for.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// The latest start time that can be reserved.
const FARTHEST: Duration = Duration::from_hours(24);
/// Runs the arithmetic of `schedule` in Redis.
pub(super) const SCRIPT: &str = include_str!("calls.lua");

/// The call budget of all instances; cheap to clone.
#[derive(Clone)]
pub struct CallBudget {
    redis: Redis,
    key: Arc<str>,
    rates: CallRates,
    local: Arc<Local>,
}

/// The reservations without Redis, and the origin of their times.
struct Local {
    state: Mutex<State>,
    began: Instant,
}

impl CallBudget {
    /// A budget with this key prefix.
    pub fn new(redis: Redis, prefix: &str, rates: CallRates) -> Self {
        let local = Local {
            state: Mutex::default(),
            began: Instant::now(),
        };
        Self {
            redis,
            key: format!("{prefix}calls").into(),
            rates,
            local: Arc::new(local),
        }
    }

    /// Reserves calls, at most a burst, for `earliest` from now or later; returns the delay until they may begin. A
    /// reservation for later leaves earlier slots free, as far as there is room to track them. A later pause does not
    /// move reserved times, so check `paused` before the first call.
    pub async fn reserve(&self, lane: Lane, calls: u32, earliest: Duration) -> Duration {
        let request = Request {
            lane,
            calls,
            delay: millis(earliest.min(FARTHEST)),
        };
        let shared = self.run("reserve", arguments(&self.rates, request)).await;
        let wait = shared.unwrap_or_else(|| {
            let mut local = self.local();
            local.reserve(&self.rates, request, self.local_time())
        });
        Duration::from_millis(wait)
    }

    /// Takes one call if it may begin now. A poll has its own rate and takes a common call only while half a burst is
    /// left; a log only while three quarters are.
    ///
    /// # Errors
    /// The time until the call may begin.
    pub async fn try_one(&self, lane: Lane) -> Result<(), Duration> {
        let one = Request {
            lane,
            calls: 1,
            delay: 0,
        };
        let shared = self.run("try", arguments(&self.rates, one)).await;
        let wait = shared.unwrap_or_else(|| {
            let tried = self
                .local()
                .try_reserve(&self.rates, one, self.local_time());
            tried.err().unwrap_or(0)
        });
        match wait {
            0 => Ok(()),
            wait => Err(Duration::from_millis(wait)),
        }
    }

    /// Coolify's rate limit was hit: new reservations begin after this time, at most five minutes.
    pub async fn pause(&self, pause: Duration) {
        let pause = millis(pause.min(LONGEST_PAUSE));
        self.local().pause(pause, self.local_time());
        self.run("pause", vec![pause.to_string()]).await;
    }

    /// The remaining pause.
    pub async fn paused(&self) -> Duration {
        let shared = self.run("paused", vec![]).await;
        let left = shared.unwrap_or_else(|| self.local().paused(self.local_time()));
        Duration::from_millis(left)
    }

    /// How many calls of deployments and removals could begin now.
    pub async fn left(&self) -> u32 {
        let shared = self.run("backlog", vec![]).await;
        let backlog = shared.unwrap_or_else(|| self.local().backlog(self.local_time()));
        let taken = backlog.div_ceil(self.rates.common.interval());
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        self.rates.common.burst.saturating_sub(taken)
    }

    async fn run(&self, what: &str, more: Vec<String>) -> Option<Millis> {
        let mut arguments = vec![String::new(), what.to_owned()];
        arguments.extend(more);
        self.redis
            .run(SCRIPT, self.key.to_string(), arguments)
            .await
    }

    fn local(&self) -> MutexGuard<'_, State> {
        let state = self.local.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn local_time(&self) -> Millis {
        millis(self.local.began.elapsed())
    }
}

/// A request in the format of the script.
pub(super) fn arguments(rates: &CallRates, request: Request) -> Vec<String> {
    let request = request.fitting(rates);
    let common = [rates.common.interval(), rates.common.burst.into()];
    let mut numbers = vec![
        request.calls.into(),
        request.delay,
        request.lane.leaves(rates.common.burst).into(),
    ];
    numbers.extend(common);
    let mut arguments: Vec<String> = numbers.iter().map(Millis::to_string).collect();
    if let Some(own) = request.lane.own(rates) {
        let numbers = [own.rate.interval(), own.rate.burst.into(), own.gain];
        arguments.push(own.name.to_owned());
        arguments.extend(numbers.iter().map(Millis::to_string));
    }
    arguments
}

fn millis(duration: Duration) -> Millis {
    duration.as_millis().try_into().unwrap_or(Millis::MAX)
}
