//! People as administrators see them. That only administrators ask is checked by the caller.

use super::Tx;
use crate::domain::id::UserId;
use crate::domain::user::{Email, Role};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// Somebody with an account.
#[derive(Debug)]
pub struct PersonRow {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub disabled: bool,
    pub created_at: OffsetDateTime,
    pub environments: i64,
    /// What an administrator decided they may have, as it is stored.
    pub environments_limit: Option<i32>,
    pub deployments_limit: Option<i32>,
    pub memory_limit: Option<i32>,
    pub cpus_limit: Option<i32>,
    /// When one of their sessions was last used; not known of those who are signed out everywhere.
    pub last_used_at: Option<OffsetDateTime>,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// Which people are read.
#[derive(Debug, Default)]
pub struct Which<'a> {
    /// A part of their name or address, in any case.
    pub search: &'a str,
    pub only: Option<UserId>,
    /// How many at most, and how many before them are left out.
    pub limit: i64,
    pub offset: i64,
}

/// People, by name.
pub async fn list(pool: &PgPool, which: &Which<'_>) -> sqlx::Result<Vec<PersonRow>> {
    sqlx::query_as!(
        PersonRow,
        r#"select u.id, u.email, u.name, u.role as "role: Role", u.created_at,
             u.disabled_at is not null as "disabled!",
             u.environments_limit, u.deployments_limit, u.memory_limit, u.cpus_limit,
             (select count(*) from environments e where e.owner_id = u.id) as "environments!",
             (select max(s.last_used_at) from user_sessions s where s.user_id = u.id) as last_used_at,
             now() as "now!"
           from users u
           where strpos(lower(u.name || ' ' || u.email), lower($1)) > 0
           and ($2::uuid is null or u.id = $2)
           order by lower(u.name), u.id
           limit $3
           offset $4"#,
        which.search,
        which.only.map(|id| id.uuid()),
        which.limit,
        which.offset
    )
    .fetch_all(pool)
    .await
}

/// How many people's name or address contains this, in any case.
pub async fn count(pool: &PgPool, search: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from users
           where strpos(lower(name || ' ' || email), lower($1)) > 0"#,
        search
    )
    .fetch_one(pool)
    .await
}

/// Who has this address.
pub async fn of_email(pool: &PgPool, email: &Email) -> sqlx::Result<Option<UserId>> {
    let id = sqlx::query_scalar!("select id from users where email = $1", email.as_str());
    Ok(id.fetch_optional(pool).await?.map(UserId::from))
}

/// Whose account is to be deleted.
#[derive(Debug)]
pub struct Leaving {
    pub name: String,
    pub email: String,
    pub environments: i64,
}

/// Whose account it is, and how many environments they have.
pub async fn leaving(pool: &PgPool, id: UserId) -> sqlx::Result<Option<Leaving>> {
    sqlx::query_as!(
        Leaving,
        r#"select u.name, u.email,
             (select count(*) from environments e where e.owner_id = u.id) as "environments!"
           from users u
           where u.id = $1"#,
        id.uuid()
    )
    .fetch_optional(pool)
    .await
}

/// An account that is locked until the transaction ends.
pub struct Locked {
    pub email: String,
    pub role: Role,
    pub disabled: bool,
}

/// Locks an account, so that nothing new can refer to it.
pub async fn lock(tx: &mut Tx, id: UserId) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"select email, role as "role: Role", disabled_at is not null as "disabled!"
           from users
           where id = $1
           for update"#,
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Who has this address and can sign in; locked, so that they stay.
pub async fn enabled(tx: &mut Tx, email: &Email) -> sqlx::Result<Option<UserId>> {
    let id = sqlx::query_scalar!(
        "select id
         from users
         where email = $1
         and disabled_at is null
         for share",
        email.as_str()
    );
    let found = id.fetch_optional(&mut **tx).await?;
    Ok(found.map(UserId::from))
}

/// Locks everybody who administers, and says whether that is nobody but this person. Whoever takes an administrator away
/// asks first, so that two who do it at once do not take the last two.
pub async fn is_last_administrator(tx: &mut Tx, id: UserId) -> sqlx::Result<bool> {
    Ok(lock_administrators(tx).await? == [id.uuid()])
}

/// Locks everybody who administers, and says whether this person does. All of them, and in the same order as above, so that
/// the two do not wait for each other.
pub async fn is_administrator(tx: &mut Tx, id: UserId) -> sqlx::Result<bool> {
    Ok(lock_administrators(tx).await?.contains(&id.uuid()))
}

async fn lock_administrators(tx: &mut Tx) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id
         from users
         where role = 'administrator'
         and disabled_at is null
         order by id
         for update"
    )
    .fetch_all(&mut **tx)
    .await
}

/// Changes a role.
pub async fn set_role(tx: &mut Tx, id: UserId, role: Role) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set role = $2 where id = $1",
        id.uuid(),
        role as Role
    )
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Disables an account and ends its sessions, or enables it.
pub async fn set_disabled(tx: &mut Tx, id: UserId, disabled: bool) -> sqlx::Result<()> {
    sqlx::query!(
        "update users
         set disabled_at = case when $2 then coalesce(disabled_at, now()) end
         where id = $1",
        id.uuid(),
        disabled
    )
    .execute(&mut **tx)
    .await?;
    if disabled {
        super::sessions::end_all(tx, id, None).await?;
    }
    Ok(())
}
