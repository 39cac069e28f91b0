//! Servers of PostgreSQL: which of several is used, what one must be able to do, and what is said of one that is not.
//! sqlx knows one server for a pool. Several are tried in order, and the one that can be written is used (libpq's
//! `target_session_attrs=read-write`), now and whenever it is another one later.

use super::inspect::{inspect, look, refuse_standby, within};
use super::schema::MIGRATOR;
use super::trouble::{Trouble, Unusable, place};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The maximum number of connections of a process; one of them listens for jobs, and one for changes.
const CONNECTIONS: u32 = 15;
/// How long a request waits for a connection before the database counts as unreachable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Limits the duration of statements, and lets PostgreSQL notice within a minute that this process is gone. That PostgreSQL is
/// gone is noticed by the timeouts of those who wait for it: sqlx 0.8 cannot set TCP keepalive on its own side.
const SETTINGS: &str = "set statement_timeout = '15s';
    set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3";

/// How long a start waits for a server: one that starts together with us may have to create its files first.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts of a start.
const AGAIN: Duration = Duration::from_millis(500);
/// How often it is checked that the used server, of several, can still be written.
const CHECK: Duration = Duration::from_secs(2);

/// A pool that connects on first use, to the first server until it is pointed to another one.
///
/// # Panics
/// Without a server.
pub fn pool(servers: &[PgConnectOptions]) -> PgPool {
    let several = servers.len() > 1;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |connection, _| Box::pin(prepare(connection, several)))
        .connect_lazy_with(named(servers[0].clone()));
    if several {
        tokio::spawn(follow(pool.clone(), servers.to_vec()));
    }
    pool
}

async fn prepare(connection: &mut PgConnection, several: bool) -> sqlx::Result<()> {
    connection.execute(SETTINGS).await?;
    refuse_standby(connection, several).await
}

/// How PostgreSQL shows our connections. Every number is sent with all its digits by default since PostgreSQL 12;
/// `PgBouncer` refuses a connection that asks for it.
fn named(server: PgConnectOptions) -> PgConnectOptions {
    server
        .application_name("vps-claude")
        .extra_float_digits(None)
}

/// Runs the migrations. When several instances start at once, the first one runs them and the others wait.
///
/// # Errors
/// When the database is unreachable or holds something else.
pub async fn migrate(pool: &PgPool) -> Result<(), Unusable> {
    let done = async {
        // A separate connection without the pool's statement timeout: migrating a large table may take longer.
        let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
        let done = MIGRATOR.run(&mut connection).await;
        connection.close().await.ok();
        done.map_err(Trouble::Migration)
    };
    done.await.map_err(|trouble| Unusable::of(pool, trouble))
}

/// Points the pool to a server that can be used, and waits for one for a while.
///
/// # Errors
/// Why each of them cannot be used.
pub async fn wait(pool: &PgPool, servers: &[PgConnectOptions]) -> Result<(), Unusable> {
    let (began, mut was_said) = (Instant::now(), false);
    loop {
        match reach(pool, servers).await {
            Err(why) if why.is_passing() && began.elapsed() < PATIENCE => {
                if !was_said {
                    tracing::warn!("{why}; waiting up to {} seconds for it", PATIENCE.as_secs());
                    was_said = true;
                }
                sleep(AGAIN).await;
            }
            reached => return reached,
        }
    }
}

/// Points the pool to the first server that can be used.
///
/// # Errors
/// Why each of them cannot be used.
pub async fn reach(pool: &PgPool, servers: &[PgConnectOptions]) -> Result<(), Unusable> {
    let mut unusable = vec![];
    for server in servers {
        match within(inspect(&named(server.clone()))).await {
            Ok(()) => {
                pool.set_connect_options(named(server.clone()));
                return Ok(());
            }
            Err(trouble) => unusable.push((place(server), trouble)),
        }
    }
    Err(Unusable(unusable))
}

/// Follows the server that can be written, while there are several and the pool is open.
pub async fn follow(pool: PgPool, servers: Vec<PgConnectOptions>) {
    let mut closed = pool.close_event();
    let follow = async {
        loop {
            sleep(CHECK).await;
            if within(look(&pool.connect_options())).await.is_ok() {
                continue;
            }
            for server in &servers {
                if within(look(&named(server.clone()))).await.is_ok() {
                    tracing::warn!(
                        server = place(server),
                        "another server of PostgreSQL is used now"
                    );
                    pool.set_connect_options(named(server.clone()));
                    break;
                }
            }
        }
    };
    closed.do_until(follow).await.unwrap_or(());
}

/// Whether the user may create tables, which migrations need. Nothing is left behind.
///
/// # Errors
/// Why not.
pub async fn try_to_create(pool: &PgPool) -> Result<(), Unusable> {
    let create = "begin; create table vps_claude_doctor (id integer); rollback";
    let created = async {
        let mut connection = pool.connect_options().connect().await?;
        let created = connection.execute(create).await;
        connection.close().await.ok();
        Ok(created.map(drop)?)
    };
    within(created)
        .await
        .map_err(|trouble| Unusable::of(pool, trouble))
}

/// Whether a connection keeps the statements that it has prepared, as every request expects: a pooler may give it another
/// session meanwhile.
///
/// # Errors
/// Why not.
pub async fn try_to_prepare(pool: &PgPool) -> Result<(), Unusable> {
    let prepared = async {
        let mut connection = pool.connect_options().connect().await?;
        let mut ended = Ok(());
        for _ in 0..3 {
            let prepared = sqlx::query("select 1").execute(&mut connection).await;
            ended = ended.and(prepared.map(drop));
        }
        connection.close().await.ok();
        Ok(ended?)
    };
    within(prepared)
        .await
        .map_err(|trouble| Unusable::of(pool, trouble))
}
