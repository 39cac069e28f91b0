//! Environments as their owners see them: a page of the list, one row, and the versions that polls compare. Every WHERE
//! checks the owner.

use crate::domain::deployment::Stage;
use crate::domain::group::Group;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::status::Status;
use sqlx::PgPool;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// The number of environments on a page of the list.
pub const PAGE_ROWS: i64 = 50;

/// An environment with its newest deployment, as shown in a row.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one a column or a comparison of times"
)]
pub struct EnvironmentRow {
    pub id: Uuid,
    pub name: String,
    pub subdomain: String,
    /// The repository to work on, which the container may clone.
    pub workspace_repository: Option<String>,
    /// What it is built from, if that was chosen.
    pub source_repository: Option<String>,
    pub source_branch: Option<String>,
    pub status: Status,
    pub reason: Option<String>,
    pub version: i64,
    /// Whether Coolify has, or had, an application for it.
    pub has_application: bool,
    /// Whether a new password has not been sent to Coolify yet.
    pub has_password: bool,
    /// Whether a new password is not in force yet.
    pub password_waits: bool,
    /// Coolify was sent it.
    pub password_offered: bool,
    /// Coolify no longer has the application.
    pub vanished: bool,
    /// It was adopted, and has the password that it had in Coolify.
    pub password_unknown: bool,
    pub password_since: Option<OffsetDateTime>,
    pub checked_at: Option<OffsetDateTime>,
    /// The status has not been confirmed for too long.
    pub unconfirmed: bool,
    /// Whether it was in use at the last poll.
    pub in_use: bool,
    pub used_at: Option<OffsetDateTime>,
    pub created_at: OffsetDateTime,
    pub status_since: OffsetDateTime,
    pub removal_requested_at: Option<OffsetDateTime>,
    pub stage: Option<Stage>,
    pub stage_since: Option<OffsetDateTime>,
    pub note: Option<String>,
    pub cancelling: bool,
    /// How many deployments wait before the newest one.
    pub ahead: Option<i32>,
    /// It was running when the newest deployment was requested.
    pub ran_before: bool,
    /// Why the newest deployment failed, if it did.
    pub failure: Option<String>,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

impl EnvironmentRow {
    /// Its group in the list.
    pub fn group(&self) -> Group {
        Group::of(self.status, self.reason.is_some())
    }
}

/// The order of a list.
#[derive(
    Debug,
    Default,
    Clone,
    Copy,
    PartialEq,
    Eq,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Sort {
    /// Newest first.
    #[default]
    Created,
    /// By name.
    Name,
    /// Those in use first, then those used last.
    Used,
}

impl Sort {
    /// The value in an address.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// All of them.
    pub fn words() -> &'static [&'static str] {
        <Self as strum::VariantNames>::VARIANTS
    }
}

/// Which of an owner's environments are listed.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    /// A part of the name, as names are compared.
    pub name: &'a str,
    /// The same text as a part of the host.
    pub host: &'a str,
    /// What follows the subdomain in a host.
    pub domain: &'a str,
    pub status: Option<Status>,
    pub id: Option<EnvironmentId>,
    pub sort: Sort,
    /// The numbers of the groups that are left out; `None` when the list has no groups.
    pub shut: Option<&'a [i32]>,
    /// The page of the list; counts from 0.
    pub page: i64,
    /// How many rows a page has, if not as many as usual.
    pub rows: Option<i64>,
}

/// The number of environments of each status, and in total.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Counts {
    pub total: i64,
    pub pending: i64,
    pub deploying: i64,
    pub running: i64,
    pub error: i64,
    pub deleting: i64,
    /// How many of these need their owner.
    pub needs: i64,
}

impl Counts {
    /// The number of environments of this status.
    pub fn of(&self, status: Status) -> i64 {
        match status {
            Status::Pending => self.pending,
            Status::Deploying => self.deploying,
            Status::Running => self.running,
            Status::Error => self.error,
            Status::Deleting => self.deleting,
        }
    }
}

/// Counts the owner's environments that match the filter's text, whatever their status.
pub async fn counts(pool: &PgPool, owner: UserId, filter: &Filter<'_>) -> sqlx::Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"select
             count(*) as "total!",
             count(*) filter (where status = 'pending') as "pending!",
             count(*) filter (where status = 'deploying') as "deploying!",
             count(*) filter (where status = 'running') as "running!",
             count(*) filter (where status = 'error') as "error!",
             count(*) filter (where status = 'deleting') as "deleting!",
             count(*) filter (where environment_group(status, reason) = 0) as "needs!"
           from environments
           where owner_id = $1
           and environment_matches(name_key, subdomain, $2, $3, $4)"#,
        owner.uuid(),
        filter.name,
        filter.host,
        filter.domain
    )
    .fetch_one(pool)
    .await
}

/// The owner's environment.
pub async fn get(
    pool: &PgPool,
    owner: UserId,
    id: EnvironmentId,
    unconfirmed: Duration,
) -> sqlx::Result<Option<EnvironmentRow>> {
    let filter = Filter {
        id: Some(id),
        ..Filter::default()
    };
    let mut found = list(pool, owner, &filter, unconfirmed).await?;
    Ok(found.pop())
}

