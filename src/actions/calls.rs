//! The calls to Coolify that a step has: those that were reserved for it, and what it needs beyond them.

use crate::app::App;
use crate::coolify::{Client, Error};
use crate::redis::calls::Lane;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What a step costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub lane: Lane,
    pub calls: u32,
}

impl Cost {
    /// A step that asks nothing of Coolify.
    pub const NOTHING: Self = Self::deployment(0);
    /// What is built now, its cancellation, and how the application stands.
    pub const CANCEL: Self = Self::removal(3);
    /// What is built now, its cancellation, and the removal.
    pub const REMOVE: Self = Self::removal(3);

    /// So many calls for a deployment.
    pub const fn deployment(calls: u32) -> Self {
        Self {
            lane: Lane::Deployment,
            calls,
        }
    }

    const fn removal(calls: u32) -> Self {
        Self {
            lane: Lane::Removal,
            calls,
        }
    }
}

/// There is no call to be had at the moment; after this time there is.
#[derive(Debug)]
pub struct NoCall(pub Duration);

/// The calls of one step.
pub struct Calls<'a> {
    app: &'a App,
    lane: Lane,
    left: AtomicU32,
}

impl<'a> Calls<'a> {
    /// The calls that were reserved when the step was asked for.
    pub fn reserved(app: &'a App, cost: Cost) -> Self {
        Self {
            app,
            lane: cost.lane,
            left: AtomicU32::new(cost.calls),
        }
    }

    /// None: each is taken when it is made.
    pub fn singly(app: &'a App, lane: Lane) -> Self {
        let cost = Cost { lane, calls: 0 };
        Self::reserved(app, cost)
    }

    /// Coolify, for one call.
    ///
    /// # Errors
    /// How long until there is a call, when all that were reserved are used up.
    pub async fn one(&self) -> Result<&'a Client, NoCall> {
        let one_less = |left: u32| left.checked_sub(1);
        let left = &self.left;
        if left
            .try_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_err()
        {
            self.app.calls.try_one(self.lane).await.map_err(NoCall)?;
        }
        Ok(&self.app.coolify)
    }
}

/// Coolify limits calls: nobody of us calls before the time it names.
pub async fn respect_limit(app: &App, error: &Error) {
    if let Error::RateLimited { retry_after } = error {
        app.calls.pause(*retry_after).await;
    }
}

/// Waits for an answer, but not longer than this.
///
/// # Errors
/// As the answer, or that it did not come in time.
pub async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(limit, answer)
        .await
        .unwrap_or_else(|_| Err(no_answer_in_time()))
}

/// Coolify's answer, or those of one step together, took too long.
pub fn no_answer_in_time() -> Error {
    Error::Unreachable {
        why: "it did not answer in time".to_owned(),
        unsure: true,
        retry_after: None,
    }
}
