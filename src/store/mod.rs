//! All SQL, one file per noun. It knows nothing of Coolify, of jobs and of pages.

pub mod deployments;
pub mod environments;
pub mod leases;
pub mod log;
pub mod looks;
pub mod users;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};
use std::time::Duration;

/// A transaction that a story ends with.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// How many connections a process holds at most; one of them listens for jobs.
const CONNECTIONS: u32 = 14;
/// How long a request waits for a connection before it says that the database is not there.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool that connects when it is first needed.
pub fn pool(options: PgConnectOptions) -> PgPool {
    let options = options
        .application_name("vps-claude")
        .options([("statement_timeout", "15s")]);
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_lazy_with(options)
}

/// Brings the tables up to date. Several copies may do so at once: the first one does it, the others wait.
///
/// # Errors
/// When the database cannot be reached or holds something else.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    sqlx::migrate!().run(pool).await
}

/// The constraint that refused a row, by its name in the migrations.
fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}
