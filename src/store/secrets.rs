//! Secrets that all copies of the dashboard share. The migration that adds one also makes its value.

use secrecy::SecretSlice;
use sqlx::PgPool;

/// What signs the cookies of browsers in which somebody signed in before.
pub async fn of_browsers(pool: &PgPool) -> sqlx::Result<SecretSlice<u8>> {
    let value = sqlx::query_scalar!(
        "select value
         from secrets
         where name = 'browsers'"
    );
    Ok(value.fetch_one(pool).await?.into())
}
