//! Environments: list, delete, abandon a stuck removal.

use super::refusal::owner;
use super::{ending, jobs};
use crate::app::App;
use crate::crash;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::deployment::Outcome;
use crate::domain::group::Group;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::invalid::{Invalid, Wrong};
use crate::domain::name;
use crate::domain::status::{Event, Status};
use crate::store::environment_rows::{self, Filter};
use crate::store::{self, audit, deployment_rows, deployments, environments, events, watches};
use std::time::Duration;
use time::OffsetDateTime;

pub use super::refusal::Refusal;
pub use crate::store::deployment_rows::DeploymentRow;
pub use crate::store::environment_rows::{Counts, EnvironmentRow, PAGE_ROWS, Sort};
pub use crate::store::events::EventRow;

/// No list is so long, in pages. Places on later ones would not fit the database's numbers.
pub const LAST_PAGE: i64 = 1_000_000;

/// The progress of a removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Coolify had nothing of the environment.
    Done,
    /// The removal in Coolify is requested.
    Begun,
}

/// What is shown of an owner's environments.
#[derive(Debug, Default, Clone)]
pub struct Selection {
    /// A part of a name or of an address; empty for all.
    pub text: String,
    pub status: Option<Status>,
    pub sort: Sort,
    /// The groups whose environments are left out; `None` when the list has no groups.
    pub shut: Option<Vec<Group>>,
    /// Counts from 0.
    pub page: i64,
    /// How many are on a page, if not as many as usual.
    pub rows: Option<i64>,
}

impl Selection {
    /// How many are on a page.
    pub fn rows(&self) -> i64 {
        self.rows.unwrap_or(PAGE_ROWS)
    }
}

/// A page of the owner's environments, and the counts of all that match the text.
pub async fn list(
    app: &App,
    owner: UserId,
    selection: &Selection,
) -> sqlx::Result<(Vec<EnvironmentRow>, Counts)> {
    let name = name::compared(&selection.text);
    let host = name
        .split_once("://")
        .map_or(name.as_str(), |(_, host)| host);
    let shut = selection.shut.as_ref();
    let shut: Option<Vec<i32>> = shut.map(|shut| shut.iter().map(|it| it.number()).collect());
    let filter = Filter {
        name: &name,
        host: host.trim_end_matches('/'),
        domain: &app.domain.common(),
        status: selection.status,
        id: None,
        sort: selection.sort,
        shut: shut.as_deref(),
        page: selection.page,
        rows: selection.rows,
    };
    let rows = environment_rows::list(&app.pool, owner, &filter, app.pace.unconfirmed).await?;
    let counts = environment_rows::counts(&app.pool, owner, &filter).await?;
    Ok((rows, counts))
}

/// The owner's environment.
///
/// # Errors
/// `NotFound` when it does not exist or belongs to another user.
pub async fn get(app: &App, owner: UserId, id: EnvironmentId) -> Result<EnvironmentRow, Refusal> {
    environment_rows::get(&app.pool, owner, id, app.pace.unconfirmed)
        .await?
        .ok_or(Refusal::NotFound)
}

/// What happened to the owner's environment last, besides its deployments.
pub async fn events(app: &App, owner: UserId, id: EnvironmentId) -> sqlx::Result<Vec<EventRow>> {
    events::list(&app.pool, owner, id).await
}

/// The newest deployments of the owner's environment.
pub async fn deployments(
    app: &App,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Vec<DeploymentRow>> {
    deployment_rows::list(&app.pool, owner, id, None).await
}

/// Requests the removal of the owner's environment, in any status. The row is deleted at once if Coolify never got a
/// request for it. Called again, it retries a stuck removal and otherwise does nothing.
///
/// # Errors
/// `NotFound`, or a wrong confirmation: the name must be typed as it is shown.
pub async fn delete(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    confirmation: &str,
) -> Result<Removal, Refusal> {
    delete_of(app, (owner(by)?, by), id, confirmation).await
}

/// The same of this owner's environment, by whoever may.
pub(super) async fn delete_of(
    app: &App,
    (owner, by): (UserId, &Actor),
    id: EnvironmentId,
    confirmation: &str,
) -> Result<Removal, Refusal> {
    let check = |row: &environments::Locked| check_name(row, confirmation);
    delete_if(app, (owner, by), id, check).await
}

/// The same, if what is known of it once it is locked allows it.
pub(super) async fn delete_if(
    app: &App,
    (owner, by): (UserId, &Actor),
    id: EnvironmentId,
    check: impl FnOnce(&environments::Locked) -> Result<(), Refusal>,
) -> Result<Removal, Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    let row = environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    check(&row)?;
    let removal = remove(app, &mut tx, (owner, by), id).await?;
    crash::point("asked.before");
    tx.commit().await?;
    crash::point("asked.after");
    Ok(removal)
}

