//! The steps of a deployment that change something at Coolify. Each is convergent: running it twice is the same as once.

use super::Ended;
use crate::app::{App, Urgency};
use crate::coolify::{Application, Conflict, Error, VOLUMES};
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::judge::Container;
use crate::domain::status::{Event, Status};
use crate::queue::{self, Job};
use crate::store::deployments::{self, Leased, Release};
use crate::store::{environments, looks};
use std::time::Duration;
use time::OffsetDateTime;

/// How long after the deadline a build that Coolify does not let us stop is waited for.
const PATIENCE_AFTER_DEADLINE: Duration = Duration::from_mins(2);

/// What follows a step.
#[derive(Debug)]
enum Next {
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

/// Takes the deployment one step further.
///
/// # Errors
/// When the database fails.
pub async fn advance(app: &App, id: DeploymentId) -> sqlx::Result<Ended> {
    let Some(leased) = deployments::lease(&app.pool, id, app.pace.lease).await? else {
        return wait_for_lease(app, id).await;
    };
    let next = match tokio::time::timeout(app.pace.step, step(app, &leased)).await {
        Ok(Ok(next)) => next,
        Ok(Err(StepError::Coolify(error))) => after_error(app, &leased, error).await,
        Ok(Err(StepError::LeaseLost)) => return nothing(app).await,
        Ok(Err(StepError::Database(error))) => return Err(error),
        Err(_) => after_error(app, &leased, slow()).await,
    };
    write(app, id, &leased, next).await
}

/// Coolify's calls of one step took too long together.
fn slow() -> Error {
    Error::Unreachable {
        why: "it did not answer in time".to_owned(),
        unsure: true,
    }
}

async fn nothing(app: &App) -> sqlx::Result<Ended> {
    Ok(Ended {
        tx: app.pool.begin().await?,
        environment: None,
    })
}

/// Another one has the environment: come back when its lease has ended.
async fn wait_for_lease(app: &App, id: DeploymentId) -> sqlx::Result<Ended> {
    let until = deployments::leased_until(&app.pool, id).await?;
    let mut tx = app.pool.begin().await?;
    if let Some(until) = until {
        queue::ask(&mut tx, Job::Advance(id), until_then(until)).await?;
    }
    Ok(Ended {
        tx,
        environment: None,
    })
}

/// How long until a time, and a little more.
pub(super) fn until_then(until: OffsetDateTime) -> Duration {
    Duration::try_from(until - OffsetDateTime::now_utc()).unwrap_or_default()
        + Duration::from_millis(100)
}

#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Coolify(#[from] Error),
    #[error("the lease was lost")]
    LeaseLost,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

async fn step(app: &App, leased: &Leased) -> Result<Next, StepError> {
    if leased.cancel_requested {
        return cancel(app, leased).await;
    }
    if leased.deadline < OffsetDateTime::now_utc() {
        return Ok(Next::Fail(
            "The deployment took too long. Check that Coolify is well, and deploy again."
                .to_owned(),
        ));
    }
    match leased.stage {
        Stage::Requested => Ok(Next::Enter(Stage::Application)),
        Stage::Application => application(app, leased).await,
        Stage::Settings => settings(app, leased).await,
        Stage::Build | Stage::Start | Stage::Answer => build(app, leased).await,
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
    deployments::save_application(&app.pool, leased.environment_id.into(), leased.fence, uuid)
        .await?;
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
    let description = format!("vps-claude {}", EnvironmentId::from(leased.environment_id));
    let client = app.coolify(Urgency::Step).await?;
    hold(app, leased, Some(app.pace.landing)).await?;
    match client.create(&leased.subdomain, &description, fqdn).await {
        Ok(uuid) => adopt(app, leased, &uuid).await,
        Err(Error::DomainTaken(conflicts)) => taken(app, leased, &conflicts).await,
        Err(error) => Err(error.into()),
    }
}

/// The address is held by another application: by ours, made by a request whose answer was lost, or by a stranger's.
async fn taken(app: &App, leased: &Leased, conflicts: &[Conflict]) -> Result<Next, StepError> {
    let ours = conflicts
        .iter()
        .find(|one| one.resource_type == "application" && one.resource_name == leased.subdomain);
    match ours.and_then(|one| one.resource_uuid.as_deref()) {
        Some(uuid) => adopt(app, leased, uuid).await,
        None => Ok(Next::Fail("Its address is already used in Coolify by something else. Remove that in Coolify, and deploy again.".to_owned())),
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
    let held = deployments::hold(
        &app.pool,
        leased.environment_id.into(),
        leased.fence,
        app.pace.lease,
        landing,
    )
    .await?;
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
        client.set_variable(uuid, "HASHED_PASSWORD", hash).await?;
        deployments::forget_password(&app.pool, leased.environment_id.into(), hash).await?;
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
    if let Some(follow) = in_flight(app, leased, uuid).await? {
        return Ok(follow);
    }
    if let Some(wait) = wait_for_landing(app, leased) {
        return Ok(wait);
    }
    let client = app.coolify(Urgency::Step).await?;
    hold(app, leased, Some(app.pace.landing)).await?;
    let promised = client.deploy(uuid).await?;
    if let Some(promised) = promised {
        match app.coolify(Urgency::Step).await?.build(&promised).await {
            Ok(row) => return Ok(Next::Follow(row.deployment_uuid)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let again = Next::Again {
        after: app.pace.retry,
        note: Some("Coolify has not begun the build yet.".to_owned()),
        unsure: false,
    };
    Ok(in_flight(app, leased, uuid).await?.unwrap_or(again))
}

async fn in_flight(app: &App, leased: &Leased, uuid: &str) -> Result<Option<Next>, StepError> {
    let rows = app
        .coolify(Urgency::Step)
        .await?
        .recent_builds(uuid)
        .await?;
    let known = rows
        .iter()
        .find(|row| Some(&row.deployment_uuid) == leased.deployment_uuid.as_ref());
    let moving = rows.iter().find(|row| row.moves());
    Ok(known
        .or(moving)
        .map(|row| Next::Follow(row.deployment_uuid.clone())))
}

/// Cancels every build in flight and waits until there is none.
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
    let moving: Vec<_> = rows.into_iter().filter(|row| row.moves()).collect();
    for row in &moving {
        app.coolify(Urgency::Step)
            .await?
            .cancel(&row.deployment_uuid)
            .await?;
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

/// What follows when Coolify did not do what was asked.
async fn after_error(app: &App, leased: &Leased, error: Error) -> Next {
    app.heed(&error).await;
    tracing::warn!(environment = %EnvironmentId::from(leased.environment_id), stage = leased.stage.word(), %error, "step not done");
    if leased.cancel_requested
        && OffsetDateTime::now_utc() > leased.deadline + PATIENCE_AFTER_DEADLINE
    {
        return Next::Fail(
            "Coolify could not be asked to stop the build. Look there whether it still runs."
                .to_owned(),
        );
    }
    let after = backoff(app, leased.attempts);
    match error {
        Error::Refused(sentence) => Next::Fail(in_step(leased.stage, &sentence)),
        Error::NotFound => Next::Fail(in_step(
            leased.stage,
            "The application is not in Coolify any more. Deploy again; if it stays away, set a new password to make a new one.",
        )),
        Error::DomainTaken(_) => Next::Fail(in_step(
            leased.stage,
            "Its address is already used in Coolify by something else. Remove that in Coolify, and deploy again.",
        )),
        Error::Throttled(pause) => Next::Again {
            after: pause.max(Duration::from_millis(100)) + after / 4,
            note: Some("Coolify is busy: it allows a number of calls a minute.".to_owned()),
            unsure: leased.unsure_until.is_some(),
        },
        Error::Unreachable { why, unsure } => Next::Again {
            after,
            note: Some(format!("Coolify cannot be reached: {why}. Trying again.")),
            unsure: unsure
                || leased
                    .unsure_until
                    .is_some_and(|until| until > OffsetDateTime::now_utc()),
        },
    }
}

fn in_step(stage: Stage, sentence: &str) -> String {
    format!("Step \u{201c}{}\u{201d}: {sentence}", stage.title())
}

/// Widening intervals with jitter, so that many retries do not come at once.
pub(super) fn backoff(app: &App, attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 4)).unwrap_or(0);
    app.pace
        .retry
        .mul_f64(f64::from(1_u32 << doublings) * rand::random_range(0.75..1.25))
}

/// Writes what follows, if the lease is still ours, and gives it back.
async fn write(app: &App, id: DeploymentId, leased: &Leased, next: Next) -> sqlx::Result<Ended> {
    let environment = EnvironmentId::from(leased.environment_id);
    let mut tx = app.pool.begin().await?;
    let release = Release {
        look_after: matches!(next, Next::Follow(_)).then_some(app.pace.looks[0] / 2),
        unsure: matches!(next, Next::Again { unsure: true, .. }),
        meant_for: Some(Status::Deploying),
    };
    match deployments::release(&mut tx, environment, leased.fence, &release).await? {
        Some(Status::Deploying) => {}
        Some(Status::Deleting) => {
            queue::ask(&mut tx, Job::Remove(environment), Duration::ZERO).await?;
            return Ok(Ended {
                tx,
                environment: None,
            });
        }
        _ => {
            return Ok(Ended {
                tx,
                environment: None,
            });
        }
    }
    write_next(app, &mut tx, id, environment, next).await?;
    Ok(Ended {
        tx,
        environment: Some(environment),
    })
}

async fn write_next(
    app: &App,
    tx: &mut sqlx::PgConnection,
    id: DeploymentId,
    environment: EnvironmentId,
    next: Next,
) -> sqlx::Result<()> {
    match next {
        Next::Enter(stage) => {
            deployments::enter(tx, id, stage).await?;
            queue::ask(tx, Job::Advance(id), Duration::ZERO).await
        }
        Next::Follow(deployment_uuid) => {
            deployments::enter(tx, id, Stage::Build).await?;
            deployments::follow(tx, id, &deployment_uuid).await
        }
        Next::Again { after, note, .. } => {
            deployments::retry(tx, id, note.as_deref()).await?;
            queue::ask(tx, Job::Advance(id), after).await
        }
        Next::Fail(sentence) => fail(tx, id, environment, &sentence).await,
        Next::Cancelled { running } => cancelled(app, tx, id, environment, running).await,
    }
}

/// The deployment failed, and the environment with it.
pub(super) async fn fail(
    tx: &mut sqlx::PgConnection,
    id: DeploymentId,
    environment: EnvironmentId,
    sentence: &str,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, reason = sentence, "deployment failed");
    deployments::finish(tx, id, Outcome::Failed, Some(sentence)).await?;
    let status = Status::Deploying
        .after(Event::Failed)
        .unwrap_or(Status::Error);
    environments::set_status(tx, environment, status, Some(sentence)).await
}

async fn cancelled(
    app: &App,
    tx: &mut sqlx::PgConnection,
    id: DeploymentId,
    environment: EnvironmentId,
    running: bool,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, "deployment cancelled");
    deployments::finish(
        tx,
        id,
        Outcome::Cancelled,
        Some("The deployment was cancelled."),
    )
    .await?;
    let event = if running {
        Event::CancelledWhileRunning
    } else {
        Event::Cancelled
    };
    let status = Status::Deploying.after(event).unwrap_or(Status::Pending);
    environments::set_status(tx, environment, status, None).await?;
    if running {
        looks::next(tx, environment, Some(app.pace.looks[0])).await
    } else {
        Ok(())
    }
}
