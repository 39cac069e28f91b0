//! The steps of a deployment that change something in Coolify. Each is idempotent.

use super::calls::Cost;
use super::step::{Next, Step, StepError};
use super::{cancelling, resources, sending};
use crate::app::App;
use crate::coolify::{
    Application, Asked, CLAUDE_CONFIG_DIR, Conflict, DeploymentRow, Error, VOLUMES,
    WORKSPACE_REPOSITORY, mark,
};
use crate::crash;
use crate::domain::deployment::Stage;
use crate::domain::id::EnvironmentId;
use crate::domain::judge::VANISHED;
use crate::store::claims::DeploymentStep;
use crate::store::variables::Waiting;
use crate::store::{applications, builds};
use secrecy::ExposeSecret;

/// The number of volumes of an environment.
#[expect(clippy::cast_possible_truncation, reason = "a handful")]
const ALL_VOLUMES: u32 = VOLUMES.len() as u32;
/// The variables, the volumes and the build of a new application.
const AFTER_CREATION: u32 = 1 + ALL_VOLUMES + 1;

/// How many calls the deployment's next step normally makes.
pub fn cost(app: &App, row: &DeploymentStep) -> Cost {
    if row.cancel_requested || row.is_overdue() {
        return match row.application_uuid {
            Some(_) => Cost::CANCEL,
            None => Cost::NOTHING,
        };
    }
    match row.stage {
        Stage::Start | Stage::Answer => Cost::NOTHING,
        Stage::Requested | Stage::Application => {
            of_application(row.application_uuid.is_some(), row.application_asked)
        }
        Stage::Settings => of_settings(app, row, ALL_VOLUMES),
        Stage::Build => of_build(row.has_no_builds()),
    }
}

/// The first attempt creates the application without searching; later attempts search first.
pub fn of_application(is_known: bool, may_exist: bool) -> Cost {
    Cost::deployment(if may_exist && !is_known { 2 } else { 1 })
}

/// What the turn of a deployment reserves. A first one gets all its calls at once, so that it is not overtaken halfway by
/// others that only begin.
pub fn of_turn(is_known: bool, may_exist: bool) -> Cost {
    if may_exist || is_known {
        return of_application(is_known, may_exist);
    }
    Cost::deployment(1 + AFTER_CREATION)
}

/// Gives memory and CPUs if they differ, sets the variables and adds volumes. Lists existing volumes first, unless this
/// deployment created the application.
fn of_settings(app: &App, row: &DeploymentStep, missing: u32) -> Cost {
    let resources = resources::calls(app, row);
    let variables = 1 + sending::cost(row);
    let volumes = if row.has_no_volumes() {
        ALL_VOLUMES
    } else {
        1 + missing
    };
    Cost::deployment(resources + variables + volumes)
}

/// Searches for a build first, unless there can be none.
fn of_build(is_first: bool) -> Cost {
    Cost::deployment(if is_first { 1 } else { 2 })
}

/// Runs the step for the deployment's stage.
pub async fn step(step: &Step<'_>, row: &DeploymentStep) -> Result<Next, StepError> {
    if row.cancel_requested {
        return cancelling::cancel(step, row).await;
    }
    if row.is_overdue() {
        return cancelling::give_up(step, row).await;
    }
    match row.stage {
        Stage::Requested | Stage::Application => application(step, row).await,
        Stage::Settings => settings(step, row).await,
        Stage::Build => build(step, row).await,
        Stage::Start | Stage::Answer => Ok(Next::Watch),
    }
}

