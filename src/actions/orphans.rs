//! Applications in Coolify that carry our mark and belong to no environment: left over by a crash, or made since a backup
//! that was restored. They are reported and not removed by themselves, because somebody may still need what is in them.

use super::calls::{Calls, respect_limit, within};
use super::refusal::Refusal;
use crate::app::App;
use crate::coolify::{Application, Client, Error};
use crate::domain::application_uuid::ApplicationUuid;
use crate::domain::id::EnvironmentId;
use crate::domain::source::BuiltFrom;
use crate::redis::calls::Lane;
use crate::store::{adoption, environments};
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

/// How long a search waits for its call.
const WAIT: Duration = Duration::from_secs(20);
/// The same for a page.
const PAGE_WAIT: Duration = Duration::from_secs(3);
/// How many are on a page.
const ON_A_PAGE: usize = 100;
/// How many are told of one by one, where they are reported.
const REPORTED: usize = 10;

const SILENT: &str = "Coolify does not answer at the moment. Try again in a minute.";
const BUSY: &str = "Coolify is asked for too much at the moment. Try again in a minute.";

/// Such an application, as Coolify names it.
#[derive(Debug)]
pub struct Orphan {
    /// Without control characters.
    pub name: String,
    pub uuid: ApplicationUuid,
    /// The environment that it was made for, as its mark says.
    pub environment: Option<EnvironmentId>,
    /// What it is built from, where Coolify says it.
    pub built_from: Option<BuiltFrom>,
    /// The hosts of its addresses, as far as Coolify serves any.
    pub hosts: Vec<String>,
}

impl Orphan {
    /// `None` when Coolify does not name it as it names applications.
    fn new(one: &Application) -> Option<Self> {
        Some(Self {
            uuid: ApplicationUuid::parse(&one.uuid)?,
            environment: one.environment(),
            built_from: one.built_from(),
            hosts: one.hosts(),
            // It is printed to terminals.
            name: one.name.replace(char::is_control, "\u{fffd}"),
        })
    }
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Coolify has the application {} ({}), which vps-claude made and no environment here knows. Adopt, delete or ignore it on the administrators' page of orphans.",
            self.name, self.uuid
        )
    }
}

/// A sentence for each of the first ones, and one that counts the others.
pub fn sentences(found: &[Orphan]) -> Vec<String> {
    let mut sentences: Vec<String> = found
        .iter()
        .take(REPORTED)
        .map(ToString::to_string)
        .collect();
    let more = found.len().saturating_sub(REPORTED);
    if more > 0 {
        sentences.push(format!(
            "Coolify has {more} more that no environment knows."
        ));
    }
    sentences
}

/// Searches within the budget of calls; finds nothing where there is no call for it now, or Coolify does not answer.
pub async fn search(app: &App) -> sqlx::Result<Vec<Orphan>> {
    let calls = Calls::reserve_within(app, Lane::Log, WAIT).await;
    match calls.one().await {
        Ok(client) => Ok(find(app, client).await?.unwrap_or_default()),
        Err(_) => Ok(vec![]),
    }
}

/// Searches with one call to Coolify; `None` when it does not answer.
pub async fn find(app: &App, client: &Client) -> sqlx::Result<Option<Vec<Orphan>>> {
    match client.applications().await {
        Ok(listed) => among(app, listed).await.map(Some),
        Err(_) => Ok(None),
    }
}

/// Some of them.
#[derive(Debug)]
pub struct Part {
    /// The first ones, by name.
    pub first: Vec<Orphan>,
    /// How many there are besides.
    pub more: usize,
}

impl Part {
    fn of(mut all: Vec<Orphan>) -> Self {
        all.sort_by(|one, other| one.name.cmp(&other.name));
        let more = all.len().saturating_sub(ON_A_PAGE);
        all.truncate(ON_A_PAGE);
        Self { first: all, more }
    }
}

/// As many of them as a page has, for somebody who waits for it.
///
/// # Errors
/// A message when there is no call for it, or Coolify does not answer.
pub async fn list(app: &App) -> Result<Part, Refusal> {
    let calls = Calls::reserve_within(app, Lane::Look, PAGE_WAIT).await;
    let client = calls.one().await.map_err(|_| Refusal::NotNow(BUSY))?;
    match within(app.pace.look, client.applications()).await {
        Ok(listed) => Ok(Part::of(among(app, listed).await?)),
        Err(error) => {
            respect_limit(app, &error).await;
            Err(Refusal::NotNow(SILENT))
        }
    }
}

/// The one with this uuid, as it is in Coolify now.
///
/// # Errors
/// `NotFound` when there is none or it is none, or a message when Coolify cannot be asked.
pub async fn get(app: &App, uuid: &ApplicationUuid) -> Result<Orphan, Refusal> {
    let calls = Calls::reserve_within(app, Lane::Look, PAGE_WAIT).await;
    let client = calls.one().await.map_err(|_| Refusal::NotNow(BUSY))?;
    match within(app.pace.look, client.application(uuid.as_str())).await {
        Ok(found) if !found.is_elsewhere() => {
            let mut orphans = among(app, vec![found]).await?;
            orphans.pop().ok_or(Refusal::NotFound)
        }
        Ok(_) | Err(Error::NotFound) => Err(Refusal::NotFound),
        Err(error) => {
            respect_limit(app, &error).await;
            Err(Refusal::NotNow(SILENT))
        }
    }
}

/// Those of the applications that Coolify has, without the ignored ones.
pub async fn among(app: &App, mut listed: Vec<Application>) -> sqlx::Result<Vec<Orphan>> {
    listed.retain(Application::is_marked);
    let ids = listed.iter().filter_map(Application::environment);
    let ids: Vec<Uuid> = ids.map(|id| id.uuid()).collect();
    let environments = environments::known(&app.pool, &ids).await?;
    let uuids: Vec<String> = listed.iter().map(|one| one.uuid.clone()).collect();
    let applications = adoption::known(&app.pool, &uuids).await?;
    let is_known = |one: &Application| {
        let id = one.environment();
        applications.contains(&one.uuid) || id.is_some_and(|id| environments.contains(&id.uuid()))
    };
    listed.retain(|one| !is_known(one));
    Ok(listed.iter().filter_map(Orphan::new).collect())
}
