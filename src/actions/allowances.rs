//! What a person has and may have. Whoever adds to it asks here, inside the transaction that adds: the person is locked, so
//! that of two requests at once the second one counts what the first one added.

use super::people;
use super::refusal::{Refusal, owner};
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::allowance::{Allowance, Limit, PersonalLimits, Reached, Used};
use crate::domain::audit::{Action, Entry};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::invalid::{Invalid, Wrongs, check};
use crate::domain::resources::Resources;
use crate::store::{self, allowances, audit, environments, users};
use sqlx::PgConnection;

pub use allowances::Chosen;

/// What a person has of what they may have.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub environments: Used,
    pub deployments: Used,
    pub allowance: Allowance,
    /// What was decided for them alone.
    pub limits: PersonalLimits,
}

impl Standing {
    fn new(app: &App, found: &allowances::Standing) -> Self {
        let allowance = app.allowance.of(&found.limits);
        Self {
            environments: Used {
                count: found.environments,
                most: allowance.environments,
            },
            deployments: Used {
                count: found.deployments,
                most: allowance.deployments,
            },
            allowance,
            limits: found.limits,
        }
    }

    /// Whether they may have another environment.
    ///
    /// # Errors
    /// When there may be no more.
    pub fn may_create(&self) -> Result<(), Reached> {
        if self.environments.is_full() {
            return Err(Reached::Environments(self.environments));
        }
        Ok(())
    }

    /// Whether another deployment of theirs may begin.
    ///
    /// # Errors
    /// When there may be no more.
    pub fn may_deploy(&self) -> Result<(), Reached> {
        if self.deployments.is_full() {
            return Err(Reached::Deployments(self.deployments));
        }
        Ok(())
    }
}

/// What a person may have, without counting what they have.
pub async fn allowance(app: &App, id: UserId) -> Result<Allowance, Refusal> {
    let limits = allowances::limits(&app.pool, id).await?;
    Ok(app.allowance.of(&limits.ok_or(Refusal::NotFound)?))
}

/// What a person has now, to be shown.
pub async fn of(app: &App, id: UserId) -> Result<Standing, Refusal> {
    let mut connection = app.pool.acquire().await?;
    read(app, &mut connection, id).await
}

/// The same, and it stays so until the transaction ends.
pub(super) async fn locked(
    app: &App,
    conn: &mut PgConnection,
    id: UserId,
) -> Result<Standing, Refusal> {
    if users::lock(conn, id).await?.is_none() {
        return Err(Refusal::NotFound);
    }
    // Counted in a statement of its own: it sees what was committed while the lock was waited for.
    read(app, conn, id).await
}

/// Whether another deployment of theirs may begin. What a rollout begins is an administrator's.
pub(super) async fn check_deployment(
    app: &App,
    conn: &mut PgConnection,
    owner: UserId,
    is_rollout: bool,
) -> Result<(), Refusal> {
    if is_rollout {
        return Ok(());
    }
    Ok(locked(app, conn, owner).await?.may_deploy()?)
}

async fn read(app: &App, conn: &mut PgConnection, id: UserId) -> Result<Standing, Refusal> {
    let found = allowances::standing(conn, id).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    Ok(Standing::new(app, &found))
}

/// Reads what an owner chose of memory and CPUs for an environment, or notes what is wrong.
pub(super) fn chosen(wrongs: &mut Wrongs, memory: &str, cpus: &str) -> Option<Resources> {
    let memory = check(wrongs, "memory", Limit::parse(memory, Invalid::Memory));
    let cpus = check(wrongs, "cpus", Limit::parse(cpus, Invalid::Cpus));
    Some(Resources {
        memory: memory?.or(None),
        cpus: cpus?.or(None),
    })
}

/// What an owner chose of memory and CPUs for an environment, and what Coolify was given of it last.
///
/// # Errors
/// `NotFound` when it does not exist or belongs to another user.
pub async fn resources(app: &App, owner: UserId, id: EnvironmentId) -> Result<Chosen, Refusal> {
    let mut connection = app.pool.acquire().await?;
    let found = allowances::resources(&mut connection, owner, id).await?;
    found.ok_or(Refusal::NotFound)
}

/// Changes what an owner chose of memory and CPUs for an environment; what is not given stays. It takes effect with its next
/// deployment.
///
/// # Errors
/// `NotFound`, or a field that is no amount or more than is allowed.
pub async fn choose(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    (memory, cpus): (Option<&str>, Option<&str>),
) -> Result<(), Refusal> {
    let owner = owner(by)?;
    let mut tx = store::begin(&app.pool).await?;
    let row = environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let before = allowances::resources(&mut tx, owner, id).await?;
    let before = before.ok_or(Refusal::NotFound)?.resources;
    let mut wrongs = Wrongs::new();
    let typed = (memory.unwrap_or_default(), cpus.unwrap_or_default());
    let mut chosen = chosen(&mut wrongs, typed.0, typed.1).ok_or(Refusal::Wrong(wrongs))?;
    let standing = read(app, &mut tx, owner).await?;
    // What is not given stays, even if it is more than is allowed by now.
    let within = chosen.check_within(standing.allowance.resources);
    within.map_err(|wrong| Refusal::Wrong(vec![wrong]))?;
    if memory.is_none() {
        chosen.memory = before.memory;
    }
    if cpus.is_none() {
        chosen.cpus = before.cpus;
    }
    if before == chosen {
        return Ok(());
    }
    allowances::choose(&mut tx, id, chosen).await?;
    let detail = chosen.to_string();
    let entry = Entry::of(Action::EnvironmentResourcesChosen, id.uuid(), &row.name).with(&detail);
    audit::add(&mut tx, by, &entry).await?;
    Ok(tx.commit().await?)
}

/// Decides what somebody may have. What they have already stays.
///
/// # Errors
/// When there is no such person.
pub async fn set(
    app: &App,
    by: &Actor,
    id: UserId,
    limits: &PersonalLimits,
) -> Result<(), people::Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    // Their versions change with the limits. An environment is locked before its owner.
    store::owners::lock_all(&mut tx, id).await?;
    decided(&mut tx, id).await?;
    change(&mut tx, by, id, limits).await?;
    Ok(tx.commit().await?)
}

/// What is decided for somebody now, who is locked until the transaction ends.
pub(super) async fn decided(
    conn: &mut PgConnection,
    id: UserId,
) -> Result<PersonalLimits, people::Refusal> {
    if users::lock(conn, id).await?.is_none() {
        return Err(people::Refusal::NotFound);
    }
    let found = allowances::standing(conn, id).await?;
    Ok(found.ok_or(people::Refusal::NotFound)?.limits)
}

/// Decides what somebody may have, who is locked.
pub(super) async fn change(
    conn: &mut PgConnection,
    by: &Actor,
    id: UserId,
    limits: &PersonalLimits,
) -> Result<(), people::Refusal> {
    let before = allowances::standing(conn, id).await?;
    if before.is_some_and(|before| before.limits == *limits) {
        return Ok(());
    }
    allowances::set(conn, id, limits).await?;
    let detail = limits.to_string();
    let entry = Entry::of_person(Action::PersonLimitsChanged, id).with(&detail);
    Ok(audit::add(conn, by, &entry).await?)
}
