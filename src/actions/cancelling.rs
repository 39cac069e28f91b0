//! Stopping a running deployment: because its owner cancelled it, or because it timed out.

use super::step::{Next, Step, StepError};
use crate::coolify::{DeploymentRow, Error};
use crate::domain::judge::{self, Build, Container};
use crate::store::claims::DeploymentStep;

/// Cancels the running build and waits until it has stopped, up to a limit.
pub async fn cancel(step: &Step<'_>, row: &DeploymentStep) -> Result<Next, StepError> {
    let Some(uuid) = &row.application_uuid else {
        let wait = step.wait_for_landing();
        return Ok(wait.unwrap_or(Next::Cancelled { running: false }));
    };
    let moves = match stop_build(step, uuid, row.deployment_uuid.as_deref()).await {
        Err(StepError::Coolify(Error::NotFound)) => {
            return Ok(Next::Cancelled { running: false });
        }
        Ok(Stopped::Finished(build)) if is_ours(row, &build) => {
            return Ok(Next::TooLate(build));
        }
        stopped => matches!(stopped?, Stopped::Asked),
    };
    if moves && row.is_too_late(step.app.pace.winding_down) {
        return Ok(Next::Fail(
            "Coolify was asked to stop the build and did not. Look there whether it still runs, and deploy again."
                .to_owned(),
        ));
    }
    if moves {
        return Ok(Next::Again {
            after: step.app.pace.retry,
            note: Some("Waiting for Coolify to stop the build.".to_owned()),
            unsure: true,
        });
    }
    if let Some(wait) = step.wait_for_landing() {
        return Ok(wait);
    }
    let application = step.calls.one().await?.application(uuid).await?;
    Ok(Next::Cancelled {
        running: application.container() == Container::Running,
    })
}

/// Past the deadline: cancels the build that Coolify may still run before the deployment is marked as failed.
pub async fn give_up(step: &Step<'_>, row: &DeploymentStep) -> Result<Next, StepError> {
    Ok(match cancel(step, row).await? {
        Next::Cancelled { .. } => Next::Fail(judge::overdue(row.note.as_deref())),
        Next::Again { after, unsure, .. } => Next::Again {
            after,
            note: row.note.clone(),
            unsure,
        },
        next => next,
    })
}

/// Whether a build is the one of this deployment, even if the response to its request was lost.
fn is_ours(row: &DeploymentStep, build: &str) -> bool {
    match (&row.deployment_uuid, &row.asked_after) {
        (Some(known), _) => known == build,
        (None, Some(before)) => before != build,
        (None, None) => false,
    }
}

/// What became of a build that was to be stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Stopped {
    /// None was running.
    None,
    /// Coolify was asked to cancel it.
    Asked,
    /// It is done.
    Finished(String),
}

/// Cancels the application's running build. Coolify runs one build per application at
/// a time, so it is enough to check the newest one besides `known`.
///
/// # Errors
/// `NotFound` when the application does not exist.
pub async fn stop_build(
    step: &Step<'_>,
    application: &str,
    known: Option<&str>,
) -> Result<Stopped, StepError> {
    let newest = step.calls.one().await?.recent_build(application).await?;
    let in_flight = newest.as_ref().filter(|newest| newest.moves());
    if let Some(build) = in_flight {
        cancel_one(step, &build.deployment_uuid).await?;
    }
    let is_newest = |newest: &DeploymentRow| Some(newest.deployment_uuid.as_str()) == known;
    if let Some(known) = known.filter(|_| newest.as_ref().is_some_and(|one| !is_newest(one))) {
        cancel_one(step, known).await?;
    }
    Ok(match newest {
        Some(newest) if newest.moves() => Stopped::Asked,
        Some(newest) if newest.build() == Build::Finished => {
            Stopped::Finished(newest.deployment_uuid)
        }
        _ => Stopped::None,
    })
}

async fn cancel_one(step: &Step<'_>, build: &str) -> Result<(), StepError> {
    match step.calls.one().await?.cancel(build).await {
        Ok(()) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
