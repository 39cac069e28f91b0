//! Polls deployments while Coolify builds and starts them.

use super::calls::{Calls, Cost, POLL_WAIT};
use super::ending::{self, Failure, fail};
use super::writing::{Writing, again_one};
use super::{jobs, logs, look};
use crate::app::App;
use crate::coolify::DeploymentRow;
use crate::domain::deployment::Stage;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::judge::{Answer, Build, Container, Sighting, Verdict, Waiting};
use crate::domain::status::Status;
use crate::redis::calls::Lane;
use crate::store::watches::{self, Again, Due, Kind};
use crate::store::{builds, deployments, environments};
use sqlx::PgConnection;
use uuid::Uuid;

/// While an address does not answer, the container's state is read from Coolify on every n-th poll.
const ASK_COOLIFY: i32 = 3;

/// The result of polling a deployment.
pub struct Seen {
    pub sighting: Sighting,
    /// Coolify's row of the build, if it was found.
    pub build: Option<DeploymentRow>,
}

impl Seen {
    /// Reads the build's state from its row.
    pub fn of(build: DeploymentRow) -> Self {
        Self {
            sighting: Sighting::Build(build.build()),
            build: Some(build),
        }
    }
}

impl From<Sighting> for Seen {
    fn from(sighting: Sighting) -> Self {
        Self {
            sighting,
            build: None,
        }
    }
}

/// Whether the deployment waits for Coolify's build.
pub fn waits_for_build(due: &Due) -> bool {
    due.status == Status::Deploying && due.stage == Some(Stage::Build)
}

/// Whether the row stays unchanged and there is no log to store.
pub fn is_unchanged(app: &App, due: &Due, seen: &Seen) -> bool {
    let has_log = |build: &DeploymentRow| build.log().is_some_and(|log| !log.is_empty());
    let verdict = judge(app, due, &seen.sighting);
    matches!(verdict, Some(Verdict::Wait(note)) if note == due.note)
        && !seen.build.as_ref().is_some_and(has_log)
}

fn judge(app: &App, due: &Due, sighting: &Sighting) -> Option<Verdict> {
    let waiting = Waiting {
        stage: due.stage?,
        stage_since: due.stage_since?,
        deadline: due.deadline?,
        build_began: due.build_began,
        build_ended_at: due.build_ended_at,
    };
    Some(waiting.judge(sighting, &app.pace.patience, due.now))
}

/// Polls a build that is not in the snapshot: it has ended, or Coolify does not know it.
pub async fn look_at_build(app: App, due: Due) -> sqlx::Result<()> {
    let app = &app;
    let Some(uuid) = due.deployment_uuid.as_deref() else {
        return carry_on(app, due, Sighting::Build(Build::Missing).into()).await;
    };
    let calls = Calls::reserve_within(app, Lane::Look, POLL_WAIT).await;
    let application = due.application_uuid.as_deref();
    let seen = match look::build(app, &calls, uuid, application).await {
        Ok(Some(build)) => Seen::of(build),
        Ok(None) => Sighting::Build(Build::Missing).into(),
        Err(sighting) => sighting.into(),
    };
    let id = due.deployment_id;
    carry_on(app, due, seen).await?;
    record(&calls, id).await;
    Ok(())
}

/// Checks whether the built container starts and answers: its own address first, Coolify only on some polls.
pub async fn look_at_start(app: App, due: Due) -> sqlx::Result<()> {
    let app = &app;
    let answer = look::address(app, &due.subdomain).await;
    let asks_coolify = due.looks % ASK_COOLIFY == 0;
    let calls = Calls::singly(app, Lane::Look);
    let sighting = match answer {
        Answer::Silent(_) if !asks_coolify && due.stage != Some(Stage::Answer) => {
            return again_one(app, due, app.pace.look_every, false, 0).await;
        }
        Answer::Silent(_) if asks_coolify => {
            match look::container(app, &calls, due.application_uuid.as_deref()).await {
                Ok(Container::Running) if due.stage == Some(Stage::Answer) => {
                    Sighting::Address(answer)
                }
                Ok(container) => Sighting::Container(container),
                Err(sighting) => sighting,
            }
        }
        answer => Sighting::Address(answer),
    };
    let id = due.deployment_id;
    carry_on(app, due, sighting.into()).await?;
    record(&calls, id).await;
    Ok(())
}

/// Stores the calls of a poll, after its result was written: nothing depends on them.
async fn record(calls: &Calls<'_>, deployment: Option<Uuid>) {
    if let Some(id) = deployment {
        calls.record(id.into()).await;
    }
}

