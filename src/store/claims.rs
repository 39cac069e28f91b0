//! The claim protocol: which process may write an environment. Every claim increments one token, and every write
//! requires the newest. All times are the database's.
//!
//! | holder             | takes the claim when               | releases it                              | after a crash       |
//! |--------------------|------------------------------------|------------------------------------------|---------------------|
//! | a job's step       | its number is the newest, no lease | in the commit of its writes              | when the lease ends |
//! | the watcher        | the watch is due, no lease         | in the commit of its writes or next poll | when the lease ends |
//! | a stopping process | -                                  | at shutdown, all that it still holds     | -                   |
//!
//! If a newer job was enqueued during a claim, that job found the claim taken and left: whoever releases the claim
//! enqueues it again. Locks are taken in the order environment, watch.

use crate::domain::deployment::Stage;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::source::BuiltFrom;
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

/// A claim, and the newest job when it was taken.
#[derive(Debug, Clone, Copy)]
pub struct Claim {
    pub environment: EnvironmentId,
    pub token: i64,
    pub job: i64,
}

/// Identifies the process that takes claims, and their duration.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    pub id: Uuid,
    pub lease: Duration,
}

/// The claimed row for a deployment's step.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "one a column")]
pub struct DeploymentStep {
    pub environment_id: Uuid,
    pub token: i64,
    pub job: i64,
    pub subdomain: String,
    pub application_uuid: Option<String>,
    /// Coolify may have an application for it, whether or not we know its uuid.
    pub application_asked: bool,
    pub password_hash: Option<String>,
    pub workspace_repository: Option<String>,
    /// What it is built from, if that was chosen.
    pub source_repository: Option<String>,
    pub source_branch: Option<String>,
    /// What its owner chose of memory and CPUs, and what was decided for the owner.
    pub memory_chosen: Option<i32>,
    pub cpus_chosen: Option<i32>,
    pub memory_limit: Option<i32>,
    pub cpus_limit: Option<i32>,
    /// What Coolify was given of them last, and for which application.
    pub resources_given_to: Option<String>,
    pub memory_given: Option<i32>,
    pub cpus_given: Option<i32>,
    /// For how long a request without a response may still take effect.
    pub unsure_seconds: Option<f64>,
    pub id: Uuid,
    /// How many variables are to be removed from Coolify.
    pub removals: i64,
    pub stage: Stage,
    pub deployment_uuid: Option<String>,
    /// The newest build before this deployment requested its own; empty when there was none.
    pub asked_after: Option<String>,
    pub made_application: bool,
    pub volumes_asked: bool,
    /// Whether its image is built anew.
    pub rebuild: bool,
    pub cancel_requested: bool,
    pub attempts: i32,
    /// What it waited for last, shown to the user.
    pub note: Option<String>,
    /// Time until the deadline; negative when it has passed.
    pub seconds_left: f64,
}

impl DeploymentStep {
    /// What it is built from, unless that is the standard.
    pub fn source(&self) -> Option<BuiltFrom> {
        Some(BuiltFrom {
            repository: self.source_repository.clone()?,
            branch: self.source_branch.clone()?,
        })
    }

    /// Whether the application cannot have volumes yet: this deployment created it and added none.
    pub fn has_no_volumes(&self) -> bool {
        self.made_application && !self.volumes_asked
    }

    /// Whether the application cannot have builds yet: this deployment created it and requested none.
    pub fn has_no_builds(&self) -> bool {
        self.made_application && self.asked_after.is_none()
    }

    /// Whether the deadline has passed.
    pub fn is_overdue(&self) -> bool {
        self.seconds_left < 0.0
    }

    /// Whether the extra time for stopping a build after the deadline has passed too.
    pub fn is_too_late(&self, winding_down: Duration) -> bool {
        self.seconds_left + winding_down.as_secs_f64() < 0.0
    }
}

