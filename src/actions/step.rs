//! What a step is given and what follows it. It knows no step.

use super::calls::{Calls, Cost, NoCall};
use crate::app::App;
use crate::coolify::Error;
use crate::crash;
use crate::domain::deployment::Stage;
use crate::store::claims::{self, Claim};
use std::time::Duration;

/// What follows a step.
#[derive(Debug)]
pub enum Next {
    /// The deployment's next stage, by another job that costs this.
    Enter(Stage, Cost),
    /// Coolify builds: the watcher follows this build.
    Follow(String),
    /// Coolify starts or removes: the watcher looks.
    Watch,
    /// The same step again; what is waited for, for people.
    Again {
        after: Duration,
        note: Option<String>,
        unsure: bool,
    },
    /// Coolify's build queue is full: the same again, and no turns meanwhile.
    QueueFull(Duration),
    /// Which step, why, and what to do.
    Fail(String),
    /// The deployment was cancelled, and whether what was there before still runs.
    Cancelled { running: bool },
    /// Nothing of the environment is at Coolify: the row leaves.
    Gone,
}

/// Why a step did not come to its end.
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

/// What every step is given.
pub struct Step<'a> {
    pub app: &'a App,
    pub calls: Calls<'a>,
    pub claim: Claim,
    /// For how long a request without an answer may still be carried out.
    pub unsure: Option<Duration>,
}

impl Step<'_> {
    /// A request without an answer may still be carried out: nothing is created until it must have been.
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

    /// Extends the claim before a request is made. With `landing` also notes that until then the request may be carried out
    /// although its answer is lost.
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