/// Judges the sighting and writes the verdict.
pub async fn carry_on(app: &App, due: Due, seen: Seen) -> sqlx::Result<()> {
    let (Some(id), Some(verdict)) = (due.deployment_id, judge(app, &due, &seen.sighting)) else {
        return again_one(app, due, app.pace.look_every, false, 0).await;
    };
    let id = DeploymentId::from(id);
    if let Some(build) = &seen.build {
        logs::save(app, id, build).await?;
    }
    if matches!(&verdict, Verdict::Wait(note) if *note == due.note) {
        return again_one(app, due, app.pace.look_every, false, 0).await;
    }
    let failure = failure(app, &due, id, &verdict, &seen).await?;
    // A new container may answer already: check at once.
    let verdict = match verdict {
        Verdict::Enter(Stage::Start)
            if matches!(look::address(app, &due.subdomain).await, Answer::Alive(_)) =>
        {
            Verdict::Succeed
        }
        verdict => verdict,
    };
    let Some(mut writing) = Writing::begin(app, &due, Status::Deploying).await? else {
        return Ok(());
    };
    write(app, &mut writing.tx, &due, id, verdict, &failure).await?;
    writing.commit(app, &due).await
}

async fn write(
    app: &App,
    tx: &mut PgConnection,
    due: &Due,
    id: DeploymentId,
    verdict: Verdict,
    failure: &Failure,
) -> sqlx::Result<()> {
    let environment = EnvironmentId::from(due.environment_id);
    let trailing = app.pace.patience.trailing_log;
    match verdict {
        Verdict::Wait(note) => {
            deployments::note(tx, id, note.as_deref()).await?;
            look_again(app, tx, due).await
        }
        Verdict::Began => {
            builds::begin(tx, id, app.pace.deadline).await?;
            look_again(app, tx, due).await
        }
        Verdict::AwaitLog => {
            builds::end(tx, id, trailing).await?;
            watches::watch(tx, environment, Kind::Deployment, trailing).await
        }
        Verdict::Enter(stage) => {
            enter(app, tx, due, id, stage).await?;
            watches::watch(tx, environment, Kind::Deployment, app.pace.look_every / 2).await
        }
        Verdict::Succeed => {
            enter(app, tx, due, id, Stage::Answer).await?;
            ending::succeed(app, tx, environment, id).await
        }
        Verdict::Redo => step_again(app, tx, due, id, Cost::deployment(2)).await,
        Verdict::Stop(note) => {
            deployments::expire(tx, id, &note).await?;
            step_again(app, tx, due, id, Cost::CANCEL).await
        }
        Verdict::BuildFailed | Verdict::Fail(_) => fail(app, tx, environment, id, failure).await,
    }
}

/// Enqueues a step and stops polling until it has run.
async fn step_again(
    app: &App,
    tx: &mut PgConnection,
    due: &Due,
    id: DeploymentId,
    cost: Cost,
) -> sqlx::Result<()> {
    let environment = due.environment_id.into();
    watches::stop(tx, environment).await?;
    jobs::advance(app, tx, environment, id, cost, app.pace.retry).await
}

async fn look_again(app: &App, tx: &mut PgConnection, due: &Due) -> sqlx::Result<()> {
    let again = Again::one(due, app.pace.look_every, false, 0);
    watches::again(tx, &again).await.map(drop)
}

/// Enters every stage up to this one; the first of them ends the build.
async fn enter(
    app: &App,
    tx: &mut PgConnection,
    due: &Due,
    id: DeploymentId,
    until: Stage,
) -> sqlx::Result<()> {
    if due.stage == Some(Stage::Build) {
        // Where no look saw it being built, the time to start begins now all the same.
        builds::begin(tx, id, app.pace.deadline).await?;
        builds::end(tx, id, app.pace.patience.trailing_log).await?;
    }
    let is_next = |stage: &Stage| Some(*stage) > due.stage && *stage <= until;
    for stage in Stage::ALL.into_iter().filter(is_next) {
        deployments::enter(tx, id, stage).await?;
    }
    if due.stage < Some(Stage::Start) && until >= Stage::Start {
        environments::password_in_force(tx, due.environment_id.into()).await?;
    }
    Ok(())
}

/// The reason, if the verdict is a failure.
async fn failure(
    app: &App,
    due: &Due,
    id: DeploymentId,
    verdict: &Verdict,
    seen: &Seen,
) -> sqlx::Result<Failure> {
    match verdict {
        Verdict::BuildFailed => logs::cause(app, id, seen.build.as_ref()).await,
        Verdict::Fail(sentence) => Ok(Failure {
            sentence: sentence.clone(),
            lines: said_by_container(app, due, &seen.sighting).await,
        }),
        _ => Ok(Failure::default()),
    }
}

/// The last lines of the log of a container that does not answer.
async fn said_by_container(app: &App, due: &Due, sighting: &Sighting) -> Option<String> {
    let is_there = match sighting {
        Sighting::Address(_) => true,
        Sighting::Container(container) => *container != Container::Missing,
        _ => false,
    };
    let application = due.application_uuid.as_deref().filter(|_| is_there)?;
    let calls = Calls::singly(app, Lane::Look);
    let lines = look::container_log(app, &calls, application).await;
    record(&calls, due.deployment_id).await;
    lines
}
