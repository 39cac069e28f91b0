//! Everybody's environments, for administrators: found by their owner, and changed as the owner would. Their passwords stay
//! their owner's.

use super::deployments;
use super::environments::{self, EnvironmentRow, Removal};
use super::known;
use super::refusal::Refusal;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::invalid::{Invalid, Wrong};
use crate::domain::name;
use crate::domain::status::Status;
use crate::domain::user::Email;
use crate::store::administration::{self, Filter};
use crate::store::{self, Tx, audit, people};

pub use administration::{Owner, PAGE_ROWS, Row};

/// What is shown of everybody's environments.
#[derive(Debug, Default, Clone)]
pub struct Selection {
    /// A part of a name, of an address, or of its owner's name or e-mail address; empty for all.
    pub text: String,
    pub status: Option<Status>,
    /// Only those whose application is gone from Coolify.
    pub vanished: bool,
    /// Counts from 0.
    pub page: i64,
}

/// A page of everybody's environments, and how many are on all pages.
pub async fn list(app: &App, selection: &Selection) -> sqlx::Result<(Vec<Row>, i64)> {
    let text = name::compared(&selection.text);
    let host = text
        .split_once("://")
        .map_or(text.as_str(), |(_, host)| host);
    let filter = Filter {
        text: &text,
        host: host.trim_end_matches('/'),
        domain: &app.domain.common(),
        status: selection.status,
        vanished: selection.vanished,
        page: selection.page,
    };
    administration::list(&app.pool, &filter, app.pace.unconfirmed).await
}

/// An environment and whose it is.
///
/// # Errors
/// `NotFound` when there is none with this id.
pub async fn get(app: &App, id: EnvironmentId) -> Result<(Owner, EnvironmentRow), Refusal> {
    let owner = administration::owner(&app.pool, id).await?;
    let owner = owner.ok_or(Refusal::NotFound)?;
    let row = environments::get(app, owner.id.into(), id).await?;
    Ok((owner, row))
}

/// The version of the page of an environment: it changes when anything shown there of the environment does, or whose it is; not
/// when its owner gets another name or e-mail address. `None` when there is none.
pub async fn page_version(app: &App, id: EnvironmentId) -> sqlx::Result<Option<String>> {
    let found = administration::page_version(&app.pool, id, app.pace.unconfirmed).await?;
    Ok(found.map(|row| known::row_version(row.version, row.unconfirmed, row.in_use, row.used_at)))
}

async fn owner_of(app: &App, id: EnvironmentId) -> Result<UserId, Refusal> {
    let owner = administration::owner(&app.pool, id).await?;
    owner.map(|owner| owner.id.into()).ok_or(Refusal::NotFound)
}

/// Requests the removal, as its owner does.
///
/// # Errors
/// `NotFound`, or a wrong confirmation.
pub async fn delete(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    confirmation: &str,
) -> Result<Removal, Refusal> {
    let owner = owner_of(app, id).await?;
    environments::delete_of(app, (owner, by), id, confirmation).await
}

/// Cancels the deployment, as its owner does.
///
/// # Errors
/// `NotFound`, or a message when no deployment is running.
pub async fn cancel(app: &App, by: &Actor, id: EnvironmentId) -> Result<(), Refusal> {
    let owner = owner_of(app, id).await?;
    deployments::cancel_of(app, (owner, by), id).await
}

/// Gives the environment to somebody else, who has it with everything that is in it.
///
/// # Errors
/// `NotFound`, or when nobody else who can sign in has this e-mail address.
pub async fn hand_over(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    heir: &str,
) -> Result<(), Refusal> {
    let owner = owner_of(app, id).await?;
    let mut tx = store::begin(&app.pool).await?;
    let row = store::environments::lock(&mut tx, owner, id).await?;
    let row = row.ok_or(Refusal::NotFound)?;
    let (heir, email) = enabled(&mut tx, heir, Invalid::HeirUnknown).await?;
    if heir == owner {
        return Err(wrong_heir(Invalid::HeirUnknown));
    }
    administration::hand_over(&mut tx, id, heir).await?;
    let detail = format!("to {}", email.as_str());
    let entry = Entry::of(Action::EnvironmentHandedOver, id.uuid(), &row.name);
    audit::add(&mut tx, by, &entry.with(&detail)).await?;
    Ok(tx.commit().await?)
}

/// Who has this e-mail address and can sign in.
pub(super) async fn enabled(
    tx: &mut Tx,
    typed: &str,
    unknown: Invalid,
) -> Result<(UserId, Email), Refusal> {
    let email = Email::parse(typed).map_err(wrong_heir)?;
    let found = people::enabled(tx, &email).await?;
    let found = found.ok_or_else(|| wrong_heir(unknown))?;
    Ok((found, email))
}

fn wrong_heir(invalid: Invalid) -> Refusal {
    let field = "heir";
    Refusal::Wrong(vec![Wrong { field, invalid }])
}
