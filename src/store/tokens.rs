//! Tokens of the API. It never sees a token, only its hash.

use crate::domain::api_token::{Scopes, Wanted};
use crate::domain::id::{TokenId, UserId};
use crate::domain::user::User;
use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many somebody may have.
const LIMIT: i64 = 50;

/// A token, as listed on the account page.
#[derive(Debug)]
pub struct TokenRow {
    pub id: Uuid,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub last_used_at: Option<OffsetDateTime>,
    /// The database's time of this read.
    pub now: OffsetDateTime,
}

/// Whose token it is, and what it may do.
#[derive(Debug, Clone)]
pub struct Holder {
    pub user: User,
    pub id: TokenId,
    pub name: String,
    /// Those that its owner's role allows.
    pub scopes: Scopes,
    pub expires_at: Option<OffsetDateTime>,
    /// Whether its use was not noted for a while.
    pub is_to_be_noted: bool,
}

/// Adds a token with this id; `false` when somebody has too many that have not expired.
pub async fn insert(
    conn: &mut PgConnection,
    (user, id): (UserId, TokenId),
    token_hash: &[u8],
    wanted: &Wanted,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into tokens (id, user_id, token_hash, name, scopes, expires_at)
         select $1, $2, $3, $4, $5, $6
         where (
           select count(*)
           from tokens
           where user_id = $2
           and (expires_at is null or expires_at > now())
         ) < $7",
        id.uuid(),
        user.uuid(),
        token_hash,
        wanted.name,
        &wanted.scopes.words(),
        wanted.expires_at,
        LIMIT
    );
    Ok(added.execute(conn).await?.rows_affected() == 1)
}

/// Deletes those of a person's tokens that expired long ago.
pub async fn delete_expired(conn: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from tokens
         where user_id = $1
         and expires_at < now() - interval '30 days'",
        user.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The user's tokens: those that count first, then those that have expired, each newest first.
pub async fn list(pool: &PgPool, user: UserId) -> sqlx::Result<Vec<TokenRow>> {
    sqlx::query_as!(
        TokenRow,
        r#"select id, name, scopes, created_at, expires_at, last_used_at, now() as "now!"
           from tokens
           where user_id = $1
           order by coalesce(expires_at <= now(), false), created_at desc, id desc
           limit $2"#,
        user.uuid(),
        2 * LIMIT
    )
    .fetch_all(pool)
    .await
}

/// Deletes one of the user's tokens; its name, unless it is not theirs or is not there any more.
pub async fn end(
    conn: &mut PgConnection,
    user: UserId,
    id: TokenId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "delete from tokens
         where user_id = $1
         and id = $2
         returning name",
        user.uuid(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// Deletes all of the user's tokens.
pub async fn end_all(conn: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("delete from tokens where user_id = $1", user.uuid())
        .execute(conn)
        .await
        .map(drop)
}

/// Whose token has this hash, if it has not expired and they are not disabled.
pub async fn holder(pool: &PgPool, token_hash: &[u8]) -> sqlx::Result<Option<Holder>> {
    let found = sqlx::query!(
        r#"select t.id, t.name, t.scopes, t.expires_at,
             coalesce(t.last_used_at < now() - interval '1 minute', true) as "is_to_be_noted!",
             u.id as user_id, u.email, u.name as user_name, u.role = 'administrator' as "is_administrator!"
           from tokens t
           join users u on u.id = t.user_id
           where t.token_hash = $1
           and coalesce(t.expires_at > now(), true)
           and u.disabled_at is null"#,
        token_hash
    );
    let found = found.fetch_optional(pool).await?;
    Ok(found.map(|row| {
        let scopes = Scopes::of(&row.scopes);
        Holder {
            id: row.id.into(),
            name: row.name,
            scopes: if row.is_administrator {
                scopes
            } else {
                scopes.of_member()
            },
            expires_at: row.expires_at,
            is_to_be_noted: row.is_to_be_noted,
            user: User {
                id: row.user_id.into(),
                email: row.email,
                name: row.user_name,
                is_administrator: row.is_administrator,
            },
        }
    }))
}

/// Whether a token has not ended.
pub async fn is_valid(pool: &PgPool, id: TokenId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
             select
             from tokens t
             join users u on u.id = t.user_id
             where t.id = $1
             and coalesce(t.expires_at > now(), true)
             and u.disabled_at is null
           ) as "is_valid!""#,
        id.uuid()
    )
    .fetch_one(pool)
    .await
}

/// Records that a token was used, at most once a minute.
pub async fn note_used(pool: &PgPool, id: TokenId) -> sqlx::Result<()> {
    sqlx::query!(
        "update tokens
         set last_used_at = now()
         where id = $1
         and coalesce(last_used_at < now() - interval '1 minute', true)",
        id.uuid()
    )
    .execute(pool)
    .await
    .map(drop)
}