/// Finds the application, or creates it.
async fn application(step: &Step<'_>, row: &DeploymentStep) -> Result<Next, StepError> {
    if let Some(uuid) = &row.application_uuid {
        match step.calls.one().await?.application(uuid).await {
            Ok(_) => return Ok(Next::Enter(Stage::Settings, of_settings(step.app, row, 0))),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if !row.application_asked {
        return create(step, row).await;
    }
    let listed = step.calls.one().await?.applications().await?;
    let mark = mark(step.claim.environment);
    // Names are not unique in Coolify: other applications of the same name are not ours.
    let ours: Vec<&Application> = listed.iter().filter(|one| one.is_ours(&mark)).collect();
    match ours.as_slice() {
        [] => create(step, row).await,
        [one] => adopt(step, row, &one.uuid).await,
        _ => Ok(Next::Fail(format!(
            "Coolify has several applications named {}. Remove all but one of them in Coolify, and deploy again.",
            row.subdomain
        ))),
    }
}

/// Records the application; an earlier attempt may have configured it already.
async fn adopt(step: &Step<'_>, row: &DeploymentStep, uuid: &str) -> Result<Next, StepError> {
    save(step, row, uuid, false).await?;
    let found = DeploymentStep {
        made_application: false,
        application_uuid: Some(uuid.to_owned()),
        ..row.clone()
    };
    Ok(Next::Enter(
        Stage::Settings,
        of_settings(step.app, &found, ALL_VOLUMES),
    ))
}

async fn save(
    step: &Step<'_>,
    row: &DeploymentStep,
    uuid: &str,
    made: bool,
) -> Result<(), StepError> {
    crash::point("application.before");
    let saved = applications::save(&step.app.pool, step.claim, row.id, uuid, made).await?;
    crash::point("application.after");
    if saved {
        Ok(())
    } else {
        Err(StepError::ClaimLost)
    }
}

async fn create(step: &Step<'_>, row: &DeploymentStep) -> Result<Next, StepError> {
    if row.password_hash.is_none() {
        return Ok(Next::Fail(VANISHED.to_owned()));
    }
    if let Some(wait) = step.wait_for_landing() {
        return Ok(wait);
    }
    let description = mark(step.claim.environment);
    let fqdn = step.app.domain.fqdn(&row.subdomain);
    let client = step.calls.one().await?;
    let client = row
        .source()
        .map_or_else(|| client.clone(), |source| client.building(&source));
    let resources = resources::wanted(step.app, row);
    hold_for_creation(step, resources.are_limited()).await?;
    let made = client.create(&row.subdomain, &description, &fqdn, resources);
    match made.await {
        Ok(uuid) => {
            save(step, row, &uuid, true).await?;
            resources::note(step, &uuid, resources).await?;
            let is_first_try = !row.application_asked && row.attempts == 0;
            let reserve = if is_first_try { 0 } else { AFTER_CREATION };
            Ok(Next::Enter(Stage::Settings, Cost::deployment(reserve)))
        }
        Err(Error::DomainTaken(conflicts)) => taken(step, row, &conflicts).await,
        Err(Error::NotFound) => Ok(Next::Fail("Coolify does not find where the application belongs. Check COOLIFY_PROJECT_UUID, COOLIFY_ENVIRONMENT_NAME and COOLIFY_SERVER_UUID, and deploy again.".to_owned())),
        Err(error) => Err(error.into()),
    }
}

async fn hold_for_creation(step: &Step<'_>, limited: bool) -> Result<(), StepError> {
    let (pool, pace) = (&step.app.pool, &step.app.pace);
    crash::point("hold.before");
    let times = (pace.lease, pace.landing);
    let held = applications::ask(pool, step.claim, times, limited).await?;
    crash::point("hold.after");
    if held {
        Ok(())
    } else {
        Err(StepError::ClaimLost)
    }
}

/// Another application uses the address: our own, created by a request whose response was lost, or someone else's.
async fn taken(
    step: &Step<'_>,
    row: &DeploymentStep,
    conflicts: &[Conflict],
) -> Result<Next, StepError> {
    let ours = conflicts
        .iter()
        .find(|one| one.resource_type == "application" && one.resource_name == row.subdomain);
    let held_by = match ours.and_then(|one| one.resource_uuid.as_deref()) {
        Some(uuid) => Some(step.calls.one().await?.application(uuid).await?),
        None => None,
    };
    let mark = mark(step.claim.environment);
    match held_by {
        Some(one) if one.is_ours(&mark) && !one.is_elsewhere() => adopt(step, row, &one.uuid).await,
        _ => Ok(Next::Fail("Its address is already used in Coolify by something else. Remove that in Coolify, and deploy again.".to_owned())),
    }
}

/// Sends the memory and the CPUs if they differ, the variables, the password's hash among them if it is new, removes those
/// that nobody wants any more, then adds the
/// missing volumes.
async fn settings(step: &Step<'_>, row: &DeploymentStep) -> Result<Next, StepError> {
    let Some(uuid) = &row.application_uuid else {
        return Ok(find_application(row));
    };
    resources::give(step, row, uuid).await?;
    send_variables(step, row, uuid).await?;
    let removals = sending::remove(step, row, uuid).await?;
    if removals > 0 {
        let rest = DeploymentStep {
            removals,
            ..row.clone()
        };
        return Ok(Next::Enter(
            Stage::Settings,
            of_settings(step.app, &rest, 0),
        ));
    }
    add_volumes(step, row, uuid).await?;
    // The deployment that created the application has reserved its build, too.
    let reserve = if row.has_no_builds() {
        Cost::NOTHING
    } else {
        of_build(false)
    };
    Ok(Next::Enter(Stage::Build, reserve))
}

async fn send_variables(
    step: &Step<'_>,
    row: &DeploymentStep,
    uuid: &str,
) -> Result<(), StepError> {
    let hash = row.password_hash.as_deref();
    let client = step.calls.one().await?;
    step.hold(None).await?;
    let environment = EnvironmentId::from(row.environment_id);
    if hash.is_some() {
        applications::offer_password(&step.app.pool, environment).await?;
    }
    let given = sending::offer(step).await?;
    client.set_variables(uuid, &variables(row, &given)).await?;
    sending::accepted(step, &given).await?;
    if let Some(hash) = hash {
        crash::point("password.before");
        applications::forget_password(&step.app.pool, environment, hash).await?;
        crash::point("password.after");
    }
    Ok(())
}

async fn add_volumes(step: &Step<'_>, row: &DeploymentStep, uuid: &str) -> Result<(), StepError> {
    let mounted = if row.has_no_volumes() {
        vec![]
    } else {
        step.calls.one().await?.mount_paths(uuid).await?
    };
    applications::ask_volumes(&step.app.pool, row.id).await?;
    let is_missing = |path: &str| !mounted.iter().any(|mounted| mounted == path);
    for (name, path) in VOLUMES.iter().filter(|(_, path)| is_missing(path)) {
        let client = step.calls.one().await?;
        step.hold(None).await?;
        client.add_volume(uuid, name, path).await?;
    }
    Ok(())
}

/// The variables that the container gets, those that were given to it among them. An old password is not sent again: it is not known any more.
fn variables<'a>(row: &'a DeploymentStep, given: &'a [Waiting]) -> Vec<(&'a str, &'a str)> {
    let hash = row.password_hash.as_deref();
    let workspace = row.workspace_repository.as_deref();
    let password = hash.map(|hash| ("HASHED_PASSWORD", hash));
    let workspace = workspace.map(|repository| (WORKSPACE_REPOSITORY, repository));
    let known = password.into_iter().chain(workspace);
    let given = given
        .iter()
        .map(|one| (&*one.name, one.value.expose_secret()));
    known.chain([CLAUDE_CONFIG_DIR]).chain(given).collect()
}

fn find_application(row: &DeploymentStep) -> Next {
    Next::Enter(
        Stage::Application,
        of_application(false, row.application_asked),
    )
}

/// Follows the known build or a running one; otherwise requests one.
async fn build(step: &Step<'_>, row: &DeploymentStep) -> Result<Next, StepError> {
    let Some(uuid) = &row.application_uuid else {
        return Ok(find_application(row));
    };
    let newest = if row.has_no_builds() {
        None
    } else {
        step.calls.one().await?.recent_build(uuid).await?
    };
    if let Some(newest) = newest.as_ref().filter(|newest| is_followed(row, newest)) {
        return Ok(Next::Follow(newest.deployment_uuid.clone()));
    }
    if let Some(wait) = step.wait_for_landing() {
        return Ok(wait);
    }
    let client = step.calls.one().await?;
    step.hold(Some(step.app.pace.landing)).await?;
    let newest = newest.map(|row| row.deployment_uuid).unwrap_or_default();
    builds::save_newest(&step.app.pool, row.id, &newest).await?;
    Ok(match client.deploy(uuid, row.rebuild).await? {
        // The watcher confirms that the build exists, from the shared snapshot.
        Asked::Build(promised) => Next::Follow(promised),
        Asked::AlreadyQueued => Next::Again {
            after: step.app.pace.retry,
            note: Some("Coolify has not begun the build yet.".to_owned()),
            unsure: false,
        },
    })
}

/// The known build, a running one, or one that we requested and that ended before we got the response.
fn is_followed(row: &DeploymentStep, newest: &DeploymentRow) -> bool {
    let is = |uuid: &Option<String>| uuid.as_deref() == Some(&newest.deployment_uuid);
    is(&row.deployment_uuid)
        || newest.moves()
        || (row.asked_after.is_some() && !is(&row.asked_after))
}
