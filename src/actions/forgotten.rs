//! Setting a new password with a link, by whoever has forgotten the old one.

use super::accounts::Refusal;
use super::attempts::Attempt;
use super::browsers::Sender;
use super::{hashing, token};
use crate::app::App;
use crate::domain::password::Password;
use crate::store::{self, links, sessions, users};
use secrecy::ExposeSecret;

/// The e-mail address of the account that a link is for.
///
/// # Errors
/// When it is not valid, or too many were tried.
pub async fn open_link(app: &App, from: &Sender, link: &str) -> Result<String, Refusal> {
    let attempt = Attempt::to_open_link(app, from).await.map_err(|wait| {
        tracing::warn!(address = %from.address, "password prompt limited");
        Refusal::TooMany(wait)
    })?;
    let Some(email) = links::email_of_reset(&app.pool, &token::hash(link)).await? else {
        tracing::warn!(address = %from.address, "password prompt failed");
        return Err(Refusal::Link);
    };
    attempt.give_back(app).await;
    Ok(email)
}

/// Sets the password, ends all sessions and uses up the link.
///
/// # Errors
/// When the link is not valid, or the password is too short or long.
pub async fn set_password(app: &App, from: &Sender, link: &str, new: &str) -> Result<(), Refusal> {
    open_link(app, from, link).await?;
    let new =
        Password::for_account(new).map_err(|invalid| Refusal::wrong("new_password", invalid))?;
    let hash = hashing::hash(&app.hash_slots, new).await?;
    let mut tx = store::begin(&app.pool).await?;
    let Some(id) = links::use_up_reset(&mut tx, &token::hash(link)).await? else {
        return Err(Refusal::Link);
    };
    users::set_password_hash(&mut tx, id, hash.expose_secret()).await?;
    sessions::end_others(&mut *tx, id, "").await?;
    Ok(tx.commit().await?)
}
