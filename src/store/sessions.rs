//! Sessions. A row of `user_sessions` is a signed-in session: without it nobody is signed in. tower-sessions keeps the
//! data of each in a table of its own.

use crate::domain::id::{SessionId, UserId};
use crate::domain::user::User;
use async_trait::async_trait;
use sqlx::{PgConnection, PgPool};
use std::net::IpAddr;
use std::time::Duration;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions_sqlx_store::PostgresStore;
use uuid::Uuid;

/// The store of tower-sessions, with two differences: saving cannot bring back a session that ended meanwhile, which the
/// original inserts again, and only sessions in which somebody signed in are stored.
#[derive(Debug, Clone)]
pub struct Sessions {
    pool: PgPool,
    stored: PostgresStore,
}

impl Sessions {
    /// The key of the data that marks a session in which somebody signed in.
    pub const SIGNED_IN: &str = "signed_in";

    /// The sessions in this database.
    pub fn new(pool: PgPool) -> Self {
        let stored = PostgresStore::new(pool.clone());
        Self { pool, stored }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        if record.data.contains_key(Self::SIGNED_IN) {
            // In a task of its own, because it begins a transaction; see `store::begin`.
            let (stored, mut new) = (self.stored.clone(), record.clone());
            let created = tokio::spawn(async move { stored.create(&mut new).await.map(|()| new) });
            let created = created
                .await
                .map_err(|error| Error::Backend(error.to_string()));
            *record = created??;
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let data = rmp_serde::to_vec(record).map_err(|error| Error::Encode(error.to_string()))?;
        let saved = sqlx::query!(
            "update tower_sessions.session
             set data = $2, expiry_date = $3
             where id = $1",
            record.id.to_string(),
            data,
            record.expiry_date
        );
        let saved = saved.execute(&self.pool).await;
        let saved = saved.map_err(|error| Error::Backend(error.to_string()))?;
        if saved.rows_affected() == 0 {
            tracing::debug!("the session ended meanwhile and is not saved");
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.stored.load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.stored.delete(id).await
    }
}

/// Who is signed in with a session.
pub struct SignedIn {
    pub user: User,
    /// The time until the session expires.
    pub lives: Duration,
}

/// Who is signed in with this session, if it has neither ended nor expired.
pub async fn signed_in(pool: &PgPool, session_id: &str) -> sqlx::Result<Option<SignedIn>> {
    let found = sqlx::query!(
        r#"select u.id, u.email, u.name, u.role = 'administrator' as "is_administrator!",
             extract(epoch from stored.expiry_date - now())::float8 as "lives_seconds!"
           from user_sessions s
           join tower_sessions.session stored on stored.id = s.session_id
           join users u on u.id = s.user_id
           where s.session_id = $1
           and stored.expiry_date > now()
           and u.disabled_at is null"#,
        session_id
    );
    let found = found.fetch_optional(pool).await?;
    Ok(found.map(|row| SignedIn {
        user: User {
            id: row.id.into(),
            email: row.email,
            name: row.name,
            is_administrator: row.is_administrator,
        },
        lives: Duration::try_from_secs_f64(row.lives_seconds).unwrap_or_default(),
    }))
}

/// Whether it is a session of this user, and has not ended.
pub async fn is_theirs(
    conn: &mut PgConnection,
    user: UserId,
    session_id: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from user_sessions where user_id = $1 and session_id = $2) as "theirs!""#,
        user.uuid(),
        session_id
    )
    .fetch_one(conn)
    .await
}

/// Where a session was begun.
pub struct Place<'a> {
    /// The browser and the operating system.
    pub device: &'a str,
    pub address: IpAddr,
}

/// Records a stored session's user and place: from now on somebody is signed in with it. Returns `false`, and nobody
/// is, if the account is disabled, or its password has changed since this hash was read.
pub async fn begin(
    conn: &mut PgConnection,
    session_id: &str,
    user: UserId,
    password_hash: &str,
    place: &Place<'_>,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "insert into user_sessions (session_id, user_id, device, address)
         select $1, id, $4, $5
         from users
         where id = $2
         and password_hash = $3
         and disabled_at is null
         for share",
        session_id,
        user.uuid(),
        password_hash,
        place.device,
        place.address.to_string()
    );
    Ok(begun.execute(conn).await?.rows_affected() == 1)
}

/// Records that these sessions are in use, each at most once a minute.
pub async fn note_used(pool: &PgPool, session_ids: &[String]) -> sqlx::Result<()> {
    sqlx::query!(
        "update user_sessions
         set last_used_at = now()
         where session_id = any($1)
         and last_used_at < now() - interval '1 minute'",
        session_ids
    )
    .execute(pool)
    .await
    .map(drop)
}

/// A user's session, as listed on the account page.
#[derive(Debug)]
pub struct SessionRow {
    pub id: Uuid,
    pub session_id: String,
    pub device: String,
    /// The address of the network that it was begun from; not known of old ones.
    pub address: Option<String>,
    /// Not known of old ones.
    pub created_at: Option<OffsetDateTime>,
    pub last_used_at: OffsetDateTime,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// The user's unexpired sessions, newest first.
pub async fn list(pool: &PgPool, user: UserId) -> sqlx::Result<Vec<SessionRow>> {
    sqlx::query_as!(
        SessionRow,
        r#"select s.id, s.session_id, s.device, s.address, s.created_at, s.last_used_at, now() as "now!"
         from user_sessions s
         join tower_sessions.session stored on stored.id = s.session_id
         where s.user_id = $1
         and stored.expiry_date > now()
         order by s.last_used_at desc
         limit 1000"#,
        user.uuid()
    )
    .fetch_all(pool)
    .await
}

/// Ends one of the user's sessions; `false` when it is not theirs or has ended.
pub async fn end(conn: &mut PgConnection, user: UserId, id: SessionId) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "delete from tower_sessions.session
         where id = (select session_id from user_sessions where user_id = $1 and id = $2)",
        user.uuid(),
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends the user's session with this secret id; `false` when it is not theirs or has ended.
pub async fn end_one(
    conn: &mut PgConnection,
    user: UserId,
    session_id: &str,
) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "delete from tower_sessions.session
         where id = (select session_id from user_sessions where user_id = $1 and session_id = $2)",
        user.uuid(),
        session_id
    );
    Ok(ended.execute(conn).await?.rows_affected() == 1)
}

/// Ends all of the user's sessions, but for one; returns how many.
pub async fn end_all(
    conn: &mut PgConnection,
    user: UserId,
    except: Option<&str>,
) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "delete from tower_sessions.session
         where id in (
           select session_id
           from user_sessions
           where user_id = $1
           and session_id is distinct from $2
         )",
        user.uuid(),
        except
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected())
}

/// Deletes expired sessions. The store of tower-sessions compares with a time without zone, which is wrong outside UTC.
pub async fn delete_expired(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("delete from tower_sessions.session where expiry_date < now()")
        .execute(pool)
        .await
        .map(drop)
}
