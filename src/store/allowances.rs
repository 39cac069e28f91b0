//! What is decided for a person, and how much of it they have.

use crate::domain::allowance::{Limit, PersonalLimits};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::resources::{Given, Resources};
use sqlx::{PgConnection, PgPool};

/// What a person has, and what administrators have decided for them.
#[derive(Debug)]
pub struct Standing {
    pub limits: PersonalLimits,
    /// Those that are being deleted count until they are gone.
    pub environments: i64,
    /// Those that are under way or wait for their turn. What a rollout begins does not count.
    pub deployments: i64,
}

/// What was decided for a person; `None` when there is nobody.
pub async fn limits(pool: &PgPool, id: UserId) -> sqlx::Result<Option<PersonalLimits>> {
    let found = sqlx::query!(
        "select environments_limit, deployments_limit, memory_limit, cpus_limit
         from users
         where id = $1",
        id.uuid()
    );
    let found = found.fetch_optional(pool).await?;
    Ok(found.map(|row| PersonalLimits {
        environments: Limit::of_stored(row.environments_limit),
        deployments: Limit::of_stored(row.deployments_limit),
        memory: Limit::of_stored(row.memory_limit),
        cpus: Limit::of_stored(row.cpus_limit),
    }))
}

/// What a person has now; `None` when there is nobody.
pub async fn standing(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<Standing>> {
    let found = sqlx::query!(
        r#"select u.environments_limit, u.deployments_limit, u.memory_limit, u.cpus_limit,
             (select count(*) from environments e where e.owner_id = u.id) as "environments!",
             (
               select count(*)
               from environments e
               join deployments d on d.environment_id = e.id
               where e.owner_id = u.id
               and d.finished_at is null
               and not d.rollout
             ) as "deployments!"
           from users u
           where u.id = $1"#,
        id.uuid()
    );
    let found = found.fetch_optional(conn).await?;
    Ok(found.map(|row| Standing {
        limits: PersonalLimits {
            environments: Limit::of_stored(row.environments_limit),
            deployments: Limit::of_stored(row.deployments_limit),
            memory: Limit::of_stored(row.memory_limit),
            cpus: Limit::of_stored(row.cpus_limit),
        },
        environments: row.environments,
        deployments: row.deployments,
    }))
}

/// Decides for a person, who must be locked, as their environments must. What the pages of their environments say of memory and CPUs changes with it.
pub async fn set(conn: &mut PgConnection, id: UserId, limits: &PersonalLimits) -> sqlx::Result<()> {
    raise_versions(conn, id, limits).await?;
    sqlx::query!(
        "update users
         set environments_limit = $2, deployments_limit = $3, memory_limit = $4, cpus_limit = $5
         where id = $1",
        id.uuid(),
        limits.environments.stored(),
        limits.deployments.stored(),
        limits.memory.stored(),
        limits.cpus.stored()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Raises the versions of a person's environments if these limits of memory or CPUs are others than before.
async fn raise_versions(
    conn: &mut PgConnection,
    id: UserId,
    limits: &PersonalLimits,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update environments e
         set version = version + 1
         from users u
         where u.id = $1
         and e.owner_id = u.id
         and (u.memory_limit is distinct from $2 or u.cpus_limit is distinct from $3)",
        id.uuid(),
        limits.memory.stored(),
        limits.cpus.stored()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Stores what the owner chose for an environment, which must be locked.
pub async fn choose(
    conn: &mut PgConnection,
    id: EnvironmentId,
    chosen: Resources,
) -> sqlx::Result<()> {
    let (memory, cpus) = chosen.numbers();
    sqlx::query!(
        "update environments
         set memory_chosen = $2, cpus_chosen = $3, version = version + 1
         where id = $1",
        id.uuid(),
        memory,
        cpus
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What the owner of an environment chose, and what Coolify was given last.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    pub resources: Resources,
    pub given: Given,
    pub has_application: bool,
    /// Whether the newest deployment has succeeded: the container has what Coolify was given.
    pub is_deployed: bool,
}

impl Chosen {
    /// Whether Coolify was given this for the next container.
    pub fn is_given(&self, wanted: Resources) -> bool {
        !self.has_application || !self.given.differs_from(wanted)
    }

    /// Whether the container has it: a deployment has succeeded since Coolify was given it.
    pub fn is_in_force(&self, wanted: Resources) -> bool {
        self.is_given(wanted) && self.is_deployed
    }
}

/// What was chosen for the owner's environment.
pub async fn resources(
    conn: &mut PgConnection,
    owner: UserId,
    id: EnvironmentId,
) -> sqlx::Result<Option<Chosen>> {
    let found = sqlx::query!(
        r#"select e.memory_chosen, e.cpus_chosen, e.resources_given_to, e.application_uuid, e.memory_given, e.cpus_given,
             coalesce(d.outcome = 'succeeded', false) as "is_deployed!"
           from environments e
           left join deployments d on d.id = newest_deployment(e.id)
           where e.id = $1
           and e.owner_id = $2"#,
        id.uuid(),
        owner.uuid()
    );
    let found = found.fetch_optional(conn).await?;
    Ok(found.map(|row| {
        let given = Resources::of_numbers(row.memory_given, row.cpus_given);
        let (given_to, application) = (row.resources_given_to, row.application_uuid);
        Chosen {
            resources: Resources::of_numbers(row.memory_chosen, row.cpus_chosen),
            given: Given::of_stored(given_to.as_deref(), application.as_deref(), given),
            has_application: application.is_some(),
            is_deployed: row.is_deployed,
        }
    }))
}
