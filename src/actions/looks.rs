//! Looking at the rows that wait: one look at Coolify serves all of them. Nothing is changed there.

use super::{environments, removal, steps};
use crate::app::{App, Urgency};
use crate::coolify::{Application, DeploymentRow, Error};
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::judge::{self, Build, Container, Health, Sighting, Verdict, Waiting};
use crate::domain::status::{Event, Status};
use crate::queue::{self, Job};
use crate::store::looks::{self, Again, Due};
use crate::store::{self, deployments};
use futures_util::{StreamExt, stream};
use std::collections::HashMap;
use std::time::Duration;

/// How many rows one round takes.
const BATCH: i64 = 2_000;
/// When a claimed row is due again if its watcher dies: longer than a round takes.
const CLAIM: Duration = Duration::from_secs(45);
/// How many addresses, or single builds, are looked at at once.
const AT_ONCE: usize = 64;

/// What Coolify showed in this round, asked for once and only if a row needs it.
struct Panorama {
    builds: Option<Result<HashMap<String, DeploymentRow>, Blind>>,
    applications: Option<Result<Vec<Application>, Blind>>,
}

/// Coolify could not be asked.
#[derive(Debug, Clone)]
struct Blind(Sighting);

/// A row with what was seen of it.
struct Seen {
    due: Due,
    sighting: Sighting,
    /// The application's uuid when it was found under our name only now.
    build: Option<DeploymentRow>,
}

/// Looks at every row that is due and writes what follows; says how many there were.
///
/// # Errors
/// When the database fails.
pub async fn look(app: &App) -> sqlx::Result<usize> {
    let due = looks::claim(&app.pool, BATCH, CLAIM).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let count = due.len();
    let panorama = panorama(app, &due).await;
    let seen: Vec<Seen> = stream::iter(due)
        .map(|due| sight(app, &panorama, due))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut again = Again::default();
    for one in seen {
        judge(app, &mut again, one).await?;
    }
    looks::again(&app.pool, &again).await?;
    Ok(count)
}

async fn panorama(app: &App, due: &[Due]) -> Panorama {
    let builds = due.iter().any(waits_for_build);
    let applications = due.iter().any(|due| !waits_for_build(due));
    Panorama {
        builds: if builds {
            Some(builds_in_flight(app).await)
        } else {
            None
        },
        applications: if applications {
            Some(all_applications(app).await)
        } else {
            None
        },
    }
}

fn waits_for_build(due: &Due) -> bool {
    due.status == Status::Deploying && due.stage == Some(Stage::Build)
}

async fn builds_in_flight(app: &App) -> Result<HashMap<String, DeploymentRow>, Blind> {
    let rows = match app.coolify(Urgency::Look).await {
        Ok(client) => client.builds_in_flight().await,
        Err(error) => Err(error),
    };
    match rows {
        Ok(rows) => Ok(rows
            .into_iter()
            .map(|row| (row.deployment_uuid.clone(), row))
            .collect()),
        Err(error) => Err(blind(app, error).await),
    }
}

async fn all_applications(app: &App) -> Result<Vec<Application>, Blind> {
    let listed = match app.coolify(Urgency::Look).await {
        Ok(client) => client.applications().await,
        Err(error) => Err(error),
    };
    match listed {
        Ok(listed) => Ok(listed),
        Err(error) => Err(blind(app, error).await),
    }
}

async fn blind(app: &App, error: Error) -> Blind {
    app.heed(&error).await;
    Blind(match error {
        Error::Unreachable { why, .. } => Sighting::Unreachable(why),
        Error::Refused(sentence) => Sighting::Refused(sentence),
        Error::Throttled(_) => {
            Sighting::Unreachable("it allows only a number of calls a minute".to_owned())
        }
        Error::NotFound | Error::DomainTaken(_) => {
            Sighting::Unreachable("its answer could not be read".to_owned())
        }
    })
}

/// Looks at one row, in what Coolify showed of all of them if possible.
async fn sight(app: &App, panorama: &Panorama, due: Due) -> Seen {
    let (sighting, build) = if waits_for_build(&due) {
        sight_build(app, panorama, &due).await
    } else {
        (sight_container(app, panorama, &due).await, None)
    };
    Seen {
        due,
        sighting,
        build,
    }
}

