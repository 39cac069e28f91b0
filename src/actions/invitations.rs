//! Links with which people make their accounts: of the first administrator, and of whoever is invited.

use super::accounts::Refusal;
use super::{people, token};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::LinkId;
use crate::domain::user::{Email, Role, WhoRegisters};
use crate::store::{self, audit, links};

pub use links::Invitation;

/// The token of a link that makes the first administrator; `None` when there is an administrator. Each copy of the
/// process makes its own, and one that is used ends them all.
pub async fn set_up(app: &App) -> sqlx::Result<Option<String>> {
    let token = token::new();
    let added = links::set_up(&app.pool, &token::hash(&token)).await?;
    Ok(added.then_some(token))
}

/// A new invitation: its id, and the token of its link. A page shows it once; a program's answer may be kept, sealed with
/// the token of the program, for as long as the request may be sent again.
pub struct Made {
    pub id: LinkId,
    pub token: String,
}

/// Invites somebody, by the address they must use or whoever has the link.
///
/// # Errors
/// When nobody may register, the address is none, or whoever invites administers no longer.
pub async fn invite(app: &App, by: &Actor, email: &str, role: Role) -> Result<Made, Refusal> {
    if app.registration == WhoRegisters::Nobody {
        return Err(Refusal::Closed);
    }
    let email = Some(email.trim()).filter(|typed| !typed.is_empty());
    let email = email.map(Email::parse).transpose();
    let email = email.map_err(|invalid| Refusal::wrong("email", invalid))?;
    let token = token::new();
    let hash = token::hash(&token);
    let mut tx = store::begin(&app.pool).await?;
    if !people::still_administers(&mut tx, by).await? {
        return Err(Refusal::NotAdministrator);
    }
    let id = links::invite(&mut tx, &hash, email.as_ref(), role, by.user).await?;
    let (email, role) = (email.as_ref().map(Email::as_str), role.to_string());
    let made = entry(Action::InvitationMade, id, email).with(&role);
    audit::add(&mut tx, by, &made).await?;
    tx.commit().await?;
    Ok(Made { id, token })
}

/// What the audit says of an invitation, for this address or for anybody.
pub(super) fn entry(action: Action, id: LinkId, email: Option<&str>) -> Entry<'_> {
    Entry::of(action, id.uuid(), email.unwrap_or("anybody with the link"))
}

/// The invitations that can still be used.
pub async fn list(app: &App) -> sqlx::Result<Vec<Invitation>> {
    links::invitations(&app.pool, None).await
}

/// An invitation that can still be used.
pub async fn get(app: &App, id: LinkId) -> sqlx::Result<Option<Invitation>> {
    let found = links::invitations(&app.pool, Some(id)).await?;
    Ok(found.into_iter().next())
}

/// Revokes an invitation; `false` when it was used or revoked, or has expired.
pub async fn revoke(app: &App, by: &Actor, id: LinkId) -> sqlx::Result<bool> {
    let mut tx = store::begin(&app.pool).await?;
    let Some(email) = links::revoke(&mut tx, id).await? else {
        return Ok(false);
    };
    let revoked = entry(Action::InvitationRevoked, id, email.as_deref());
    audit::add(&mut tx, by, &revoked).await?;
    tx.commit().await?;
    Ok(true)
}
