//! Users, and the owners of sessions.

use super::violated;
use crate::domain::id::UserId;
use crate::domain::user::{Email, User, UserName};
use sqlx::PgPool;
use time::OffsetDateTime;

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
    pool: &PgPool,
    id: UserId,
    email: &Email,
    name: &UserName,
    password_hash: &str,
) -> sqlx::Result<Inserted> {
    let done = sqlx::query!(
        "insert into users (id, email, name, password_hash)
         values ($1, $2, $3, $4)",
        id.uuid(),
        email.as_str(),
        name.as_str(),
        password_hash
    )
    .execute(pool)
    .await;
    match done {
        Ok(_) => Ok(Inserted::Done),
        Err(error) if violated(&error) == Some("users_email_taken") => Ok(Inserted::EmailTaken),
        Err(error) => Err(error),
    }
}

/// The id and the password hash of the user with this address.
pub async fn credentials(pool: &PgPool, email: &Email) -> sqlx::Result<Option<(UserId, String)>> {
    let found = sqlx::query!(
        "select id, password_hash
         from users
         where email = $1",
        email.as_str()
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|row| (UserId::from(row.id), row.password_hash)))
}

/// The user's password hash.
pub async fn password_hash(pool: &PgPool, id: UserId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select password_hash from users where id = $1", id.uuid())
        .fetch_optional(pool)
        .await
}

/// A user.
pub async fn get(pool: &PgPool, id: UserId) -> sqlx::Result<Option<User>> {
    let found = sqlx::query!("select email, name from users where id = $1", id.uuid())
        .fetch_optional(pool)
        .await?;
    Ok(found.map(|row| User {
        id,
        email: row.email,
        name: row.name,
    }))
}

/// Changes a user's name.
pub async fn set_name(pool: &PgPool, id: UserId, name: &UserName) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set name = $2 where id = $1",
        id.uuid(),
        name.as_str()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Changes a user's password.
pub async fn set_password_hash(pool: &PgPool, id: UserId, password_hash: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set password_hash = $2 where id = $1",
        id.uuid(),
        password_hash
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Deletes a user who owns no environments; returns whether it did.
pub async fn delete(pool: &PgPool, id: UserId) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    let ended = sqlx::query!(
        "delete from tower_sessions.session
         where id in (select session_id from user_sessions where user_id = $1)
         and not exists (select from environments where owner_id = $1)",
        id.uuid()
    );
    ended.execute(&mut *tx).await?;
    let deleted = sqlx::query!(
        "delete from users
         where id = $1
         and not exists (select from environments where owner_id = $1)",
        id.uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(deleted.rows_affected() == 1)
}

/// A user's session, as listed on the account page.
#[derive(Debug)]
pub struct SessionRow {
    pub session_id: String,
    pub device: String,
    pub last_used_at: OffsetDateTime,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// Records a session's user, its device, and that it is in use. A session that is not stored yet is skipped.
pub async fn note_session(
    pool: &PgPool,
    session_id: &str,
    user: UserId,
    device: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into user_sessions (session_id, user_id, device)
         select id, $2, $3
         from tower_sessions.session
         where id = $1
         on conflict (session_id) do update
         set last_used_at = now(), device = excluded.device, user_id = excluded.user_id
         where user_sessions.last_used_at < now() - interval '1 minute'",
        session_id,
        user.uuid(),
        device
    )
    .execute(pool)
    .await
    .map(drop)
}

/// The user's unexpired sessions, newest first.
pub async fn sessions(pool: &PgPool, user: UserId) -> sqlx::Result<Vec<SessionRow>> {
    sqlx::query_as!(
        SessionRow,
        r#"select s.session_id, s.device, s.last_used_at, now() as "now!"
         from user_sessions s
         join tower_sessions.session stored on stored.id = s.session_id
         where s.user_id = $1
         and stored.expiry_date > now()
         order by s.last_used_at desc"#,
        user.uuid()
    )
    .fetch_all(pool)
    .await
}

/// Ends all of the user's sessions except this one; returns how many.
pub async fn end_other_sessions(
    pool: &PgPool,
    user: UserId,
    session_id: &str,
) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "delete from tower_sessions.session
         where id in (select session_id from user_sessions where user_id = $1 and session_id <> $2)",
        user.uuid(),
        session_id
    )
    .execute(pool)
    .await?;
    Ok(ended.rows_affected())
}

/// Deletes expired sessions.
pub async fn delete_expired_sessions(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from tower_sessions.session where expiry_date < now()")
        .execute(pool)
        .await
        .map(drop)
}
