//! The memory and the CPUs of an environment's container, as Coolify is given them.

use super::step::{Step, StepError};
use crate::app::App;
use crate::crash;
use crate::domain::allowance::{Limit, PersonalLimits};
use crate::domain::resources::{Given, Resources};
use crate::store::applications;
use crate::store::claims::DeploymentStep;

/// What the environment gets with its next container.
pub fn wanted(app: &App, row: &DeploymentStep) -> Resources {
    let limits = PersonalLimits {
        memory: Limit::of_stored(row.memory_limit),
        cpus: Limit::of_stored(row.cpus_limit),
        ..PersonalLimits::default()
    };
    let chosen = Resources::of_numbers(row.memory_chosen, row.cpus_chosen);
    chosen.within(app.allowance.of(&limits).resources)
}

/// How many calls it takes to give Coolify what it may not have.
pub fn calls(app: &App, row: &DeploymentStep) -> u32 {
    let given = Resources::of_numbers(row.memory_given, row.cpus_given);
    let (given_to, application) = (&row.resources_given_to, &row.application_uuid);
    let given = Given::of_stored(given_to.as_deref(), application.as_deref(), given);
    u32::from(given.differs_from(wanted(app, row)))
}

/// Gives Coolify what it may not have. It takes effect with the next container.
pub async fn give(step: &Step<'_>, row: &DeploymentStep, uuid: &str) -> Result<(), StepError> {
    if calls(step.app, row) == 0 {
        return Ok(());
    }
    let wanted = wanted(step.app, row);
    let client = step.calls.one().await?;
    step.hold(None).await?;
    applications::offer_resources(&step.app.pool, step.claim.environment).await?;
    client.set_resources(uuid, wanted).await?;
    crash::point("resources.before");
    note(step, uuid, wanted).await?;
    crash::point("resources.after");
    Ok(())
}

/// Records what Coolify has taken.
pub async fn note(step: &Step<'_>, uuid: &str, given: Resources) -> Result<(), StepError> {
    Ok(applications::resources_given(&step.app.pool, step.claim, uuid, given).await?)
}
