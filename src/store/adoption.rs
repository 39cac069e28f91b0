//! Applications of Coolify that no environment knew: those that become one, those that are to be removed, and those that are
//! ignored.

use crate::domain::application_uuid::ApplicationUuid;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::source::BuiltFrom;
use crate::domain::status::Status;
use sqlx::{PgConnection, PgPool};
use std::collections::HashSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// An application as an environment.
pub struct New<'a> {
    pub id: EnvironmentId,
    pub owner: UserId,
    pub name: &'a str,
    /// The name as it is compared.
    pub key: &'a str,
    pub subdomain: &'a str,
    pub application: &'a ApplicationUuid,
    /// What it is built from; `None` for what is standard.
    pub built_from: Option<&'a BuiltFrom>,
    pub status: Status,
    pub reason: Option<&'a str>,
}

/// The environment that has an application.
#[derive(Debug)]
pub struct Known {
    pub id: Uuid,
    pub status: Status,
    /// The name as it is compared.
    pub key: String,
    /// Its owner's e-mail address.
    pub email: String,
}

/// Which environment has an application.
pub async fn environment_of(
    conn: &mut PgConnection,
    application: &ApplicationUuid,
) -> sqlx::Result<Option<Known>> {
    sqlx::query_as!(
        Known,
        r#"select e.id, e.status as "status: Status", e.name_key as key, u.email
           from environments e
           join users u on u.id = e.owner_id
           where e.application_uuid = $1"#,
        application.as_str()
    )
    .fetch_optional(conn)
    .await
}

/// Locks an application until the transaction ends: two who decide about it at once do so one after the other.
pub async fn lock(conn: &mut PgConnection, application: &ApplicationUuid) -> sqlx::Result<()> {
    sqlx::query!(
        r#"select pg_advisory_xact_lock(hashtextextended($1, 37)) is null as "locked!""#,
        application.as_str()
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Makes an environment of an application; `false` when its name, its subdomain or its id is taken.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> sqlx::Result<bool> {
    let made = sqlx::query!(
        "with made as (
           insert into environments (
             id, owner_id, name, name_key, subdomain, status, reason, application_uuid, application_asked, password_unknown,
             removal_requested_at, source_repository, source_branch
           )
           values ($1, $2, $3, $4, $5, $6, $7, $8, true, true, case when $6 = 'deleting' then now() end, $9, $10)
           on conflict do nothing
           returning id
         )
         insert into watches (environment_id)
         select id from made",
        new.id.uuid(),
        new.owner.uuid(),
        new.name,
        new.key,
        new.subdomain,
        new.status.word(),
        new.reason,
        new.application.as_str(),
        new.built_from.map(|from| from.repository.as_str()),
        new.built_from.map(|from| from.branch.as_str())
    );
    Ok(made.execute(conn).await?.rows_affected() == 1)
}

/// Whether an environment has this name, or another one has this subdomain.
pub async fn taken(
    conn: &mut PgConnection,
    key: &str,
    subdomain: &str,
) -> sqlx::Result<(bool, bool)> {
    let taken = sqlx::query!(
        r#"select
             exists (select from environments where name_key = $1) as "name!",
             exists (select from environments where subdomain = $2) as "subdomain!""#,
        key,
        subdomain
    );
    let taken = taken.fetch_one(conn).await?;
    Ok((taken.name, taken.subdomain))
}

/// Those of the applications that an environment has, or that are ignored.
pub async fn known(pool: &PgPool, applications: &[String]) -> sqlx::Result<HashSet<String>> {
    let known = sqlx::query_scalar!(
        r#"select application_uuid as "uuid!"
           from environments
           where application_uuid = any($1)
           union
           select uuid
           from ignored_applications
           where uuid = any($1)"#,
        applications
    );
    Ok(known.fetch_all(pool).await?.into_iter().collect())
}

/// An application that is ignored.
#[derive(Debug)]
pub struct Ignored {
    pub uuid: String,
    pub name: String,
    pub at: OffsetDateTime,
    /// The database's time of this read.
    pub now: OffsetDateTime,
    /// How many there are besides the first ones.
    pub more: i64,
}

/// The first 500 ignored ones, by name.
pub async fn ignored(pool: &PgPool) -> sqlx::Result<Vec<Ignored>> {
    sqlx::query_as!(
        Ignored,
        r#"select uuid, name, ignored_at as at, now() as "now!",
             greatest(count(*) over () - 500, 0) as "more!"
           from ignored_applications
           order by name, uuid
           limit 500"#
    )
    .fetch_all(pool)
    .await
}

/// Ignores an application; `false` when it is already.
pub async fn ignore(
    conn: &mut PgConnection,
    uuid: &ApplicationUuid,
    name: &str,
) -> sqlx::Result<bool> {
    let ignored = sqlx::query!(
        "insert into ignored_applications (uuid, name)
         values ($1, $2)
         on conflict do nothing",
        uuid.as_str(),
        name
    );
    Ok(ignored.execute(conn).await?.rows_affected() == 1)
}

/// Ignores an application no longer; its name, if it was.
pub async fn list_again(
    conn: &mut PgConnection,
    uuid: &ApplicationUuid,
) -> sqlx::Result<Option<String>> {
    let name = sqlx::query_scalar!(
        "delete from ignored_applications
         where uuid = $1
         returning name",
        uuid.as_str()
    );
    name.fetch_optional(conn).await
}

/// Whether an application is ignored.
pub async fn is_ignored(pool: &PgPool, uuid: &ApplicationUuid) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from ignored_applications where uuid = $1) as "ignored!""#,
        uuid.as_str()
    )
    .fetch_one(pool)
    .await
}
