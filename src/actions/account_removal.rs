//! Deleting somebody else's account. Its environments become another person's, who keeps them or has them removed, so that
//! none is ever without an owner.

use super::{environments, people};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::UserId;
use crate::domain::invalid::{Invalid, Wrong, Wrongs};
use crate::domain::user::Email;
use crate::store::{self, Tx, audit};

pub use store::people::Leaving;

/// What becomes of the environments.
#[derive(Debug, Clone, Copy)]
pub struct Estate<'a> {
    /// The e-mail address of whose they become.
    pub heir: &'a str,
    /// Whether they are removed then.
    pub removes: bool,
}

/// Why nothing was deleted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("wrong fields")]
    Wrong(Wrongs),
    #[error(transparent)]
    People(#[from] people::Refusal),
    #[error(transparent)]
    Environments(#[from] environments::Refusal),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::People(error.into())
    }
}

/// Whose account it is, and how many environments they have.
///
/// # Errors
/// When there is no such person.
pub async fn read(app: &App, id: UserId) -> Result<Leaving, people::Refusal> {
    let found = store::people::leaving(&app.pool, id).await?;
    found.ok_or(people::Refusal::NotFound)
}

/// Deletes an account; its e-mail address is the confirmation. Returns how many environments it had.
///
/// # Errors
/// When it is the last administrator's, nobody has it, the confirmation is wrong, or nobody can take its environments.
pub async fn delete(
    app: &App,
    by: &Actor,
    id: UserId,
    confirmation: &str,
    estate: Estate<'_>,
) -> Result<usize, Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    // First of all, because a deployment also locks its environment before it refers to a person.
    store::owners::lock_all(&mut tx, id).await?;
    store::owners::forget_rollouts_of(&mut tx, id).await?;
    if store::people::is_last_administrator(&mut tx, id).await? {
        return Err(people::Refusal::LastAdministrator.into());
    }
    let person = store::people::lock(&mut tx, id).await?;
    let person = person.ok_or(people::Refusal::NotFound)?;
    if confirmation.trim().to_lowercase() != person.email {
        return Err(wrong("confirmation", Invalid::AccountConfirmation));
    }
    let count = settle(app, &mut tx, (id, by), estate).await?;
    let deleted = Entry::of_person(Action::PersonDeleted, id);
    audit::add(&mut tx, by, &deleted).await?;
    store::links::revoke_all_of(&mut tx, id).await?;
    if !store::users::delete(&mut tx, id).await? {
        return Err(people::Refusal::NotFound.into());
    }
    tx.commit().await?;
    tracing::info!(user = %id, environments = count, removed = estate.removes, "account deleted");
    Ok(count)
}

/// Hands all environments over, and has them removed if that is asked for.
async fn settle(
    app: &App,
    tx: &mut Tx,
    (id, by): (UserId, &Actor),
    estate: Estate<'_>,
) -> Result<usize, Refusal> {
    let all = store::owners::lock_all(tx, id).await?;
    if all.is_empty() {
        return Ok(0);
    }
    let heir = heir(tx, id, estate.heir).await?;
    store::owners::hand_over(tx, id, heir).await?;
    let detail = format!("to {}", estate.heir.trim().to_lowercase());
    for (environment, name) in &all {
        let action = Action::EnvironmentHandedOver;
        let handed_over = Entry::of(action, environment.uuid(), name).with(&detail);
        audit::add(tx, by, &handed_over).await?;
        if estate.removes {
            environments::remove(app, tx, (heir, by), *environment).await?;
        }
    }
    Ok(all.len())
}

async fn heir(tx: &mut Tx, id: UserId, typed: &str) -> Result<UserId, Refusal> {
    let email = Email::parse(typed).map_err(|invalid| wrong("heir", invalid))?;
    let found = store::people::enabled(tx, &email).await?;
    let other = found.filter(|found| *found != id);
    other.ok_or_else(|| wrong("heir", Invalid::HeirUnknown))
}

fn wrong(field: &'static str, invalid: Invalid) -> Refusal {
    Refusal::Wrong(vec![Wrong { field, invalid }])
}