async fn sight_build(
    app: &App,
    panorama: &Panorama,
    due: &Due,
) -> (Sighting, Option<DeploymentRow>) {
    let Some(uuid) = due.deployment_uuid.as_deref() else {
        return (Sighting::Build(Build::Missing), None);
    };
    match &panorama.builds {
        Some(Err(Blind(sighting))) => return (sighting.clone(), None),
        Some(Ok(in_flight)) => {
            if let Some(row) = in_flight.get(uuid) {
                return (Sighting::Build(row.build()), Some(row.clone()));
            }
        }
        None => {}
    }
    let row = match app.coolify(Urgency::Look).await {
        Ok(client) => client.build(uuid).await,
        Err(error) => Err(error),
    };
    match row {
        Ok(row) => (Sighting::Build(row.build()), Some(row)),
        Err(Error::NotFound) => (Sighting::Build(Build::Missing), None),
        Err(error) => (blind(app, error).await.0, None),
    }
}

async fn sight_container(app: &App, panorama: &Panorama, due: &Due) -> Sighting {
    let container = match &panorama.applications {
        Some(Err(Blind(sighting))) => return sighting.clone(),
        Some(Ok(listed)) => find(app, listed, due).map(Application::container),
        None => None,
    };
    let container = match container {
        Some(container) => container,
        None => match alone(app, due).await {
            Ok(container) => container,
            Err(Blind(sighting)) => return sighting,
        },
    };
    if container == Container::Running && due.status != Status::Deleting {
        Sighting::Address(app.probe.look(&app.domain.address(&due.subdomain)).await)
    } else {
        Sighting::Container(container)
    }
}

fn find<'a>(app: &App, listed: &'a [Application], due: &Due) -> Option<&'a Application> {
    let fqdn = app.domain.fqdn(&due.subdomain);
    let known = due.application_uuid.as_deref();
    let ours = |one: &&Application| {
        Some(one.uuid.as_str()) == known
            || (due.status == Status::Deleting && one.name == due.subdomain && one.may_be_at(&fqdn))
    };
    listed.iter().find(ours)
}

/// An application that is not listed may have been moved: only its own address knows that it is gone.
async fn alone(app: &App, due: &Due) -> Result<Container, Blind> {
    let Some(uuid) = due.application_uuid.as_deref() else {
        return Ok(Container::Missing);
    };
    let read = match app.coolify(Urgency::Look).await {
        Ok(client) => client.application(uuid).await,
        Err(error) => Err(error),
    };
    match read {
        Ok(application) => Ok(application.container()),
        Err(Error::NotFound) => Ok(Container::Missing),
        Err(error) => Err(blind(app, error).await),
    }
}

async fn judge(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    match seen.due.status {
        Status::Deploying => judge_deployment(app, again, seen).await,
        Status::Running | Status::Error => judge_health(app, again, seen).await,
        Status::Deleting => judge_removal(app, again, seen).await,
        Status::Pending => Ok(()),
    }
}

/// Widening: at first soon, later less often.
fn interval(app: &App, looks: i32) -> Duration {
    let [first, later, last] = app.pace.looks;
    match looks {
        ..15 => first,
        15..40 => later,
        _ => last,
    }
}

async fn judge_deployment(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    let due = &seen.due;
    let (Some(id), Some(stage), Some(stage_since), Some(deadline)) =
        (due.deployment_id, due.stage, due.stage_since, due.deadline)
    else {
        return Ok(());
    };
    let waiting = Waiting {
        stage,
        stage_since,
        deadline,
        build_ended_at: due.build_ended_at,
    };
    let verdict = waiting.judge(&seen.sighting, &app.pace.patience, due.now);
    if let Some(row) = &seen.build {
        super::logs::keep(app, id.into(), row).await?;
    }
    match &verdict {
        Verdict::Wait(note) if *note == due.note => {
            again.push(due, interval(app, due.looks), false, 0);
            Ok(())
        }
        _ => write_verdict(app, due, id.into(), verdict).await,
    }
}

