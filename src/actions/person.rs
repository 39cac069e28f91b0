//! Several decisions of an administrator about one person at once: all of them are made, or none.

use super::{allowances, people};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::allowance::{PersonalLimits, TypedLimits};
use crate::domain::id::UserId;
use crate::domain::invalid::Wrongs;
use crate::domain::user::Role;
use crate::store::{self, Tx};

/// What is decided; what is not given stays.
#[derive(Debug, Default, Clone, Copy)]
pub struct Decision<'a> {
    pub role: Option<Role>,
    pub disabled: Option<bool>,
    pub limits: Limits<'a>,
}

/// Limits as typed; nothing typed is what the settings say.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Limits<'a> {
    pub environments: Option<&'a str>,
    pub deployments: Option<&'a str>,
    pub memory: Option<&'a str>,
    pub cpus: Option<&'a str>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("wrong fields")]
    Wrong(Wrongs),
    #[error(transparent)]
    People(#[from] people::Refusal),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::People(error.into())
    }
}

/// Makes the decisions.
///
/// # Errors
/// When a limit is none, it is the last administrator, or there is no such person.
pub async fn change(
    app: &App,
    by: &Actor,
    id: UserId,
    decision: &Decision<'_>,
) -> Result<(), Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    if decision.limits != Limits::default() {
        // Their versions change with the limits. An environment is locked before its owner.
        store::owners::lock_all(&mut tx, id).await?;
    }
    if let Some(role) = decision.role {
        people::change_role(&mut tx, by, id, role).await?;
    }
    if let Some(disabled) = decision.disabled {
        people::change_disabled(&mut tx, by, id, disabled).await?;
    }
    if decision.limits != Limits::default() {
        let limits = merged(&mut tx, id, decision.limits).await?;
        allowances::change(&mut tx, by, id, &limits).await?;
    }
    Ok(tx.commit().await?)
}

/// What is decided now with what is given.
async fn merged(tx: &mut Tx, id: UserId, given: Limits<'_>) -> Result<PersonalLimits, Refusal> {
    let before = allowances::decided(tx, id).await?;
    let typed = TypedLimits {
        environments: given.environments.unwrap_or_default(),
        deployments: given.deployments.unwrap_or_default(),
        memory: given.memory.unwrap_or_default(),
        cpus: given.cpus.unwrap_or_default(),
    };
    let mut limits = typed.parse().map_err(Refusal::Wrong)?;
    if given.environments.is_none() {
        limits.environments = before.environments;
    }
    if given.deployments.is_none() {
        limits.deployments = before.deployments;
    }
    if given.memory.is_none() {
        limits.memory = before.memory;
    }
    if given.cpus.is_none() {
        limits.cpus = before.cpus;
    }
    Ok(limits)
}
