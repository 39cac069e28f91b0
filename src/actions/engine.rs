//! Advances a deployment or a removal by one step: claims the environment, runs the step with its reserved calls, and
//! writes the result in one transaction with the job's completion.

use super::calls::{Calls, Cost, no_answer_in_time};
use super::holder::holder;
use super::step::{Next, Step, StepError};
use super::{deploying, ending, failing, jobs, removing};
use crate::app::App;
use crate::crash;
use crate::domain::deployment::Stage;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::status::Status;
use crate::queue::Job;
use crate::store::claims::{self, Claim, DeploymentStep, RemovalStep};
use crate::store::watches::{self, Kind};
use crate::store::{self, Tx, builds, deployments, environments, turns};
use sqlx::PgConnection;
use std::time::Duration;

/// A claimed row and the kind of step to run on it.
enum Task {
    Deployment(Box<DeploymentStep>),
    Removal(RemovalStep),
}

/// Runs one job. Returns an open transaction with its writes, to be committed with the job's completion.
///
/// # Errors
/// When the database fails: the job stays in the queue.
pub async fn run(app: &App, job: Job) -> sqlx::Result<Tx> {
    crash::point("lease.before");
    let claimed = claim(app, job).await?;
    crash::point("lease.after");
    // The job is superseded, or another process holds the claim and will enqueue a new job.
    let Some(task) = claimed else {
        tracing::debug!(?job, "nothing to do");
        return nothing(app).await;
    };
    let (claim, unsure) = (task.claim(), task.unsure());
    tracing::debug!(environment = %claim.environment, token = claim.token, "step attempted");
    let done = attempt(app, &task).await;
    let next = match done {
        Ok(next) => next,
        Err(StepError::NoCall(after)) => match &task {
            Task::Deployment(row) => failing::without_call(app, row, after, unsure.is_some()),
            Task::Removal(_) => Next::Again {
                after,
                note: None,
                unsure: unsure.is_some(),
            },
        },
        Err(StepError::Coolify(error)) => {
            tracing::warn!(environment = %claim.environment, stage = task.word(), %error, "step not done");
            let unsure = unsure.is_some();
            match &task {
                Task::Deployment(row) => failing::of_deployment(app, row, error, unsure).await,
                Task::Removal(row) => failing::of_removal(app, row, error, unsure).await,
            }
        }
        Err(StepError::ClaimLost) => return nothing(app).await,
        Err(StepError::Database(error)) => return Err(error),
    };
    write(app, &task, next).await
}

async fn claim(app: &App, job: Job) -> sqlx::Result<Option<Task>> {
    let holder = holder(app);
    Ok(match job {
        Job::Advance(id, number) => claims::claim_deployment(&app.pool, id, number, holder)
            .await?
            .map(|row| Task::Deployment(Box::new(row))),
        Job::Remove(id, number) => claims::claim_removal(&app.pool, id, number, holder)
            .await?
            .map(Task::Removal),
    })
}

impl Task {
    fn claim(&self) -> Claim {
        let (environment, token, job) = match self {
            Self::Deployment(row) => (row.environment_id, row.token, row.job),
            Self::Removal(row) => (row.environment_id, row.token, row.job),
        };
        Claim {
            environment: environment.into(),
            token,
            job,
        }
    }

    /// For how long a request without a response may still take effect.
    fn unsure(&self) -> Option<Duration> {
        let seconds = match self {
            Self::Deployment(row) => row.unsure_seconds,
            Self::Removal(row) => row.unsure_seconds,
        };
        seconds.map(|seconds| Duration::from_secs_f64(seconds.max(0.0)))
    }

    fn cost(&self, app: &App) -> Cost {
        match self {
            Self::Deployment(row) => deploying::cost(app, row),
            Self::Removal(_) => Cost::REMOVE,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Deployment(row) => row.stage.word(),
            Self::Removal(_) => "removal",
        }
    }
}

/// Runs the step, unless calls to Coolify were paused after this step's calls were reserved.
async fn attempt(app: &App, task: &Task) -> Result<Next, StepError> {
    let cost = task.cost(app);
    if cost.calls > 0 {
        let pause = app.calls.paused().await;
        if !pause.is_zero() {
            return Err(StepError::NoCall(pause));
        }
    }
    let step = Step {
        app,
        calls: Calls::reserved(app, cost),
        claim: task.claim(),
        unsure: task.unsure(),
    };
    let work = async {
        match task {
            Task::Deployment(row) => deploying::step(&step, row).await,
            Task::Removal(row) => removing::step(&step, row).await,
        }
    };
    let done = tokio::time::timeout(app.pace.step, work).await;
    if let Task::Deployment(row) = task {
        step.calls.record(row.id.into()).await;
    }
    done.unwrap_or_else(|_| Err(no_answer_in_time().into()))
}

async fn nothing(app: &App) -> sqlx::Result<Tx> {
    store::begin(&app.pool).await
}

