//! Variables that people give to their environments: they wait until a deployment sends them to Coolify, which alone keeps
//! their values.

use super::refusal::{Refusal, owner};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::invalid::{Invalid, Wrong, Wrongs, check};
use crate::domain::status::Status;
use crate::domain::variable::{self, COUNT_LIMIT, Typed, Unfit, Variable, VariableName};
use crate::store::{self, audit, environments, variables};
use sqlx::PgConnection;

use variables::Removed;

pub use variables::{Discarded, VariableRow};

/// The variables of the owner's environment, without their values.
pub async fn list(app: &App, owner: UserId, id: EnvironmentId) -> sqlx::Result<Vec<VariableRow>> {
    variables::list(&app.pool, owner, id).await
}

/// Gives the owner's environment a variable, or another value of one; the next deployment sends it. Idempotent.
///
/// # Errors
/// `NotFound`, a wrong name or value, or a message when the environment is being deleted.
pub async fn give(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    typed: Typed<'_>,
) -> Result<(), Refusal> {
    let variable = parse(typed);
    let mut tx = store::begin(&app.pool).await?;
    let row = lock(&mut tx, by, id).await?;
    let variable = variable.map_err(Refusal::Wrong)?;
    let others = variables::others(&mut tx, id, &variable.name).await?;
    if usize::try_from(others).unwrap_or(usize::MAX) >= COUNT_LIMIT {
        return Err(wrong("variable", Unfit::TooMany));
    }
    if !variables::give(&mut tx, id, &variable).await? {
        return Ok(());
    }
    let name = variable.name.as_str();
    let given = (Action::EnvironmentVariableGiven, name);
    note(&mut tx, by, id, &row, given).await?;
    Ok(tx.commit().await?)
}

/// Lets the next deployment remove a variable; one that Coolify never got is forgotten at once. Idempotent.
///
/// # Errors
/// `NotFound`, or a message when the environment is being deleted.
pub async fn remove(app: &App, by: &Actor, id: EnvironmentId, name: &str) -> Result<(), Refusal> {
    let name = &known(name)?;
    let mut tx = store::begin(&app.pool).await?;
    let row = lock(&mut tx, by, id).await?;
    if variables::remove(&mut tx, id, name.as_str()).await? == Removed::Already {
        return Ok(());
    }
    let removed = (Action::EnvironmentVariableRemoved, name.as_str());
    note(&mut tx, by, id, &row, removed).await?;
    Ok(tx.commit().await?)
}

/// Takes back a value, or a removal, that waits for the next deployment.
///
/// # Errors
/// `NotFound`, or a message when Coolify was asked for it already, or the environment is being deleted.
pub async fn discard(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    name: &str,
) -> Result<Discarded, Refusal> {
    let name = &known(name)?;
    let mut tx = store::begin(&app.pool).await?;
    let row = lock(&mut tx, by, id).await?;
    let discarded = variables::discard(&mut tx, id, name.as_str()).await?;
    match discarded {
        Discarded::TooLate => Err(Refusal::NotNow(
            "Coolify was asked for it already, so it cannot be taken back. Give the variable another value, or remove it.",
        )),
        Discarded::Nothing => Ok(discarded),
        Discarded::Done => {
            let done = (Action::EnvironmentVariableDiscarded, name.as_str());
            note(&mut tx, by, id, &row, done).await?;
            tx.commit().await?;
            Ok(discarded)
        }
    }
}

/// The name of a variable that may be there: what is none is nowhere.
fn known(typed: &str) -> Result<VariableName, Refusal> {
    VariableName::parse(typed).map_err(|_| Refusal::NotFound)
}

fn parse(typed: Typed<'_>) -> Result<Variable, Wrongs> {
    let mut wrongs = Wrongs::new();
    let name = VariableName::parse(typed.name).map_err(Invalid::Variable);
    let name = check(&mut wrongs, "variable", name);
    let value = variable::value(typed.value).map_err(Invalid::Variable);
    let value = check(&mut wrongs, "value", value);
    match (name, value) {
        (Some(name), Some(value)) => Ok(Variable { name, value }),
        _ => Err(wrongs),
    }
}

fn wrong(field: &'static str, unfit: Unfit) -> Refusal {
    let invalid = Invalid::Variable(unfit);
    Refusal::Wrong(vec![Wrong { field, invalid }])
}

async fn lock(
    tx: &mut PgConnection,
    by: &Actor,
    id: EnvironmentId,
) -> Result<environments::Locked, Refusal> {
    let row = environments::lock(tx, owner(by)?, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    if row.status == Status::Deleting {
        return Err(Refusal::NotNow(
            "This environment is being deleted, so its variables go with it.",
        ));
    }
    Ok(row)
}

/// Lets pages that show the environment notice the change, and the audit tell it.
async fn note(
    tx: &mut PgConnection,
    by: &Actor,
    id: EnvironmentId,
    row: &environments::Locked,
    (action, variable): (Action, &str),
) -> sqlx::Result<()> {
    environments::set_status(tx, id, row.status, row.reason.as_deref()).await?;
    let entry = Entry::of(action, id.uuid(), &row.name).with(variable);
    audit::add(tx, by, &entry).await
}