async fn write_verdict(
    app: &App,
    due: &Due,
    id: DeploymentId,
    verdict: Verdict,
) -> sqlx::Result<()> {
    let environment = EnvironmentId::from(due.environment_id);
    let reason = match &verdict {
        Verdict::BuildFailed => super::logs::why_failed(app, id).await?,
        _ => String::new(),
    };
    let mut tx = app.pool.begin().await?;
    if looks::confirm(&mut tx, due).await? != Some(Status::Deploying) {
        return Ok(());
    }
    match verdict {
        Verdict::Wait(note) => {
            looks::note(&mut tx, id, note.as_deref()).await?;
            looks::explain(&mut tx, environment, None).await?;
            looks::next(&mut tx, environment, Some(interval(app, due.looks))).await?;
        }
        Verdict::AwaitLog => {
            looks::build_ended(&mut tx, id, app.pace.patience.trailing_log).await?;
            looks::next(&mut tx, environment, Some(app.pace.patience.trailing_log)).await?;
        }
        Verdict::Enter(stage) => {
            looks::build_ended(&mut tx, id, app.pace.patience.trailing_log).await?;
            deployments::enter(&mut tx, id, stage).await?;
            looks::next(&mut tx, environment, Some(app.pace.tick)).await?;
        }
        Verdict::Redo => {
            looks::next(&mut tx, environment, None).await?;
            queue::ask(&mut tx, Job::Advance(id), app.pace.retry).await?;
        }
        Verdict::Succeed => succeed(app, &mut tx, id, environment).await?,
        Verdict::BuildFailed => steps::fail(&mut tx, id, environment, &reason).await?,
        Verdict::Fail(sentence) => steps::fail(&mut tx, id, environment, &sentence).await?,
    }
    tx.commit().await?;
    environments::tell(app, environment).await.map(drop)
}

async fn succeed(
    app: &App,
    tx: &mut sqlx::PgConnection,
    id: DeploymentId,
    environment: EnvironmentId,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, "environment runs");
    deployments::finish(tx, id, Outcome::Succeeded, None).await?;
    let status = Status::Deploying
        .after(Event::Answered)
        .unwrap_or(Status::Running);
    store::environments::set_status(tx, environment, status, None).await?;
    looks::next(tx, environment, Some(app.pace.recheck)).await
}

async fn judge_health(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    let due = &seen.due;
    match (judge::health(&seen.sighting), due.status) {
        (Health::Unknown, _) => again.push(due, app.pace.recheck, false, due.missed),
        (Health::Fine, Status::Running) | (Health::Lost(_), Status::Error) => {
            again.push(due, app.pace.recheck, true, 0)
        }
        (Health::Lost(_), _) if due.missed == 0 => again.push(due, app.pace.doubt, false, 1),
        (Health::Lost(why), _) => return change(app, due, Event::Lost, Some(&why)).await,
        (Health::Fine, _) => return change(app, due, Event::Recovered, None).await,
    }
    Ok(())
}

async fn change(app: &App, due: &Due, event: Event, reason: Option<&str>) -> sqlx::Result<()> {
    let environment = EnvironmentId::from(due.environment_id);
    let mut tx = app.pool.begin().await?;
    let Some(status) = looks::confirm(&mut tx, due)
        .await?
        .and_then(|status| status.after(event))
    else {
        return Ok(());
    };
    tracing::info!(%environment, status = status.word(), reason, "environment changed by itself");
    store::environments::set_status(&mut tx, environment, status, reason).await?;
    looks::next(&mut tx, environment, Some(app.pace.recheck)).await?;
    tx.commit().await?;
    environments::tell(app, environment).await.map(drop)
}

async fn judge_removal(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    let due = &seen.due;
    let environment = EnvironmentId::from(due.environment_id);
    let gone = seen.sighting == Sighting::Container(Container::Missing);
    let note = match &seen.sighting {
        Sighting::Refused(sentence) => Some(sentence.clone()),
        Sighting::Unreachable(why) => Some(format!(
            "Coolify cannot be reached: {why}. The removal goes on when it can."
        )),
        _ => removal::overdue(due.removal_requested_at, due.now, app).map(str::to_owned),
    };
    let ask_again = due.looks % 15 == 0;
    if !gone && !ask_again && note == due.reason {
        again.push(due, interval(app, due.looks), false, 0);
        return Ok(());
    }
    let mut tx = app.pool.begin().await?;
    if looks::confirm(&mut tx, due).await? != Some(Status::Deleting) {
        return Ok(());
    }
    if gone {
        removal::gone(&mut tx, environment).await?;
    } else if ask_again {
        queue::ask(&mut tx, Job::Remove(environment), Duration::ZERO).await?;
    }
    if !gone {
        looks::explain(&mut tx, environment, note.as_deref()).await?;
    }
    tx.commit().await?;
    if !gone {
        again.push(due, interval(app, due.looks), false, 0);
    }
    environments::tell(app, environment).await.map(drop)
}
