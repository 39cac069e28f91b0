//! Setting a new password with a link, by whoever has forgotten the old one.

use super::accounts::{Refusal, limited, replace_password};
use super::attempts::Attempt;
use super::browsers::Sender;
use super::{hashing, token};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::password::Password;
use crate::store::{self, audit, links};

/// The e-mail address of the account that a link is for.
///
/// # Errors
/// When it is not valid, or too many were tried.
pub async fn open_link(app: &App, from: &Sender, link: &str) -> Result<String, Refusal> {
    let found = async {
        let email = links::email_of_reset(&app.pool, &token::hash(link)).await?;
        email.ok_or(Refusal::Link)
    };
    let attempt = Attempt::to_open_link(app, from);
    limited(app, from, attempt, "password prompt", found).await
}

/// Sets the password, ends all sessions and tokens, and uses up the link.
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
    replace_password(&mut tx, id, &hash, None).await?;
    let by = Actor::on_page(id, from.address);
    let used = Entry::of_person(Action::PersonPasswordLinkUsed, id);
    audit::add(&mut tx, &by, &used).await?;
    Ok(tx.commit().await?)
}
