//! Carries a deployment through its steps: takes the lease, does the one step its stage asks for, writes what follows.

use super::Ended;
use super::steps::{Next, StepError, calls, step, too_late};
use crate::app::App;
use crate::coolify::Error;
use crate::crash;
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::{Event, Status};
use crate::queue::{self, Job};
use crate::store::leases::{self, Leased, Release};
use crate::store::{deployments, environments, looks};
use std::time::Duration;
use time::OffsetDateTime;

/// Takes the deployment one step further.
///
/// # Errors
/// When the database fails.
pub async fn advance(app: &App, id: DeploymentId) -> sqlx::Result<Ended> {
    crash::point("lease.before");
    let Some(leased) = leases::lease(&app.pool, id, app.pace.lease).await? else {
        return wait_for_lease(app, id).await;
    };
    crash::point("lease.after");
    let next = match attempt(app, &leased).await {
        Ok(next) => next,
        Err(StepError::Coolify(error)) => after_error(app, &leased, error).await,
        Err(StepError::LeaseLost) => return nothing(app).await,
        Err(StepError::Database(error)) => return Err(error),
    };
    write(app, id, &leased, next).await
}

/// Does the step once there are calls for all of it.
async fn attempt(app: &App, leased: &Leased) -> Result<Next, StepError> {
    let own = app.set_aside(calls(leased)).await?;
    let done = tokio::time::timeout(app.pace.step, step(&own, leased)).await;
    own.give_back().await;
    done.unwrap_or_else(|_| Err(slow().into()))
}

/// Coolify's answer, or those of one step together, took too long.
pub(super) fn slow() -> Error {
    Error::Unreachable {
        why: "it did not answer in time".to_owned(),
        unsure: true,
        retry_after: None,
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
    let until = leases::leased_until(&app.pool, id).await?;
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

/// What follows when Coolify did not do what was asked.
async fn after_error(app: &App, leased: &Leased, error: Error) -> Next {
    app.heed(&error).await;
    tracing::warn!(environment = %EnvironmentId::from(leased.environment_id), stage = leased.stage.word(), %error, "step not done");
    if too_late(app, leased) {
        return Next::Fail(format!(
            "The deployment took too long, and Coolify could not be asked to stop its build: {error}. Look there whether it still runs, and deploy again."
        ));
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
        Error::Spent(pause) | Error::RateLimited { retry_after: pause } => Next::Again {
            after: pause.max(Duration::from_millis(100)) + after / 4,
            note: Some("Coolify is busy: it allows a number of calls a minute.".to_owned()),
            unsure: leased.unsure_until.is_some(),
        },
        Error::QueueFull { retry_after } => Next::Again {
            after: retry_after.min(app.pace.refused) + after / 4,
            note: Some("Coolify's build queue is full. Trying again.".to_owned()),
            unsure: is_unsure(leased),
        },
        Error::Unreachable {
            why,
            unsure,
            retry_after,
        } => Next::Again {
            after: after.max(retry_after.unwrap_or_default()),
            note: Some(format!("Coolify cannot be reached: {why}. Trying again.")),
            unsure: unsure || is_unsure(leased),
        },
    }
}

/// Whether an earlier request without an answer may still be carried out.
fn is_unsure(leased: &Leased) -> bool {
    leased
        .unsure_until
        .is_some_and(|until| until > OffsetDateTime::now_utc())
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
    let unsure = match &next {
        Next::Again { unsure, .. } => *unsure,
        Next::Fail(_) => is_unsure(leased),
        _ => false,
    };
    let release = Release {
        look_after: matches!(next, Next::Follow(_)).then_some(app.pace.looks[0] / 2),
        unsure,
        meant_for: Some(Status::Deploying),
    };
    match leases::release(&mut tx, environment, leased.fence, &release).await? {
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
    // A cancel that came during the step found the lease taken.
    if !leased.cancel_requested && deployments::is_cancel_requested(&mut tx, id).await? {
        queue::ask(&mut tx, Job::Advance(id), Duration::ZERO).await?;
    }
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
