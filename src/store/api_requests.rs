//! Requests of programs that may be sent again. It never sees a key, a request or an answer, only digests and ciphertext.

use crate::domain::id::TokenId;
use sqlx::PgPool;
use time::OffsetDateTime;

/// A request that may be sent again, as it is known here.
pub struct Request<'a> {
    pub token: TokenId,
    pub key: &'a [u8],
    pub fingerprint: &'a [u8],
}

/// What was sent with the same key before.
pub struct Earlier {
    pub fingerprint: Vec<u8>,
    /// Null while it is under way.
    pub answer: Option<Vec<u8>>,
}

/// Records that a request begins, unless its key is taken: by one that was answered within a day, by the same one while it is
/// under way, for at most half a minute, or by another one. Returns when it began.
pub async fn begin(pool: &PgPool, request: &Request<'_>) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!(
        "insert into api_requests as a (token_id, key, fingerprint)
         values ($1, $2, $3)
         on conflict (token_id, key) do update
         set fingerprint = excluded.fingerprint,
             began_at = excluded.began_at,
             answer = null
         where a.began_at < now() - interval '1 day'
         or (
           a.answer is null
           and a.fingerprint = excluded.fingerprint
           and a.began_at < now() - interval '30 seconds'
         )
         returning began_at",
        request.token.uuid(),
        request.key,
        request.fingerprint
    )
    .fetch_optional(pool)
    .await
}

/// What has the key of a request.
pub async fn earlier(pool: &PgPool, request: &Request<'_>) -> sqlx::Result<Option<Earlier>> {
    sqlx::query_as!(
        Earlier,
        "select fingerprint, answer
         from api_requests
         where token_id = $1
         and key = $2",
        request.token.uuid(),
        request.key
    )
    .fetch_optional(pool)
    .await
}

/// Stores the answer of a request, unless a later one has taken its key.
pub async fn finish(
    pool: &PgPool,
    request: &Request<'_>,
    began_at: OffsetDateTime,
    answer: &[u8],
) -> sqlx::Result<()> {
    sqlx::query!(
        "update api_requests
         set answer = $4
         where token_id = $1
         and key = $2
         and began_at = $3",
        request.token.uuid(),
        request.key,
        began_at,
        answer
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Forgets all but the last thousand of a token.
pub async fn delete_many(pool: &PgPool, token: TokenId) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from api_requests
         where token_id = $1
         and began_at < (
           select began_at
           from api_requests
           where token_id = $1
           order by began_at desc
           offset 999
           limit 1
         )",
        token.uuid()
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Forgets a request that changed nothing.
pub async fn forget(
    pool: &PgPool,
    request: &Request<'_>,
    began_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from api_requests
         where token_id = $1
         and key = $2
         and began_at = $3",
        request.token.uuid(),
        request.key,
        began_at
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Deletes those that are a day old.
pub async fn delete_old(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from api_requests
         where began_at < now() - interval '1 day'"
    )
    .execute(pool)
    .await
    .map(drop)
}
