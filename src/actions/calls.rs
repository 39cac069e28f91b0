//! The Coolify calls available to a step: those reserved for it, and single ones when it needs more.

use crate::app::App;
use crate::coolify::{Client, Error, Recorder};
use crate::domain::id::DeploymentId;
use crate::redis::calls::Lane;
use crate::store::calls;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The number of calls a step needs, and their priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub lane: Lane,
    pub calls: u32,
}

impl Cost {
    /// A step that makes no calls to Coolify.
    pub const NOTHING: Self = Self::deployment(0);
    /// Reads the current build, cancels it, and reads the application's state.
    pub const CANCEL: Self = Self::removal(3);
    /// Reads the current build, cancels it, and removes the application.
    pub const REMOVE: Self = Self::removal(3);

    /// This many calls at the priority of a deployment.
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

/// The call budget is exhausted; a call is available after this time.
#[derive(Debug)]
pub struct NoCall(pub Duration);

/// How long a poll waits for its call.
pub const POLL_WAIT: Duration = Duration::from_secs(5);

/// The calls of one step, or of one poll.
pub struct Calls<'a> {
    app: &'a App,
    lane: Lane,
    left: AtomicU32,
    client: Client,
    recorder: Recorder,
}

impl<'a> Calls<'a> {
    /// The calls reserved when the step was scheduled.
    pub fn reserved(app: &'a App, cost: Cost) -> Self {
        let recorder = Recorder::default();
        Self {
            app,
            lane: cost.lane,
            left: AtomicU32::new(cost.calls),
            client: app.coolify.recorded_by(&recorder),
            recorder,
        }
    }

    /// No reserved calls: each is taken when it is made.
    pub fn singly(app: &'a App, lane: Lane) -> Self {
        let cost = Cost { lane, calls: 0 };
        Self::reserved(app, cost)
    }

    /// One call, after waiting for it this long at most; none when that is not enough.
    pub async fn reserve_within(app: &'a App, lane: Lane, longest: Duration) -> Self {
        if app.calls.paused().await > longest {
            return Self::singly(app, lane);
        }
        let wait = app.calls.reserve(lane, 1, Duration::ZERO).await;
        if wait > longest {
            return Self::singly(app, lane);
        }
        tokio::time::sleep(wait).await;
        Self::reserved(app, Cost { lane, calls: 1 })
    }

    /// The client, for one call.
    ///
    /// # Errors
    /// How long until a call is available, when the reserved ones are used up.
    pub async fn one(&self) -> Result<&Client, NoCall> {
        let one_less = |left: u32| left.checked_sub(1);
        let left = &self.left;
        if left
            .try_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_err()
        {
            self.app.calls.try_one(self.lane).await.map_err(NoCall)?;
        }
        Ok(&self.client)
    }

    /// Stores the calls made so far as those of a deployment, in one statement. Nothing depends on it.
    pub async fn record(&self, deployment: DeploymentId) {
        let made = self.recorder.take();
        if made.is_empty() {
            return;
        }
        if let Err(error) = calls::add(&self.app.pool, deployment, &made).await {
            tracing::warn!(%deployment, %error, "calls not recorded");
        }
    }
}

/// Pauses calls in all instances when Coolify's rate limit was hit.
pub async fn respect_limit(app: &App, error: &Error) {
    if let Error::RateLimited { retry_after } = error {
        app.calls.pause(*retry_after).await;
    }
}

/// Waits for a response, with a timeout.
///
/// # Errors
/// The response's own error, or a timeout.
pub async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(limit, answer)
        .await
        .unwrap_or_else(|_| Err(no_answer_in_time()))
}

/// One response, or all responses of one step together, took too long.
pub fn no_answer_in_time() -> Error {
    Error::Unreachable {
        why: "it did not answer in time".to_owned(),
        unsure: true,
        retry_after: None,
    }
}
