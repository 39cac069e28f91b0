//! The steps of a removal. The row leaves when Coolify says that nothing of the environment is left.

use super::cancelling::stop_build;
use super::step::{Next, Step, StepError};
use crate::coolify::{Error, mark};
use crate::store::claims::RemovalStep;
use std::time::Duration;

/// Cancels what is built, asks Coolify to remove what is the environment's, or finds that nothing is left.
pub async fn step(step: &Step<'_>, row: &RemovalStep) -> Result<Next, StepError> {
    let ours = applications(step, row).await?;
    let mut building = false;
    for uuid in &ours {
        match stop_build(step, uuid, None).await {
            Ok(moves) => building |= moves,
            Err(StepError::Coolify(Error::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    // A request whose answer was lost may still make an application or begin a build: its time must have passed.
    if let Some(wait) = step.wait_for_landing() {
        return Ok(wait);
    }
    let waited = Duration::from_secs_f64(row.waited_seconds.max(0.0));
    if building && waited < step.app.pace.winding_down {
        return Ok(Next::Again {
            after: step.app.pace.retry,
            note: None,
            unsure: false,
        });
    }
    for uuid in &ours {
        match step.calls.one().await?.remove(uuid).await {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // That it is gone is believed when the watcher has seen it, too.
    Ok(if ours.is_empty() {
        Next::Gone
    } else {
        Next::Watch
    })
}

/// The application that is known; where none is, all that carry the environment's mark.
async fn applications(step: &Step<'_>, row: &RemovalStep) -> Result<Vec<String>, StepError> {
    if let Some(uuid) = &row.application_uuid {
        return Ok(vec![uuid.clone()]);
    }
    if !row.application_asked {
        return Ok(vec![]);
    }
    let mark = mark(step.claim.environment);
    let listed = step.calls.one().await?.applications().await?;
    let ours = listed.into_iter().filter(|one| one.is_ours(&mark));
    Ok(ours.map(|one| one.uuid).collect())
}
