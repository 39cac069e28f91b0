//! The steps of a removal. The row is deleted when Coolify confirms that nothing of the environment is left.

use super::cancelling::{Stopped, stop_build};
use super::step::{Next, Step, StepError};
use crate::coolify::{Error, mark};
use crate::store::claims::RemovalStep;
use std::time::Duration;

/// Cancels the build, requests the removal of the environment's applications, or finds that none is left.
pub async fn step(step: &Step<'_>, row: &RemovalStep) -> Result<Next, StepError> {
    let ours = applications(step, row).await?;
    let mut building = false;
    for uuid in &ours {
        match stop_build(step, uuid, None).await {
            Ok(stopped) => building |= stopped == Stopped::Asked,
            Err(StepError::Coolify(Error::NotFound)) => {}
            Err(error) => return Err(error),
        }
    }
    // A request whose response was lost may still create an application or start a build: wait until it no longer can.
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
    remove_all(step, &ours).await?;
    // The watcher must confirm that it is gone.
    Ok(match row.application_uuid {
        _ if ours.is_empty() => Next::Gone,
        Some(_) => Next::Watch,
        // The watcher has no uuid to ask for: the list is read again until nothing is in it.
        None => Next::Again {
            after: step.app.pace.look_every,
            note: None,
            unsure: false,
        },
    })
}

/// Asks Coolify to remove them. Before each, the claim must still be held: whoever has given the removal up may have
/// adopted the application meanwhile.
async fn remove_all(step: &Step<'_>, applications: &[String]) -> Result<(), StepError> {
    for uuid in applications {
        let client = step.calls.one().await?;
        step.hold(None).await?;
        match client.remove(uuid).await {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The known application; otherwise, all that carry the environment's mark.
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
