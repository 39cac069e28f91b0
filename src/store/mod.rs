//! All SQL, one file per noun. It knows nothing of Coolify, jobs and pages.

pub mod administration;
pub mod adoption;
pub mod allowances;
pub mod api_requests;
pub mod applications;
pub mod archived_logs;
pub mod audit;
pub mod audit_rows;
pub mod backup;
pub mod builds;
pub mod calls;
pub mod changes;
pub mod claims;
pub mod deployment_rows;
pub mod deployments;
pub mod environment_rows;
pub mod environments;
pub mod events;
pub mod findings;
mod inspect;
pub mod links;
pub mod log;
pub mod log_lines;
pub mod overview;
pub mod owners;
pub mod people;
pub mod progress;
pub mod restore;
pub mod rollouts;
pub mod schema;
pub mod secrets;
pub mod servers;
pub mod sessions;
pub mod tokens;
mod trouble;
pub mod turn_queue;
pub mod turns;
pub mod upcoming;
pub mod updates;
pub mod users;
pub mod variables;
pub mod watches;

use sqlx::{PgPool, Postgres};
use time::OffsetDateTime;

/// A transaction that an action commits.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// Begins a transaction, in a task of its own. In sqlx 0.8 a caller that is cancelled while it waits for the answer to
/// `begin` (a timeout, a client that hangs up) would give the connection back to the pool with the transaction open:
/// whatever runs on it afterwards is never committed, and its locks stay.
pub async fn begin(pool: &PgPool) -> sqlx::Result<Tx> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    begun.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// The database's time.
pub async fn now(pool: &PgPool) -> sqlx::Result<OffsetDateTime> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
        .fetch_one(pool)
        .await
}

/// Writes no row: PostgreSQL refuses it nonetheless where it takes no writes, as on a standby (25006), and leaves nothing
/// to clean up where it does.
pub async fn write_nothing(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query!("update environments set name = name where false")
        .execute(pool)
        .await
        .map(drop)
}

/// The name of the constraint that refused a row, as in the migrations.
fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}
