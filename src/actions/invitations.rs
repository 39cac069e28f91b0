//! Links with which people make their accounts: of the first administrator, and of whoever is invited.

use super::accounts::Refusal;
use super::token;
use crate::app::App;
use crate::domain::id::{LinkId, UserId};
use crate::domain::user::{Email, Role, WhoRegisters};
use crate::store::links;

pub use links::Invitation;

/// The token of a link that makes the first administrator; `None` when there is an administrator. Each copy of the
/// process makes its own, and one that is used ends them all.
pub async fn set_up(app: &App) -> sqlx::Result<Option<String>> {
    let token = token::new();
    let added = links::set_up(&app.pool, &token::hash(&token)).await?;
    Ok(added.then_some(token))
}

/// Invites somebody, by the address they must use or whoever has the link; returns its token, which is shown once.
///
/// # Errors
/// When nobody may register, or the address is none.
pub async fn invite(
    app: &App,
    by: Option<UserId>,
    email: &str,
    role: Role,
) -> Result<String, Refusal> {
    if app.registration == WhoRegisters::Nobody {
        return Err(Refusal::Closed);
    }
    let email = Some(email.trim()).filter(|typed| !typed.is_empty());
    let email = email.map(Email::parse).transpose();
    let email = email.map_err(|invalid| Refusal::wrong("email", invalid))?;
    let token = token::new();
    links::invite(&app.pool, &token::hash(&token), email.as_ref(), role, by).await?;
    Ok(token)
}

/// The invitations that can still be used.
pub async fn list(app: &App) -> sqlx::Result<Vec<Invitation>> {
    links::invitations(&app.pool).await
}

/// Revokes an invitation; `false` when it was used or has expired.
pub async fn revoke(app: &App, id: LinkId) -> sqlx::Result<bool> {
    links::revoke(&app.pool, id).await
}
