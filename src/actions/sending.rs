//! The variables of people in the steps of a deployment: what waits is sent to Coolify, and what nobody wants any more is
//! removed there. Each is idempotent.

use super::step::{Step, StepError};
use crate::coolify::Error;
use crate::crash;
use crate::store::claims::DeploymentStep;
use crate::store::variables::{self, Waiting};

/// How many variables a step removes; the rest is for the next one.
const AT_A_TIME: u32 = 5;

/// How many calls the removals of a step make: they list the variables, of each of which there is another one for previews.
pub fn cost(row: &DeploymentStep) -> u32 {
    match u32::try_from(row.removals).unwrap_or_default() {
        0 => 0,
        removals => 1 + 2 * removals.min(AT_A_TIME),
    }
}

/// The values that wait; from now on Coolify may have them.
pub async fn offer(step: &Step<'_>) -> sqlx::Result<Vec<Waiting>> {
    variables::offer(&step.app.pool, step.claim.environment).await
}

/// Forgets the values that Coolify has accepted.
pub async fn accepted(step: &Step<'_>, sent: &[Waiting]) -> sqlx::Result<()> {
    if sent.is_empty() {
        return Ok(());
    }
    crash::point("variables.before");
    variables::accepted(&step.app.pool, step.claim, sent).await?;
    crash::point("variables.after");
    Ok(())
}

/// Removes a few variables from Coolify; returns how many are left to be removed.
pub async fn remove(step: &Step<'_>, row: &DeploymentStep, uuid: &str) -> Result<i64, StepError> {
    if row.removals == 0 {
        return Ok(0);
    }
    let (pool, environment) = (&step.app.pool, step.claim.environment);
    let names = variables::offer_removals(pool, environment, AT_A_TIME.into()).await?;
    let known = step.calls.one().await?.variables(uuid).await?;
    for one in known.iter().filter(|one| names.contains(&one.key)) {
        let client = step.calls.one().await?;
        step.hold(None).await?;
        match client.remove_variable(uuid, &one.uuid).await {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    crash::point("removed.before");
    variables::removed(pool, step.claim, &names).await?;
    crash::point("removed.after");
    let removed = i64::try_from(names.len()).unwrap_or(i64::MAX);
    Ok((row.removals - removed).max(0))
}
