//! Looking at the rows that wait: one look at Coolify serves all of them. Nothing is changed there.

use super::advance::slow;
use super::verdicts::judge;
use crate::app::{App, Urgency};
use crate::coolify::{Application, DeploymentRow, Error};
use crate::crash;
use crate::domain::deployment::Stage;
use crate::domain::judge::{Answer, Build, Container, Sighting};
use crate::domain::status::Status;
use crate::store::looks::{self, Again, Due};

use futures_util::{StreamExt, stream};
pub use looks::Kind;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::time::Duration;
use tokio::sync::OnceCell;

/// How many rows one round takes.
const BATCH: i64 = 1_000;
/// When a claimed row is due again if its watcher dies: longer than it takes to look at a row and write what was seen.
const CLAIM: Duration = Duration::from_secs(25);
/// How many addresses, or single builds, are looked at at once.
const AT_ONCE: usize = 256;

/// What Coolify shows in this round, asked for once and only if a row needs it.
#[derive(Default)]
struct Panorama {
    builds: OnceCell<Result<HashMap<String, DeploymentRow>, Blind>>,
    applications: OnceCell<Result<Vec<Application>, Blind>>,
}

impl Panorama {
    async fn builds(&self, app: &App) -> &Result<HashMap<String, DeploymentRow>, Blind> {
        self.builds.get_or_init(|| builds_in_flight(app)).await
    }

    async fn applications(&self, app: &App) -> &Result<Vec<Application>, Blind> {
        self.applications
            .get_or_init(|| all_applications(app))
            .await
    }
}

/// Coolify could not be asked.
#[derive(Debug, Clone)]
struct Blind(Sighting);

/// A row with what was seen of it.
pub(super) struct Seen {
    pub due: Due,
    pub sighting: Sighting,
    /// Coolify's row of the build, if there is one to be seen.
    pub build: Option<DeploymentRow>,
}

/// Looks at every row of a kind that is due and writes what follows; says how many there were.
///
/// # Errors
/// When the database fails.
pub async fn look(app: &App, kind: Kind) -> sqlx::Result<usize> {
    let due = looks::claim(&app.pool, kind, BATCH, CLAIM).await?;
    if due.is_empty() {
        return Ok(0);
    }
    crash::point("claim.after");
    let count = due.len();
    let panorama = Panorama::default();
    let sights = stream::iter(due).map(|due| sight(app, &panorama, due));
    let sights = sights.buffer_unordered(AT_ONCE).ready_chunks(AT_ONCE);
    let mut sights = std::pin::pin!(sights);
    while let Some(seen) = sights.next().await {
        write(app, seen).await?;
    }
    Ok(count)
}

/// Writes what was seen of some rows, while others are still looked at: their claims do not wait for the slowest.
async fn write(app: &App, seen: Vec<Seen>) -> sqlx::Result<()> {
    let mut again = Again::default();
    for one in seen {
        judge(app, &mut again, one).await?;
    }
    crash::point("again.before");
    looks::again(&app.pool, &again).await?;
    crash::point("again.after");
    Ok(())
}

/// Waits less long for an answer than a step does, so that a round is over before its claims end.
async fn soon<T>(app: &App, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(app.pace.look, answer)
        .await
        .unwrap_or_else(|_| Err(slow()))
}

fn waits_for_build(due: &Due) -> bool {
    due.status == Status::Deploying && due.stage == Some(Stage::Build)
}

async fn builds_in_flight(app: &App) -> Result<HashMap<String, DeploymentRow>, Blind> {
    let rows = match app.coolify(Urgency::Look).await {
        Ok(client) => soon(app, client.builds_in_flight(&HashSet::new())).await,
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
        Ok(client) => soon(app, client.applications()).await,
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
        Error::Spent(_) => Sighting::Skipped,
        Error::RateLimited { .. } | Error::QueueFull { .. } => {
            Sighting::Unreachable("it allows only so many calls a minute".to_owned())
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
    match panorama.builds(app).await {
        Err(Blind(sighting)) => return (sighting.clone(), None),
        Ok(in_flight) => {
            if let Some(row) = in_flight.get(uuid) {
                return (Sighting::Build(row.build()), Some(row.clone()));
            }
        }
    }
    let row = match app.coolify(Urgency::Look).await {
        Ok(client) => soon(app, client.build(uuid)).await,
        Err(error) => Err(error),
    };
    match row {
        Ok(row) => (Sighting::Build(row.build()), Some(row)),
        Err(Error::NotFound) => sight_among_recent(app, due, uuid).await,
        Err(error) => (blind(app, error).await.0, None),
    }
}

/// Some versions of Coolify find no build by its uuid alone: it may be among those of its application.
async fn sight_among_recent(app: &App, due: &Due, uuid: &str) -> (Sighting, Option<DeploymentRow>) {
    let missing = (Sighting::Build(Build::Missing), None);
    let Some(application) = due.application_uuid.as_deref() else {
        return missing;
    };
    let rows = match app.coolify(Urgency::Look).await {
        Ok(client) => soon(app, client.recent_builds(application)).await,
        Err(error) => Err(error),
    };
    match rows {
        Ok(rows) => rows
            .into_iter()
            .find(|row| row.deployment_uuid == uuid)
            .map_or(missing, |row| (Sighting::Build(row.build()), Some(row))),
        Err(Error::NotFound) => missing,
        Err(error) => (blind(app, error).await.0, None),
    }
}

/// Looks at the container and at its address. One that started a moment ago is asked at its address first: an answer there
/// says it all, and Coolify is spared.
async fn sight_container(app: &App, panorama: &Panorama, due: &Due) -> Sighting {
    let address = app.domain.address(&due.subdomain);
    let early = match due.stage {
        Some(Stage::Answer) => Some(app.probe.look(&address).await),
        _ => None,
    };
    if early == Some(Answer::Alive) {
        return Sighting::Address(Answer::Alive);
    }
    let container = match container(app, panorama, due).await {
        Ok(container) => container,
        Err(Blind(sighting)) => return sighting,
    };
    let asks_its_address = due.status != Status::Deleting && due.stage != Some(Stage::Start);
    match (container, early) {
        (Container::Running, Some(silent)) => Sighting::Address(silent),
        (Container::Running, None) if asks_its_address => {
            Sighting::Address(app.probe.look(&address).await)
        }
        (container, _) => Sighting::Container(container),
    }
}

async fn container(app: &App, panorama: &Panorama, due: &Due) -> Result<Container, Blind> {
    match panorama.applications(app).await {
        Err(blind) => Err(blind.clone()),
        Ok(listed) => match find(app, listed, due) {
            Some(found) => Ok(found.container()),
            None => alone(app, due).await,
        },
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
        Ok(client) => soon(app, client.application(uuid)).await,
        Err(error) => Err(error),
    };
    match read {
        Ok(application) => Ok(application.container()),
        Err(Error::NotFound) => Ok(Container::Missing),
        Err(error) => Err(blind(app, error).await),
    }
}
