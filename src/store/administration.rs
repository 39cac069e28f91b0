//! Environments as administrators see them: everybody's. That only administrators ask is checked by the caller; what is
//! read and changed further is asked for with the owner that is found here.

use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// How many are on a page.
pub const PAGE_ROWS: i64 = 50;

/// An environment and whose it is.
#[derive(Debug)]
pub struct Row {
    pub id: Uuid,
    pub name: String,
    pub subdomain: String,
    pub owner: String,
    pub email: String,
    pub status: Status,
    pub reason: Option<String>,
    /// The status has not been confirmed for too long.
    pub unconfirmed: bool,
    pub in_use: bool,
    pub used_at: Option<OffsetDateTime>,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// What the version of the page of an environment is made of.
#[derive(Debug)]
pub struct PageVersion {
    pub version: i64,
    pub unconfirmed: bool,
    pub in_use: bool,
    pub used_at: Option<OffsetDateTime>,
}

/// Reads what the version of the page of anybody's environment is made of; `None` when there is none.
pub async fn page_version(
    pool: &PgPool,
    id: EnvironmentId,
    unconfirmed: Duration,
) -> sqlx::Result<Option<PageVersion>> {
    sqlx::query_as!(
        PageVersion,
        r#"select e.version, w.in_use, w.used_at,
             coalesce(w.checked_at < now() - $2::float8 * interval '1 second', false) as "unconfirmed!"
           from environments e
           join watches w on w.environment_id = e.id
           where e.id = $1"#,
        id.uuid(),
        unconfirmed.as_secs_f64()
    )
    .fetch_optional(pool)
    .await
}

/// Which are listed.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    /// A part of the name, as names are compared, or of the owner's name or e-mail address.
    pub text: &'a str,
    /// The same text as a part of the host.
    pub host: &'a str,
    /// What follows the subdomain in a host.
    pub domain: &'a str,
    pub status: Option<Status>,
    /// Only those whose application is gone.
    pub vanished: bool,
    /// Counts from 0.
    pub page: i64,
}

/// A page of everybody's environments, by name, and how many there are on all pages.
pub async fn list(
    pool: &PgPool,
    filter: &Filter<'_>,
    unconfirmed: Duration,
) -> sqlx::Result<(Vec<Row>, i64)> {
    let rows = sqlx::query_as!(
        Row,
        r#"select e.id, e.name, e.subdomain, u.name as owner, u.email, e.status as "status: Status", e.reason,
             coalesce(e.status = 'running' and w.checked_at < now() - $6::float8 * interval '1 second', false) as "unconfirmed!",
             w.in_use, w.used_at, now() as "now!"
           from environments e
           join users u on u.id = e.owner_id
           join watches w on w.environment_id = e.id
           where (
             environment_matches(e.name_key, e.subdomain, $1, $2, $3)
             or strpos(lower(u.name || ' ' || u.email), $1) > 0
           )
           and ($4::text is null or e.status = $4)
           and (e.vanished or not $5)
           order by e.name_key, e.id
           limit $7
           offset $8"#,
        filter.text,
        filter.host,
        filter.domain,
        filter.status.map(Status::word),
        filter.vanished,
        unconfirmed.as_secs_f64(),
        PAGE_ROWS,
        filter.page.saturating_mul(PAGE_ROWS)
    );
    let rows = rows.fetch_all(pool).await?;
    Ok((rows, count(pool, filter).await?))
}

async fn count(pool: &PgPool, filter: &Filter<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from environments e
           join users u on u.id = e.owner_id
           where (
             environment_matches(e.name_key, e.subdomain, $1, $2, $3)
             or strpos(lower(u.name || ' ' || u.email), $1) > 0
           )
           and ($4::text is null or e.status = $4)
           and (e.vanished or not $5)"#,
        filter.text,
        filter.host,
        filter.domain,
        filter.status.map(Status::word),
        filter.vanished
    )
    .fetch_one(pool)
    .await
}

/// Whose an environment is.
#[derive(Debug)]
pub struct Owner {
    pub id: Uuid,
    pub name: String,
    pub email: String,
}

/// Whose this environment is.
pub async fn owner(pool: &PgPool, id: EnvironmentId) -> sqlx::Result<Option<Owner>> {
    sqlx::query_as!(
        Owner,
        "select u.id, u.name, u.email
         from environments e
         join users u on u.id = e.owner_id
         where e.id = $1",
        id.uuid()
    )
    .fetch_optional(pool)
    .await
}

/// Gives an environment, which is locked, to somebody else. What changes is announced to both.
pub async fn hand_over(conn: &mut PgConnection, id: EnvironmentId, to: UserId) -> sqlx::Result<()> {
    // The announcement of a change goes to whose the row is after it: the first one is the former owner's.
    sqlx::query!(
        "update environments set version = version + 1 where id = $1",
        id.uuid()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update environments
         set owner_id = $2, version = version + 1
         where id = $1",
        id.uuid(),
        to.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}