/// The same inside a transaction, of what its owner need not confirm.
pub(super) async fn remove(
    app: &App,
    tx: &mut sqlx::PgConnection,
    (owner, by): (UserId, &Actor),
    id: EnvironmentId,
) -> Result<Removal, Refusal> {
    let row = environments::lock(tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let deleted = Entry::of(Action::EnvironmentDeleted, id.uuid(), &row.name);
    if !row.application_asked {
        audit::add(tx, by, &deleted).await?;
        ending::leave(tx, id).await?;
        return Ok(Removal::Done);
    }
    if row.status != Status::Deleting {
        audit::add(tx, by, &deleted).await?;
        begin_removal(app, tx, id, row.status).await?;
    } else if row.reason.is_some() {
        audit::add(tx, by, &deleted.with("tried again")).await?;
        jobs::remove(app, tx, id, Duration::ZERO).await?;
        environments::explain(tx, id, None).await?;
    }
    Ok(Removal::Begun)
}

async fn begin_removal(
    app: &App,
    tx: &mut sqlx::PgConnection,
    id: EnvironmentId,
    status: Status,
) -> sqlx::Result<()> {
    if let Some(deployment) = deployments::moving(tx, id).await? {
        let why = Some("The environment was deleted.");
        ending::finish(app, tx, deployment, (Outcome::Cancelled, why), None).await?;
    }
    let status = status
        .after(Event::DeleteRequested)
        .unwrap_or(Status::Deleting);
    environments::set_status(tx, id, status, None).await?;
    environments::begin_removal(tx, id).await?;
    watches::stop(tx, id).await?;
    jobs::remove(app, tx, id, Duration::ZERO).await
}

/// Deletes an environment whose removal Coolify does not confirm. Its remains in Coolify stay there.
///
/// # Errors
/// `NotFound`, a wrong confirmation, or a removal that is not stuck.
pub async fn forget(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    confirmation: &str,
) -> Result<(), Refusal> {
    let owner = owner(by)?;
    let mut tx = store::begin(&app.pool).await?;
    let row = environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    check_name(&row, confirmation)?;
    if !(row.status == Status::Deleting && row.reason.is_some()) {
        return Err(Refusal::NotNow(
            "Only a removal that Coolify does not confirm can be given up.",
        ));
    }
    if row.removal_seconds.unwrap_or_default() < app.pace.give_up.as_secs_f64() {
        return Err(Refusal::NotNow(
            "Coolify is given a minute to remove it. Give up after that.",
        ));
    }
    let given_up = Entry::of(Action::EnvironmentGivenUp, id.uuid(), &row.name);
    audit::add(&mut tx, by, &given_up).await?;
    environments::delete(&mut tx, id).await?;
    tx.commit().await?;
    tracing::warn!(environment = %id, "removal given up: the application may be left in Coolify");
    Ok(())
}

fn check_name(row: &environments::Locked, confirmation: &str) -> Result<(), Refusal> {
    if name::look_alike(confirmation, &row.name) {
        Ok(())
    } else {
        Err(Refusal::Wrong(vec![Wrong {
            field: "confirmation",
            invalid: Invalid::Confirmation,
        }]))
    }
}

/// When each stage of a deployment began; the caller must have checked the owner.
pub async fn stages(
    app: &App,
    deployment: uuid::Uuid,
) -> sqlx::Result<Vec<(crate::domain::deployment::Stage, OffsetDateTime)>> {
    deployment_rows::stages(&app.pool, deployment).await
}
