//! When an environment is polled next, and rows that are stuck.

use super::claims::{Claim, Holder};
use crate::domain::deployment::Stage;
use crate::domain::id::EnvironmentId;
use crate::domain::judge::Heartbeat;
use crate::domain::status::Status;
use sqlx::{PgConnection, PgExecutor, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// The purpose of a poll. Each kind has its own loop, so that many of one do not delay another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// Coolify is building or starting it.
    Deployment,
    /// Coolify is removing it.
    Removal,
    /// It runs, or may run again.
    Settled,
}

impl Kind {
    /// The value in the database.
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// A due row, claimed.
#[derive(Debug, Clone)]
pub struct Due {
    pub environment_id: Uuid,
    pub token: i64,
    pub job: i64,
    pub looks: i32,
    pub missed: i32,
    pub status: Status,
    pub subdomain: String,
    pub application_uuid: Option<String>,
    pub reason: Option<String>,
    /// Coolify no longer has the application.
    pub vanished: bool,
    /// Time since the removal was first requested.
    pub removal_seconds: Option<f64>,
    /// Why the newest deployment failed, if it did.
    pub failure: Option<String>,
    pub deployment_id: Option<Uuid>,
    pub stage: Option<Stage>,
    pub stage_since: Option<OffsetDateTime>,
    pub deadline: Option<OffsetDateTime>,
    pub note: Option<String>,
    pub deployment_uuid: Option<String>,
    pub build_began: bool,
    pub build_ended_at: Option<OffsetDateTime>,
    pub now: OffsetDateTime,
}

impl Due {
    pub fn claim(&self) -> Claim {
        Claim {
            environment: self.environment_id.into(),
            token: self.token,
            job: self.job,
        }
    }
}

/// Claims due rows of a kind, the longest overdue first.
pub async fn claim(pool: &PgPool, kind: Kind, most: i64, holder: Holder) -> sqlx::Result<Vec<Due>> {
    sqlx::query_as!(
        Due,
        r#"with claimed as (
             update watches
             set token = token + 1,
                 holder = $3,
                 leased_until = now() + $4::float8 * interval '1 second',
                 looks = looks + 1
             where environment_id in (
               select environment_id from watches
               where kind = $1
               and due_at <= now()
               and (leased_until is null or leased_until <= now())
               order by due_at
               limit $2
               for no key update skip locked
             )
             returning environment_id, token, job, looks, missed
           )
           select
             c.environment_id, c.token, c.job, c.looks, c.missed,
             e.status as "status: Status", e.subdomain, e.application_uuid, e.reason, e.vanished,
             extract(epoch from now() - e.removal_requested_at)::float8 as removal_seconds,
             last_failure(e.id) as failure,
             d.id as "deployment_id?", d.stage as "stage?: Stage", d.stage_since as "stage_since?", d.deadline as "deadline?",
             d.note as "note?", d.deployment_uuid as "deployment_uuid?",
             d.build_began_at is not null as "build_began!", d.build_ended_at as "build_ended_at?",
             now() as "now!"
           from claimed c
           join environments e on e.id = c.environment_id
           left join deployments d on d.id = newest_deployment(e.id)"#,
        kind.word(),
        most,
        holder.id,
        holder.lease.as_secs_f64()
    )
    .fetch_all(pool)
    .await
}

/// Unchanged rows, and when each is polled again.
#[derive(Debug, Default)]
pub struct Again {
    environments: Vec<Uuid>,
    tokens: Vec<i64>,
    jobs: Vec<i64>,
    seconds: Vec<f64>,
    seen: Vec<bool>,
    missed: Vec<i32>,
    in_use: Vec<bool>,
    used_at: Vec<Option<OffsetDateTime>>,
}

impl Again {
    /// Adds a row. `seen` says whether its status was confirmed, `missed` how many times in a row it was not.
    pub fn push(&mut self, due: &Due, after: Duration, seen: bool, missed: i32) {
        self.environments.push(due.environment_id);
        self.tokens.push(due.token);
        self.jobs.push(due.job);
        self.seconds.push(after.as_secs_f64());
        self.seen.push(seen);
        self.missed.push(missed);
        self.in_use.push(false);
        self.used_at.push(None);
    }

    /// Adds a row that runs, with its heartbeat.
    pub fn push_running(&mut self, due: &Due, after: Duration, heartbeat: Heartbeat) {
        self.push(due, after, true, 0);
        let last = self.in_use.len() - 1;
        match heartbeat {
            Heartbeat::Never => {}
            Heartbeat::At(at) => self.used_at[last] = Some(at),
            Heartbeat::Now => self.in_use[last] = true,
        }
    }

    /// A single row.
    pub fn one(due: &Due, after: Duration, seen: bool, missed: i32) -> Self {
        let mut again = Self::default();
        again.push(due, after, seen, missed);
        again
    }
}

