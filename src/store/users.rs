//! Users.

use super::{Tx, violated};
use crate::domain::id::UserId;
use crate::domain::user::{Email, Role, UserName};
use secrecy::SecretString;
use sqlx::{PgConnection, PgPool};

/// A user, locked until the transaction ends.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    pub disabled: bool,
}

/// Locks a user, so that two requests of theirs are counted one after the other, and the account is neither disabled nor
/// gets another password meanwhile; `None` when there is nobody. An environment that exists is locked before its owner.
pub async fn lock(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<Locked>> {
    sqlx::query_as!(
        Locked,
        r#"select disabled_at is not null as "disabled!"
           from users
           where id = $1
           for no key update"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// The result of adding a user.
#[derive(Debug, PartialEq, Eq)]
pub enum Inserted {
    Done,
    EmailTaken,
}

/// Adds a user.
///
/// # Errors
/// When the database fails; a taken address is not an error.
pub async fn insert(
    conn: &mut PgConnection,
    id: UserId,
    (email, name): (&Email, &UserName),
    password_hash: &str,
    role: Role,
) -> sqlx::Result<Inserted> {
    let done = sqlx::query!(
        "insert into users (id, email, name, password_hash, role)
         values ($1, $2, $3, $4, $5)",
        id.uuid(),
        email.as_str(),
        name.as_str(),
        password_hash,
        role as Role
    )
    .execute(conn)
    .await;
    match done {
        Ok(_) => Ok(Inserted::Done),
        Err(error) if violated(&error) == Some("users_email_taken") => Ok(Inserted::EmailTaken),
        Err(error) => Err(error),
    }
}

/// What a password is compared with.
pub struct Credentials {
    pub id: UserId,
    pub password_hash: SecretString,
    pub is_disabled: bool,
}

/// The credentials of the user with this address.
pub async fn credentials(pool: &PgPool, email: &Email) -> sqlx::Result<Option<Credentials>> {
    let found = sqlx::query!(
        r#"select id, password_hash, disabled_at is not null as "is_disabled!"
         from users
         where email = $1"#,
        email.as_str()
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|row| Credentials {
        id: row.id.into(),
        password_hash: row.password_hash.into(),
        is_disabled: row.is_disabled,
    }))
}

/// The user's password hash.
pub async fn password_hash(pool: &PgPool, id: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select password_hash from users where id = $1", id.uuid())
        .fetch_optional(pool)
        .await
}

/// Changes a user's name; what it was, unless it is the same.
pub async fn set_name(
    conn: &mut PgConnection,
    id: UserId,
    name: &UserName,
) -> sqlx::Result<Option<String>> {
    let former = sqlx::query_scalar!(
        "update users u
         set name = $2
         from (select id, name from users where id = $1 for update) former
         where u.id = former.id
         and former.name <> $2
         returning former.name",
        id.uuid(),
        name.as_str()
    );
    former.fetch_optional(conn).await
}

/// Changes a user's password.
pub async fn set_password_hash(
    conn: &mut PgConnection,
    id: UserId,
    password_hash: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set password_hash = $2 where id = $1",
        id.uuid(),
        password_hash
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Replaces the hash of an unchanged password; `false` when it has changed meanwhile.
pub async fn renew_password_hash(
    pool: &PgPool,
    id: UserId,
    old: &str,
    new: &str,
) -> sqlx::Result<bool> {
    let renewed = sqlx::query!(
        "update users
         set password_hash = $3
         where id = $1
         and password_hash = $2",
        id.uuid(),
        old,
        new
    );
    Ok(renewed.execute(pool).await?.rows_affected() == 1)
}

/// Deletes a user who owns no environments; returns whether it did.
pub async fn delete(tx: &mut Tx, id: UserId) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "delete from tower_sessions.session
         where id in (select session_id from user_sessions where user_id = $1)
         and not exists (select from environments where owner_id = $1)",
        id.uuid()
    );
    ended.execute(&mut **tx).await?;
    let deleted = sqlx::query!(
        "delete from users
         where id = $1
         and not exists (select from environments where owner_id = $1)",
        id.uuid()
    )
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected() == 1)
}
