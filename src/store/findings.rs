//! What the last checks of the settings found, and whether they run.

use serde_json::Value;
use sqlx::PgPool;
use std::time::Duration;
use time::OffsetDateTime;

/// The last checks.
#[derive(Debug)]
pub struct Last {
    /// When the checks that run now were begun.
    pub begun_at: Option<OffsetDateTime>,
    /// When the last ones ended.
    pub ended_at: Option<OffsetDateTime>,
    pub found: Value,
    pub now: OffsetDateTime,
}

/// Claims the checks, unless somebody runs them: nobody does so for longer than this.
pub async fn claim(pool: &PgPool, longest: Duration) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        "update findings
         set begun_at = now()
         where begun_at is null
         or begun_at < now() - $1::float8 * interval '1 second'",
        longest.as_secs_f64()
    );
    Ok(claimed.execute(pool).await?.rows_affected() == 1)
}

/// Saves what was found, and ends the claim.
pub async fn save(pool: &PgPool, found: &Value) -> sqlx::Result<()> {
    sqlx::query!(
        "update findings
         set begun_at = null, ended_at = now(), found = $1",
        found
    )
    .execute(pool)
    .await
    .map(drop)
}

/// Reads the last checks.
pub async fn read(pool: &PgPool, longest: Duration) -> sqlx::Result<Last> {
    sqlx::query_as!(
        Last,
        r#"select case when begun_at > now() - $1::float8 * interval '1 second' then begun_at end as begun_at,
             ended_at, found, now() as "now!"
           from findings"#,
        longest.as_secs_f64()
    )
    .fetch_one(pool)
    .await
}