/// Releases the claims in one statement, and returns the environments for which a newer job was enqueued meanwhile.
/// Polls of deployments are aligned to multiples of their interval, so that one snapshot serves all of them; others are
/// spread over time.
pub async fn again(
    executor: impl PgExecutor<'_>,
    again: &Again,
) -> sqlx::Result<Vec<EnvironmentId>> {
    let given = sqlx::query!(
        r#"update watches w
         set leased_until = null,
             holder = null,
             due_at = case
               when new.seconds < 1 then now() + new.seconds * interval '1 second'
               when w.kind = 'deployment'
                 then date_bin(new.seconds * interval '1 second', now(), 'epoch') + new.seconds * interval '1 second'
               else now() + new.seconds * (0.9 + 0.2 * random()) * interval '1 second'
             end,
             checked_at = case when new.seen then now() else w.checked_at end,
             missed = new.missed,
             in_use = case when new.seen then new.in_use else w.in_use end,
             used_at = case when new.in_use then now() else greatest(w.used_at, case when new.used_at < now() then new.used_at end) end
         from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::float8[], $5::bool[], $6::int[], $7::bool[], $8::timestamptz[])
           as new (id, token, job, seconds, seen, missed, in_use, used_at)
         where w.environment_id = new.id
         and w.token = new.token
         returning w.environment_id, w.job <> new.job as "has_newer_job!""#,
        &again.environments,
        &again.tokens,
        &again.jobs,
        &again.seconds,
        &again.seen,
        &again.missed,
        &again.in_use,
        &again.used_at as &[Option<OffsetDateTime>]
    );
    let given = given.fetch_all(executor).await?.into_iter();
    Ok(given
        .filter(|row| row.has_newer_job)
        .map(|row| row.environment_id.into())
        .collect())
}

/// Schedules polls of the environment, of this kind and after this delay; resets its poll count.
pub async fn watch(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    kind: Kind,
    after: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update watches
         set kind = $2,
             due_at = now() + $3::float8 * interval '1 second',
             looks = case when kind = $2 and kind = 'removal' then looks else 0 end,
             missed = 0
         where environment_id = $1",
        environment.uuid(),
        kind.word(),
        after.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Schedules polls of whether the environment runs, if it has an application in Coolify.
pub async fn watch_application(
    conn: &mut PgConnection,
    environment: EnvironmentId,
    after: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update watches
         set kind = 'settled',
             due_at = now() + $2::float8 * interval '1 second',
             looks = 0,
             missed = 0
         where environment_id = $1
         and exists (select from environments where id = $1 and application_uuid is not null)",
        environment.uuid(),
        after.as_secs_f64()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Records that the status was confirmed now.
pub async fn confirm(conn: &mut PgConnection, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update watches
         set checked_at = now(), in_use = false
         where environment_id = $1",
        environment.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Stops polling the environment.
pub async fn stop(conn: &mut PgConnection, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update watches set due_at = null where environment_id = $1",
        environment.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A row that should have a job.
#[derive(Debug)]
pub struct Stuck {
    pub environment_id: Uuid,
    pub status: Status,
    pub deployment_id: Option<Uuid>,
    /// The number of its newest job.
    pub job: i64,
}

/// Unclaimed rows that should make progress: without a scheduled poll, or with a cancellation that a poll would not
/// notice.
pub async fn stuck(pool: &PgPool, after: Uuid, most: i64) -> sqlx::Result<Vec<Stuck>> {
    sqlx::query_as!(
        Stuck,
        r#"select e.id as environment_id, e.status as "status: Status", d.id as "deployment_id?", w.job
           from environments e
           join watches w on w.environment_id = e.id
           left join deployments d on d.environment_id = e.id and d.finished_at is null and d.turn_at is not null
           where (e.status = 'deleting' or (e.status = 'deploying' and d.id is not null))
           and (
             w.due_at is null
             or d.cancel_requested_at is not null
             or (e.status = 'deploying' and w.kind <> 'deployment')
           )
           and (w.leased_until is null or w.leased_until <= now())
           and e.id > $1
           order by e.id
           limit $2"#,
        after,
        most
    )
    .fetch_all(pool)
    .await
}

/// Resumes polling of running environments that are not scheduled, which should never happen; returns how many.
pub async fn resume(pool: &PgPool) -> sqlx::Result<u64> {
    let resumed = sqlx::query!(
        "update watches w
         set kind = 'settled', due_at = now()
         from environments e
         where e.id = w.environment_id
         and e.status = 'running'
         and w.due_at is null
         and (w.leased_until is null or w.leased_until <= now())"
    );
    Ok(resumed.execute(pool).await?.rows_affected())
}
