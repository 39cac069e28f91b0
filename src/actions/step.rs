//! The input and the outcome of a step. It knows no particular step.

use super::calls::{Calls, Cost, NoCall};
use crate::app::App;
use crate::coolify::Error;
use crate::crash;
use crate::domain::deployment::Stage;
use crate::store::claims::{self, Claim};
use std::time::Duration;

/// What happens after a step.
#[derive(Debug)]
pub enum Next {
    /// Enter the next stage; its job has this cost.
    Enter(Stage, Cost),
    /// Coolify is building: the watcher follows this build.
    Follow(String),
    /// Coolify is starting or removing the application: the watcher polls.
    Watch,
    /// Retry the same step; the note tells the user what it waits for.
    Again {
        after: Duration,
        note: Option<String>,
        unsure: bool,
    },
    /// Coolify's build queue is full: retry the step, and give no turns meanwhile.
    QueueFull(Duration),
    /// The failed step, the reason, and what to do.
    Fail(String),
    /// The build was done before it could be cancelled: the watcher follows it to its end.
    TooLate(String),
    /// The deployment was cancelled; `running` if the previous container still runs.
    Cancelled { running: bool },
    /// Coolify has nothing left of the environment: delete the row.
    Gone,
}

/// Why a step did not complete.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Coolify(#[from] Error),
    #[error("there is no call for {0:?}")]
    NoCall(Duration),
    #[error("the claim was lost")]
    ClaimLost,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<NoCall> for StepError {
    fn from(NoCall(wait): NoCall) -> Self {
        Self::NoCall(wait)
    }
}

/// The input of every step.
pub struct Step<'a> {
    pub app: &'a App,
    pub calls: Calls<'a>,
    pub claim: Claim,
    /// For how long a request without a response may still take effect.
    pub unsure: Option<Duration>,
}

impl Step<'_> {
    /// Whether a request without a response may still take effect: nothing is created until it no longer can.
    pub fn wait_for_landing(&self) -> Option<Next> {
        let left = self.unsure?;
        let a_little_later = left + Duration::from_millis(100);
        Some(Next::Again {
            after: a_little_later.min(self.app.pace.retry * 2),
            note: Some(
                "Coolify did not answer. Waiting to see whether it did what was asked.".to_owned(),
            ),
            unsure: true,
        })
    }

    /// Extends the claim before a request is made. With `landing`, also records that the request may take effect until
    /// then even if its response is lost.
    ///
    /// # Errors
    /// When the claim was lost.
    pub async fn hold(&self, landing: Option<Duration>) -> Result<(), StepError> {
        crash::point("hold.before");
        let mut connection = self.app.pool.acquire().await?;
        let lease = self.app.pace.lease;
        let held = claims::hold(&mut connection, self.claim, lease, landing).await?;
        crash::point("hold.after");
        if held {
            Ok(())
        } else {
            Err(StepError::ClaimLost)
        }
    }
}
