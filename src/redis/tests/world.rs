//! The same arithmetic in the process and in Redis, both with a clock that the test sets.

use super::{prefix, redis};
use crate::redis::Redis;
use crate::redis::calls::{SCRIPT, arguments};
use crate::redis::schedule::{CallRates, Lane, Millis, Request, State};

/// What is asked of the budget.
#[derive(Debug, Clone, Copy)]
pub enum Ask {
    Reserve(Lane, u32, Millis),
    Try(Lane),
    Pause(Millis),
    Paused,
}

/// Who does the sums.
pub enum World {
    Process(State),
    Redis(Redis, String),
}

impl World {
    pub fn process() -> Self {
        Self::Process(State::default())
    }

    pub async fn redis() -> Self {
        Self::Redis(redis().await, prefix())
    }

    /// The wait in milliseconds.
    pub async fn ask(&mut self, rates: &CallRates, ask: Ask, now: Millis) -> Millis {
        match self {
            Self::Process(state) => in_process(state, rates, ask, now),
            Self::Redis(redis, key) => {
                let more = in_redis(rates, ask);
                let all = [vec![now.to_string()], more].concat();
                redis.run(SCRIPT, key.clone(), all).await.unwrap()
            }
        }
    }
}

fn request(lane: Lane, calls: u32, delay: Millis) -> Request {
    Request { lane, calls, delay }
}

fn in_process(state: &mut State, rates: &CallRates, ask: Ask, now: Millis) -> Millis {
    match ask {
        Ask::Reserve(lane, calls, delay) => state.reserve(rates, request(lane, calls, delay), now),
        Ask::Try(lane) => {
            let tried = state.try_reserve(rates, request(lane, 1, 0), now);
            tried.err().unwrap_or(0)
        }
        Ask::Pause(pause) => {
            state.pause(pause, now);
            0
        }
        Ask::Paused => state.paused(now),
    }
}

fn in_redis(rates: &CallRates, ask: Ask) -> Vec<String> {
    let (what, more) = match ask {
        Ask::Reserve(lane, calls, delay) => {
            ("reserve", arguments(rates, request(lane, calls, delay)))
        }
        Ask::Try(lane) => ("try", arguments(rates, request(lane, 1, 0))),
        Ask::Pause(pause) => ("pause", vec![pause.to_string()]),
        Ask::Paused => ("paused", vec![]),
    };
    [vec![what.to_owned()], more].concat()
}
