//! The steps of a deployment that change something at Coolify. Each is convergent: running it twice is the same as once.

use super::advance::until_then;
use crate::app::{App, Urgency};
use crate::coolify::{Application, Asked, Conflict, DeploymentRow, Error, VOLUMES};
use crate::crash;
use crate::domain::deployment::Stage;
use crate::domain::id::EnvironmentId;
use crate::domain::judge::{self, Container};
use crate::store::leases::{self, Leased};
use std::time::Duration;
use time::OffsetDateTime;

/// What follows a step.
#[derive(Debug)]
pub(super) enum Next {
    /// The next stage, by another job.
    Enter(Stage),
    /// Coolify builds: the watcher follows this one.
    Follow(String),
    /// The same step again; what is waited for, for people.
    Again {
        after: Duration,
        note: Option<String>,
        unsure: bool,
    },
    /// Which step, why, and what to do.
    Fail(String),
    /// The deployment was cancelled, and whether what was there before still runs.
    Cancelled { running: bool },
}

#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Coolify(#[from] Error),
    #[error("the lease was lost")]
    LeaseLost,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

pub(super) async fn step(app: &App, leased: &Leased) -> Result<Next, StepError> {
    if leased.cancel_requested {
        return cancel(app, leased).await;
    }
    if leased.deadline < OffsetDateTime::now_utc() {
        return give_up(app, leased).await;
    }
    match leased.stage {
        Stage::Requested => Ok(Next::Enter(Stage::Application)),
        Stage::Application => application(app, leased).await,
        Stage::Settings => settings(app, leased).await,
        Stage::Build | Stage::Start | Stage::Answer => build(app, leased).await,
    }
}

/// How many calls a step makes as a rule; what goes beyond is asked for singly.
pub(super) fn calls(leased: &Leased) -> u32 {
    match leased.stage {
        Stage::Requested => 0,
        Stage::Application => 2,
        // The password, what there is, and four volumes.
        Stage::Settings => 6,
        Stage::Build | Stage::Start | Stage::Answer => 3,
    }
}

