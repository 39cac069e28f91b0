//! All SQL, one file per noun. It knows nothing of Coolify, jobs and pages.

pub mod applications;
pub mod builds;
pub mod calls;
pub mod changes;
pub mod claims;
pub mod deployment_rows;
pub mod deployments;
pub mod environment_rows;
pub mod environments;
pub mod events;
pub mod log;
pub mod log_lines;
pub mod rollouts;
pub mod secrets;
pub mod sessions;
pub mod turns;
pub mod upcoming;
pub mod updates;
pub mod users;
pub mod watches;

use futures_util::TryFutureExt;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool, Postgres};
use std::time::Duration;
use time::OffsetDateTime;

/// A transaction that an action commits.
pub type Tx = sqlx::Transaction<'static, Postgres>;

/// The maximum number of connections of a process; one of them listens for jobs, and one for changes.
const CONNECTIONS: u32 = 15;
/// How long a request waits for a connection before the database counts as unreachable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Limits the duration of statements, and lets PostgreSQL notice within a minute that this process is gone. That PostgreSQL is
/// gone is noticed by the timeouts of those who wait for it: sqlx 0.8 cannot set TCP keepalive on its own side.
const SETTINGS: &str = "set statement_timeout = '15s';
    set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3";

/// A pool that connects on first use.
pub fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(connection.execute(SETTINGS).map_ok(drop)))
        .connect_lazy_with(options.application_name("vps-claude"))
}

/// Runs the migrations. When several instances start at once, the first one runs them and the others wait.
///
/// # Errors
/// When the database is unreachable or holds something else.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    // A separate connection without the pool's statement timeout: migrating a large table may take longer.
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    let done = sqlx::migrate!().run(&mut connection).await;
    connection.close().await.ok();
    done
}

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

/// The name of the constraint that refused a row, as in the migrations.
fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}