/// Claims the environment of a deployment for a job; `None` when the job is not the newest, the claim is taken, or
/// there is nothing to do.
pub async fn claim_deployment(
    pool: &PgPool,
    id: DeploymentId,
    job: i64,
    holder: Holder,
) -> sqlx::Result<Option<DeploymentStep>> {
    sqlx::query_as!(
        DeploymentStep,
        r#"update watches w
           set token = w.token + 1,
               holder = $3,
               leased_until = now() + $4::float8 * interval '1 second',
               due_at = null
           from deployments d
           join environments e on e.id = d.environment_id
           join users u on u.id = e.owner_id
           where d.id = $1
           and d.finished_at is null
           and d.turn_at is not null
           and e.status = 'deploying'
           and w.environment_id = e.id
           and w.job = $2
           and (w.leased_until is null or w.leased_until <= now())
           returning
             w.environment_id, w.token, w.job, e.subdomain, e.application_uuid, e.application_asked, e.password_hash, e.workspace_repository, e.source_repository, e.source_branch,
             e.memory_chosen, e.cpus_chosen, u.memory_limit, u.cpus_limit, e.resources_given_to, e.memory_given, e.cpus_given,
             case when w.unsure_until > now() then extract(epoch from w.unsure_until - now())::float8 end as unsure_seconds,
             (select count(*) from environment_variables v where v.environment_id = e.id and v.removing) as "removals!",
             d.id, d.stage as "stage: Stage", d.deployment_uuid, d.asked_after, d.made_application, d.volumes_asked, d.rebuild,
             d.cancel_requested_at is not null as "cancel_requested!",
             d.attempts, d.note,
             extract(epoch from d.deadline - now())::float8 as "seconds_left!""#,
        id.uuid(),
        job,
        holder.id,
        holder.lease.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// The claimed row for a removal's step.
#[derive(Debug, Clone)]
pub struct RemovalStep {
    pub environment_id: Uuid,
    pub token: i64,
    pub job: i64,
    pub application_uuid: Option<String>,
    pub application_asked: bool,
    pub unsure_seconds: Option<f64>,
    /// Time since the removal was first requested.
    pub waited_seconds: f64,
}

/// Claims an environment that is being deleted for a job; `None` as for a deployment.
pub async fn claim_removal(
    pool: &PgPool,
    id: EnvironmentId,
    job: i64,
    holder: Holder,
) -> sqlx::Result<Option<RemovalStep>> {
    sqlx::query_as!(
        RemovalStep,
        r#"update watches w
           set token = w.token + 1,
               holder = $3,
               leased_until = now() + $4::float8 * interval '1 second',
               due_at = null
           from environments e
           where e.id = $1
           and e.status = 'deleting'
           and w.environment_id = e.id
           and w.job = $2
           and (w.leased_until is null or w.leased_until <= now())
           returning
             w.environment_id, w.token, w.job, e.application_uuid, e.application_asked,
             case when w.unsure_until > now() then extract(epoch from w.unsure_until - now())::float8 end as unsure_seconds,
             coalesce(extract(epoch from now() - e.removal_requested_at)::float8, 0) as "waited_seconds!""#,
        id.uuid(),
        job,
        holder.id,
        holder.lease.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// Extends the claim before a request is made; `false` when we no longer hold it. With `landing`, also records that the
/// request may take effect until then even if its response is lost.
pub async fn hold(
    conn: &mut PgConnection,
    claim: Claim,
    lease: Duration,
    landing: Option<Duration>,
) -> sqlx::Result<bool> {
    let held = sqlx::query!(
        "update watches
         set leased_until = now() + $3::float8 * interval '1 second',
             unsure_until = coalesce(now() + $4::float8 * interval '1 second', unsure_until)
         where environment_id = $1
         and token = $2
         and leased_until > now()",
        claim.environment.uuid(),
        claim.token,
        lease.as_secs_f64(),
        landing.map(|landing| landing.as_secs_f64())
    );
    Ok(held.execute(conn).await?.rows_affected() == 1)
}

/// A claimed and locked environment.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    pub status: Status,
    /// A newer job was enqueued since the claim was taken.
    pub has_newer_job: bool,
}

/// Locks the environment and its watch for writing; `None` when the claim was lost.
pub async fn lock(conn: &mut PgConnection, claim: Claim) -> sqlx::Result<Option<Held>> {
    let status = sqlx::query_scalar!(
        r#"select status as "status: Status"
           from environments
           where id = $1
           for update"#,
        claim.environment.uuid()
    );
    let Some(status) = status.fetch_optional(&mut *conn).await? else {
        return Ok(None);
    };
    let job = sqlx::query_scalar!(
        "select job
         from watches
         where environment_id = $1
         and token = $2
         for update",
        claim.environment.uuid(),
        claim.token
    );
    let job = job.fetch_optional(conn).await?;
    Ok(job.map(|job| Held {
        status,
        has_newer_job: job != claim.job,
    }))
}

/// Releases a locked claim. Unless the outcome of a request is still `unsure`, the next holder need not wait for it.
pub async fn give_back(conn: &mut PgConnection, claim: Claim, unsure: bool) -> sqlx::Result<()> {
    sqlx::query!(
        "update watches
         set leased_until = null,
             holder = null,
             unsure_until = case when $3 then unsure_until end
         where environment_id = $1
         and token = $2",
        claim.environment.uuid(),
        claim.token,
        unsure
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Releases all claims of a process at shutdown; returns how many.
pub async fn give_back_all(pool: &PgPool, holder: Uuid) -> sqlx::Result<u64> {
    let given = sqlx::query!(
        "update watches
         set leased_until = null,
             holder = null
         where holder = $1",
        holder
    );
    Ok(given.execute(pool).await?.rows_affected())
}

/// The number for a new job: all older ones are superseded from the commit on.
pub async fn next_job(conn: &mut PgConnection, environment: EnvironmentId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "update watches
         set job = job + 1
         where environment_id = $1
         returning job",
        environment.uuid()
    )
    .fetch_one(conn)
    .await
}