/// Finds the application, or makes it.
async fn application(app: &App, leased: &Leased) -> Result<Next, StepError> {
    if let Some(uuid) = &leased.application_uuid {
        match app.coolify(Urgency::Step).await?.application(uuid).await {
            Ok(_) => return Ok(Next::Enter(Stage::Settings)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let fqdn = app.domain.fqdn(&leased.subdomain);
    let listed = app.coolify(Urgency::Step).await?.applications().await?;
    let named: Vec<Application> = listed
        .into_iter()
        .filter(|one| one.name == leased.subdomain)
        .collect();
    match named.as_slice() {
        [] => create(app, leased, &fqdn).await,
        [one] if one.may_be_at(&fqdn) => adopt(app, leased, &one.uuid).await,
        [_] => Ok(Next::Fail(format!(
            "Coolify has an application named {} at another address. Rename or remove it in Coolify, and deploy again.",
            leased.subdomain
        ))),
        _ => Ok(Next::Fail(format!(
            "Coolify has several applications named {}. Remove all but one of them in Coolify, and deploy again.",
            leased.subdomain
        ))),
    }
}

async fn adopt(app: &App, leased: &Leased, uuid: &str) -> Result<Next, StepError> {
    crash::point("application.before");
    leases::save_application(&app.pool, leased.environment_id.into(), leased.fence, uuid).await?;
    crash::point("application.after");
    Ok(Next::Enter(Stage::Settings))
}

async fn create(app: &App, leased: &Leased, fqdn: &str) -> Result<Next, StepError> {
    if leased.password_hash.is_none() {
        return Ok(Next::Fail(
            "The application is no longer in Coolify. Set a new password for the environment to make a new one; its files are lost.".to_owned(),
        ));
    }
    if let Some(wait) = wait_for_landing(app, leased) {
        return Ok(wait);
    }
    let description = description(leased);
    let client = app.coolify(Urgency::Step).await?;
    hold(app, leased, Some(app.pace.landing)).await?;
    match client.create(&leased.subdomain, &description, fqdn).await {
        Ok(uuid) => adopt(app, leased, &uuid).await,
        Err(Error::DomainTaken(conflicts)) => taken(app, leased, &conflicts).await,
        Err(error) => Err(error.into()),
    }
}

/// What marks the application as ours.
fn description(leased: &Leased) -> String {
    format!("vps-claude {}", EnvironmentId::from(leased.environment_id))
}

/// The address is held by another application: by ours, made by a request whose answer was lost, or by a stranger's.
async fn taken(app: &App, leased: &Leased, conflicts: &[Conflict]) -> Result<Next, StepError> {
    let ours = conflicts
        .iter()
        .find(|one| one.resource_type == "application" && one.resource_name == leased.subdomain);
    let held_by = match ours.and_then(|one| one.resource_uuid.as_deref()) {
        Some(uuid) => Some(app.coolify(Urgency::Step).await?.application(uuid).await?),
        None => None,
    };
    let mark = description(leased);
    match held_by {
        Some(one) if one.is_ours(&mark) && !one.is_elsewhere() => {
            adopt(app, leased, &one.uuid).await
        }
        _ => Ok(Next::Fail("Its address is already used in Coolify by something else. Remove that in Coolify, and deploy again.".to_owned())),
    }
}

/// A request without an answer may still be carried out: nothing is created until it must have been.
fn wait_for_landing(app: &App, leased: &Leased) -> Option<Next> {
    let until = leased
        .unsure_until
        .filter(|until| *until > OffsetDateTime::now_utc())?;
    Some(Next::Again {
        after: until_then(until).min(app.pace.retry * 2),
        note: Some(
            "Coolify did not answer. Waiting to see whether it did what was asked.".to_owned(),
        ),
        unsure: true,
    })
}

async fn hold(app: &App, leased: &Leased, landing: Option<Duration>) -> Result<(), StepError> {
    crash::point("hold.before");
    let held = leases::hold(
        &app.pool,
        leased.environment_id.into(),
        leased.fence,
        app.pace.lease,
        landing,
    )
    .await?;
    crash::point("hold.after");
    if held {
        Ok(())
    } else {
        Err(StepError::LeaseLost)
    }
}

/// Hands over the password's hash, then adds the volumes that are missing.
async fn settings(app: &App, leased: &Leased) -> Result<Next, StepError> {
    let Some(uuid) = &leased.application_uuid else {
        return Ok(Next::Enter(Stage::Application));
    };
    if let Some(hash) = &leased.password_hash {
        let client = app.coolify(Urgency::Step).await?;
        hold(app, leased, None).await?;
        client
            .set_variables(uuid, &[("HASHED_PASSWORD", hash)])
            .await?;
        crash::point("password.before");
        leases::forget_password(&app.pool, leased.environment_id.into(), hash).await?;
        crash::point("password.after");
    }
    let mounted = app.coolify(Urgency::Step).await?.mount_paths(uuid).await?;
    for (name, path) in VOLUMES
        .iter()
        .filter(|(_, path)| !mounted.iter().any(|mounted| mounted == path))
    {
        let client = app.coolify(Urgency::Step).await?;
        hold(app, leased, None).await?;
        client.add_volume(uuid, name, path).await?;
    }
    Ok(Next::Enter(Stage::Build))
}

/// Follows the build that is known, or one in flight; else asks for one.
async fn build(app: &App, leased: &Leased) -> Result<Next, StepError> {
    let Some(uuid) = &leased.application_uuid else {
        return Ok(Next::Enter(Stage::Application));
    };
    let rows = app
        .coolify(Urgency::Step)
        .await?
        .recent_builds(uuid)
        .await?;
    if let Some(row) = ours(leased, &rows) {
        return Ok(Next::Follow(row.deployment_uuid.clone()));
    }
    if let Some(wait) = wait_for_landing(app, leased) {
        return Ok(wait);
    }
    let newest = rows.first().map_or("", |row| row.deployment_uuid.as_str());
    let client = app.coolify(Urgency::Step).await?;
    hold(app, leased, Some(app.pace.landing)).await?;
    leases::save_newest_build(
        &app.pool,
        leased.environment_id.into(),
        leased.fence,
        newest,
    )
    .await?;
    let promised = client.deploy(uuid).await?;
    if let Asked::Build(promised) = promised {
        match app.coolify(Urgency::Step).await?.build(&promised).await {
            Ok(row) => return Ok(Next::Follow(row.deployment_uuid)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Next::Again {
        after: app.pace.retry,
        note: Some("Coolify has not begun the build yet.".to_owned()),
        unsure: false,
    })
}

/// The build that is known, one in flight, or one that was asked for and has ended before its answer was heard. Coolify's
/// newest is the first.
fn ours<'a>(leased: &Leased, rows: &'a [DeploymentRow]) -> Option<&'a DeploymentRow> {
    let is =
        |row: &&DeploymentRow, uuid: &Option<String>| Some(&row.deployment_uuid) == uuid.as_ref();
    let known = rows.iter().find(|row| is(row, &leased.deployment_uuid));
    let moving = || rows.iter().find(|row| row.moves());
    let newer = || {
        let newest = rows.first().filter(|_| leased.asked_after.is_some());
        newest.filter(|row| !is(row, &leased.asked_after))
    };
    known.or_else(moving).or_else(newer)
}

/// The deadline has passed: what Coolify still builds is cancelled before the deployment is called failed.
async fn give_up(app: &App, leased: &Leased) -> Result<Next, StepError> {
    Ok(match cancel(app, leased).await? {
        Next::Cancelled { .. } => Next::Fail(judge::overdue(leased.note.as_deref())),
        Next::Again { after, unsure, .. } => Next::Again {
            after,
            note: leased.note.clone(),
            unsure,
        },
        next => next,
    })
}

/// Cancels every build in flight and waits until there is none, but not for ever.
async fn cancel(app: &App, leased: &Leased) -> Result<Next, StepError> {
    if let Some(wait) = wait_for_landing(app, leased).filter(|_| leased.application_uuid.is_none())
    {
        return Ok(wait);
    }
    let Some(uuid) = &leased.application_uuid else {
        return Ok(Next::Cancelled { running: false });
    };
    let rows = match app.coolify(Urgency::Step).await?.recent_builds(uuid).await {
        Err(Error::NotFound) => return Ok(Next::Cancelled { running: false }),
        rows => rows?,
    };
    let moving: Vec<_> = rows.into_iter().filter(DeploymentRow::moves).collect();
    for row in &moving {
        app.coolify(Urgency::Step)
            .await?
            .cancel(&row.deployment_uuid)
            .await?;
    }
    if !moving.is_empty() && too_late(app, leased) {
        return Ok(Next::Fail(
            "Coolify was asked to stop the build and did not. Look there whether it still runs, and deploy again."
                .to_owned(),
        ));
    }
    if !moving.is_empty() {
        return Ok(Next::Again {
            after: app.pace.retry,
            note: Some("Waiting for Coolify to stop the build.".to_owned()),
            unsure: true,
        });
    }
    if let Some(wait) = wait_for_landing(app, leased) {
        return Ok(wait);
    }
    let application = app.coolify(Urgency::Step).await?.application(uuid).await?;
    Ok(Next::Cancelled {
        running: application.container() == Container::Running,
    })
}

/// Whether the end of a build has been waited for long enough after the deadline.
pub(super) fn too_late(app: &App, leased: &Leased) -> bool {
    OffsetDateTime::now_utc() > leased.deadline + app.pace.winding_down
}