/// A page of the owner's environments.
pub async fn list(
    pool: &PgPool,
    owner: UserId,
    filter: &Filter<'_>,
    unconfirmed: Duration,
) -> sqlx::Result<Vec<EnvironmentRow>> {
    sqlx::query_as!(
        EnvironmentRow,
        r#"select e.id, e.name, e.subdomain, e.workspace_repository, e.source_repository, e.source_branch, e.status as "status: Status", e.reason, e.version,
             e.application_uuid is not null as "has_application!", e.password_hash is not null as "has_password!",
             e.password_waits, e.password_offered, e.password_unknown, e.vanished, e.password_since, e.created_at, e.status_since, e.removal_requested_at,
             w.checked_at, coalesce(w.checked_at < now() - $7::float8 * interval '1 second', false) as "unconfirmed!",
             w.in_use, w.used_at, d.stage as "stage?: Stage", d.stage_since as "stage_since?", d.note as "note?",
             coalesce(d.cancel_requested_at is not null, false) as "cancelling!",
             d.ahead as "ahead?", coalesce(d.status_before = 'running', false) as "ran_before!",
             last_failure(e.id) as failure, now() as "now!"
           from environments e join watches w on w.environment_id = e.id
           left join deployments d on d.id = newest_deployment(e.id)
           where e.owner_id = $1 and ($2::uuid is null or e.id = $2) and ($6::text is null or e.status = $6)
           and environment_matches(e.name_key, e.subdomain, $3, $4, $5)
           and ($11::int[] is null or environment_group(e.status, e.reason) <> all ($11))
           order by case when $11 is not null then environment_group(e.status, e.reason) end,
             case $10 when 'name' then e.name_key when 'used' then (not w.in_use)::text end,
             case when $10 = 'used' and not w.in_use then w.used_at end desc nulls last,
             e.created_at desc, e.id desc limit $8 offset $9"#,
        owner.uuid(),
        filter.id.map(|id| id.uuid()),
        filter.name,
        filter.host,
        filter.domain,
        filter.status.map(Status::word),
        unconfirmed.as_secs_f64(),
        filter.rows.unwrap_or(PAGE_ROWS),
        filter.page.saturating_mul(filter.rows.unwrap_or(PAGE_ROWS)),
        filter.sort.word(),
        filter.shut
    )
    .fetch_all(pool)
    .await
}

/// The version of an owner's list.
pub struct ListVersion {
    /// A digest of the versions of all rows.
    pub version: String,
    pub any_unconfirmed: bool,
    /// The time until the first status counts as unconfirmed, in seconds.
    pub confirmed_seconds: Option<f64>,
}

/// Reads the version of an owner's list.
pub async fn list_version(
    pool: &PgPool,
    owner: UserId,
    unconfirmed: Duration,
) -> sqlx::Result<ListVersion> {
    sqlx::query_as!(
        ListVersion,
        r#"select
             md5(coalesce(string_agg(concat_ws(' ', e.id, e.version, late.seconds < 0, w.in_use, case when not w.in_use then w.used_at end), ',' order by e.id), '')) as "version!",
             coalesce(bool_or(late.seconds < 0), false) as "any_unconfirmed!",
             min(late.seconds) filter (where late.seconds >= 0) as confirmed_seconds
           from environments e
           join watches w on w.environment_id = e.id
           cross join lateral (
             select case when e.status = 'running'
               then extract(epoch from w.checked_at - now())::float8 + $2::float8
             end as seconds
           ) late
           where e.owner_id = $1"#,
        owner.uuid(),
        unconfirmed.as_secs_f64()
    )
    .fetch_one(pool)
    .await
}

/// The version of an environment's page.
pub struct PageVersion {
    pub version: i64,
    pub unconfirmed: bool,
    pub in_use: bool,
    pub used_at: Option<OffsetDateTime>,
    /// The time until the status counts as unconfirmed, in seconds.
    pub confirmed_seconds: Option<f64>,
    /// The newest deployment.
    pub deployment: Option<Uuid>,
    /// The position after the last line of its log.
    pub log_end: i32,
    pub log_grows: bool,
}

/// Reads the version of the page of the owner's environment.
pub async fn page_version(
    pool: &PgPool,
    owner: UserId,
    id: EnvironmentId,
    unconfirmed: Duration,
) -> sqlx::Result<Option<PageVersion>> {
    sqlx::query_as!(
        PageVersion,
        r#"select e.version,
             coalesce(w.checked_at < now() - $3::float8 * interval '1 second', false) as "unconfirmed!", w.in_use, w.used_at,
             case when w.checked_at >= now() - $3::float8 * interval '1 second'
               then extract(epoch from w.checked_at - now())::float8 + $3::float8
             end as confirmed_seconds,
             d.id as "deployment?",
             coalesce(
               (select max(position) + 1 from deployment_log where deployment_id = d.id),
               (select log_end from archived_logs where id = d.id),
               0
             ) as "log_end!",
             d.id is not null and (d.finished_at is null or d.log_at is not null) as "log_grows!"
           from environments e
           join watches w on w.environment_id = e.id
           left join deployments d on d.id = newest_deployment(e.id)
           where e.id = $1
           and e.owner_id = $2"#,
        id.uuid(),
        owner.uuid(),
        unconfirmed.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}
