//! What administrators, and the owner of the machine, decide about people. The last administrator stays one.

use super::accounts::{Refusal as Wrong, replace_password};
use super::{hashing, token};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::UserId;
use crate::domain::password::Password;
use crate::domain::user::{Email, Role};
use crate::store::people::Which;
use crate::store::{self, Tx, audit, links, people, tokens};

pub use people::PersonRow;

/// How many people a page shows.
pub const LIMIT: i64 = 200;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("nobody has this account")]
    NotFound,
    /// Nobody would be left to decide.
    #[error("this is the last administrator; make somebody else one first")]
    LastAdministrator,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// At most `LIMIT` people whose name or address contains this.
pub async fn list(app: &App, search: &str) -> sqlx::Result<Vec<PersonRow>> {
    let which = Which {
        search: search.trim(),
        limit: LIMIT,
        ..Which::default()
    };
    people::list(&app.pool, &which).await
}

/// A page of the people whose name or address contains this, which counts from 0, and how many are on all pages.
pub async fn page(
    app: &App,
    search: &str,
    (page, rows): (i64, i64),
) -> sqlx::Result<(Vec<PersonRow>, i64)> {
    let which = Which {
        search: search.trim(),
        limit: rows,
        offset: page.saturating_mul(rows),
        ..Which::default()
    };
    let found = people::list(&app.pool, &which).await?;
    Ok((found, people::count(&app.pool, which.search).await?))
}

/// One of them.
///
/// # Errors
/// When there is no such person.
pub async fn get(app: &App, id: UserId) -> Result<PersonRow, Refusal> {
    let which = Which {
        only: Some(id),
        limit: 1,
        ..Which::default()
    };
    let found = people::list(&app.pool, &which).await?;
    found.into_iter().next().ok_or(Refusal::NotFound)
}

/// Who has this address.
///
/// # Errors
/// When nobody has.
pub async fn of_email(app: &App, typed: &str) -> Result<UserId, Refusal> {
    let email = Email::parse(typed).map_err(|_| Refusal::NotFound)?;
    let found = people::of_email(&app.pool, &email).await?;
    found.ok_or(Refusal::NotFound)
}

/// Changes a role. The links of whoever administers no longer do not work any more.
///
/// # Errors
/// When it is the last administrator, or there is no such person.
pub async fn set_role(app: &App, by: &Actor, id: UserId, role: Role) -> Result<(), Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    change_role(&mut tx, by, id, role).await?;
    Ok(tx.commit().await?)
}

/// The same inside a transaction.
pub(super) async fn change_role(
    tx: &mut Tx,
    by: &Actor,
    id: UserId,
    role: Role,
) -> Result<(), Refusal> {
    let is_last = people::is_last_administrator(tx, id).await?;
    if is_last && role == Role::Member {
        return Err(Refusal::LastAdministrator);
    }
    if lock(tx, id).await?.role == role {
        return Ok(());
    }
    people::set_role(tx, id, role).await?;
    if role == Role::Member {
        links::revoke_all_of(tx, id).await?;
    }
    let detail = role.to_string();
    let changed = Entry::of_person(Action::PersonRoleChanged, id).with(&detail);
    Ok(audit::add(tx, by, &changed).await?)
}

async fn lock(tx: &mut Tx, id: UserId) -> Result<people::Locked, Refusal> {
    people::lock(tx, id).await?.ok_or(Refusal::NotFound)
}

/// Keeps somebody from signing in, and ends all of their sessions and tokens, and the links that they made, or lets them in again. Their environments stay.
///
/// # Errors
/// When it is the last administrator, or there is no such person.
pub async fn set_disabled(
    app: &App,
    by: &Actor,
    id: UserId,
    disabled: bool,
) -> Result<(), Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    change_disabled(&mut tx, by, id, disabled).await?;
    Ok(tx.commit().await?)
}

/// The same inside a transaction.
pub(super) async fn change_disabled(
    tx: &mut Tx,
    by: &Actor,
    id: UserId,
    disabled: bool,
) -> Result<(), Refusal> {
    if disabled && people::is_last_administrator(tx, id).await? {
        return Err(Refusal::LastAdministrator);
    }
    if lock(tx, id).await?.disabled == disabled {
        return Ok(());
    }
    people::set_disabled(tx, id, disabled).await?;
    let action = if disabled {
        links::revoke_all_of(tx, id).await?;
        tokens::end_all(&mut **tx, id).await?;
        Action::PersonDisabled
    } else {
        Action::PersonEnabled
    };
    Ok(audit::add(tx, by, &Entry::of_person(action, id)).await?)
}

/// Whether this may be done as an administrator does it, until the transaction ends: whoever is disabled or made a member
/// meanwhile waits, and then ends all links that this one has made. The owner of the machine may.
pub(super) async fn still_administers(tx: &mut Tx, by: &Actor) -> sqlx::Result<bool> {
    match by.user {
        Some(user) => people::is_administrator(tx, user).await,
        None => Ok(true),
    }
}

/// The token of a link with which somebody sets a new password. Earlier ones of theirs do not work any more.
///
/// # Errors
/// When there is no such person, or whoever makes it administers no longer.
pub async fn reset_link(app: &App, by: &Actor, id: UserId) -> Result<String, Refusal> {
    let token = token::new();
    let mut tx = store::begin(&app.pool).await?;
    if !still_administers(&mut tx, by).await? {
        return Err(Refusal::NotFound);
    }
    if !links::reset(&mut tx, &token::hash(&token), id, by.user).await? {
        return Err(Refusal::NotFound);
    }
    let made = Entry::of_person(Action::PersonPasswordLinkMade, id);
    audit::add(&mut tx, by, &made).await?;
    tx.commit().await?;
    Ok(token)
}

/// Sets a password and ends all sessions and tokens.
///
/// # Errors
/// When the password is too short or long.
pub async fn set_password(app: &App, by: &Actor, id: UserId, typed: &str) -> Result<(), Wrong> {
    let password =
        Password::for_account(typed).map_err(|invalid| Wrong::wrong("new_password", invalid))?;
    let hash = hashing::hash(&app.hash_slots, password).await?;
    let mut tx = store::begin(&app.pool).await?;
    replace_password(&mut tx, id, &hash, None).await?;
    let changed = Entry::of_person(Action::PersonPasswordChanged, id);
    audit::add(&mut tx, by, &changed).await?;
    Ok(tx.commit().await?)
}