/// Writes the step's result if we still hold the claim, and releases the claim.
async fn write(app: &App, task: &Task, next: Next) -> sqlx::Result<Tx> {
    let claim = task.claim();
    let mut tx = store::begin(&app.pool).await?;
    let Some(held) = claims::lock(&mut tx, claim).await? else {
        tx.rollback().await?;
        return nothing(app).await;
    };
    tracing::debug!(environment = %claim.environment, token = claim.token, stage = task.word(), ?next, "step ended");
    let unsure = match &next {
        Next::Again { unsure, .. } => *unsure,
        Next::Fail(_) => task.unsure().is_some(),
        _ => false,
    };
    claims::give_back(&mut tx, claim, unsure).await?;
    match (task, held.status) {
        (Task::Deployment(row), Status::Deploying) => {
            write_deployment(app, &mut tx, row, next).await?;
            if held.has_newer_job {
                jobs::ask_again(app, &mut tx, claim, held, Some(row.id)).await?;
            }
        }
        (Task::Removal(row), Status::Deleting) => {
            write_removal(app, &mut tx, row, next).await?;
        }
        // The status changed during the step.
        _ => jobs::ask_again(app, &mut tx, claim, held, None).await?,
    }
    Ok(tx)
}

async fn write_deployment(
    app: &App,
    tx: &mut PgConnection,
    row: &DeploymentStep,
    next: Next,
) -> sqlx::Result<()> {
    let id = DeploymentId::from(row.id);
    let environment = EnvironmentId::from(row.environment_id);
    match next {
        Next::Enter(stage, cost) => {
            deployments::enter(tx, id, stage).await?;
            jobs::advance(app, tx, environment, id, cost, Duration::ZERO).await
        }
        Next::Follow(build) => {
            deployments::enter(tx, id, Stage::Build).await?;
            builds::follow(tx, id, &build).await?;
            watches::watch(tx, environment, Kind::Deployment, app.pace.look_every).await
        }
        Next::TooLate(build) => not_cancelled(app, tx, row, &build).await,
        Next::Watch | Next::Gone => {
            watches::watch(tx, environment, Kind::Deployment, Duration::ZERO).await
        }
        Next::Again { after, note, .. } => {
            deployments::retry(tx, id, note.as_deref()).await?;
            let cost = deploying::cost(app, row);
            jobs::advance(
                app,
                tx,
                environment,
                id,
                cost,
                not_beyond_deadline(row, after),
            )
            .await
        }
        Next::QueueFull(pause) => postpone(app, tx, row, pause.min(app.pace.queue_full)).await,
        Next::Fail(sentence) => ending::fail(app, tx, environment, id, &sentence.into()).await,
        Next::Cancelled { running } => ending::cancel(app, tx, environment, id, running).await,
    }
}

/// The build was done before it could be cancelled: the watcher follows it to its end.
async fn not_cancelled(
    app: &App,
    tx: &mut PgConnection,
    row: &DeploymentStep,
    build: &str,
) -> sqlx::Result<()> {
    let id = DeploymentId::from(row.id);
    let environment = EnvironmentId::from(row.environment_id);
    ending::ignore_cancel(tx, environment, id).await?;
    // What is built still has to start.
    deployments::allow(tx, id, app.pace.deadline).await?;
    builds::follow(tx, id, build).await?;
    watches::watch(tx, environment, Kind::Deployment, Duration::ZERO).await
}

/// Caps a retry delay at the deadline.
fn not_beyond_deadline(row: &DeploymentStep, after: Duration) -> Duration {
    let left = Duration::try_from_secs_f64(row.seconds_left + 0.1);
    left.map_or(after, |left| after.min(left))
}

/// Coolify's build queue is full: postpones this deployment and stops giving turns meanwhile.
async fn postpone(
    app: &App,
    tx: &mut PgConnection,
    row: &DeploymentStep,
    pause: Duration,
) -> sqlx::Result<()> {
    let id = DeploymentId::from(row.id);
    turns::close(tx, pause).await?;
    deployments::retry(tx, id, Some("Coolify's build queue is full. Trying again.")).await?;
    let pace = &app.pace;
    deployments::extend_deadline(tx, id, pace.deadline + pause, pace.turn_wait).await?;
    let cost = deploying::cost(app, row);
    let environment = row.environment_id.into();
    jobs::advance(app, tx, environment, id, cost, pause).await
}

async fn write_removal(
    app: &App,
    tx: &mut PgConnection,
    row: &RemovalStep,
    next: Next,
) -> sqlx::Result<()> {
    let environment = EnvironmentId::from(row.environment_id);
    match next {
        Next::Gone => ending::leave(tx, environment).await,
        Next::Again { after, note, .. } => {
            if note.is_some() {
                environments::explain(tx, environment, note.as_deref()).await?;
            }
            jobs::remove(app, tx, environment, after).await
        }
        // The removal was requested.
        _ => watches::watch(tx, environment, Kind::Removal, app.pace.look_every).await,
    }
}
