//! What a server of PostgreSQL must be able to do. Statements are sent without preparing them, which a pooler may not
//! support.

use super::trouble::Trouble;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row};
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

/// How long one server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The oldest version that is supported (`server_version_num`).
const OLDEST: i32 = 150_000;

pub(super) async fn within<T>(
    look: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    timeout(TIMEOUT, look).await.unwrap_or(Err(Trouble::Silent))
}

/// Whether it answers and can be written.
pub(super) async fn look(server: &PgConnectOptions) -> Result<(), Trouble> {
    let mut connection = server.connect().await?;
    let writes = check_writes(&mut connection).await;
    connection.close().await.ok();
    writes
}

/// Whether it can be used for everything.
pub(super) async fn inspect(server: &PgConnectOptions) -> Result<(), Trouble> {
    let mut connection = server.connect().await?;
    let mut other = server.connect().await?;
    let inspected = async {
        check_session(&mut connection, &mut other).await?;
        check_writes(&mut connection).await?;
        check_version(&mut connection).await
    };
    let inspected = inspected.await;
    connection.close().await.ok();
    other.close().await.ok();
    inspected
}

/// Two open connections have two sessions, and each keeps its own. A pooler that lends a session for a transaction gives
/// both the same, or one of them another each time.
async fn check_session(one: &mut PgConnection, other: &mut PgConnection) -> Result<(), Trouble> {
    let pid = "select pg_backend_pid()";
    let first: i32 = value(one, pid).await?;
    for _ in 0..3 {
        let pids: (i32, i32) = (value(one, pid).await?, value(other, pid).await?);
        if pids.0 != first || pids.1 == first {
            return Err(Trouble::Pooled);
        }
    }
    Ok(())
}

async fn check_writes(connection: &mut PgConnection) -> Result<(), Trouble> {
    let reads_only: String = value(connection, "show transaction_read_only").await?;
    if reads_only == "on" {
        return Err(Trouble::ReadOnly);
    }
    Ok(())
}

/// Of several servers, a connection to one that cannot be written is not used: it is no longer the right one.
pub(super) async fn refuse_standby(
    connection: &mut PgConnection,
    several: bool,
) -> sqlx::Result<()> {
    if !several {
        return Ok(());
    }
    check_writes(connection)
        .await
        .map_err(|trouble| match trouble {
            Trouble::Failed(error) => error,
            trouble => sqlx::Error::Configuration(trouble.to_string().into()),
        })
}

async fn check_version(connection: &mut PgConnection) -> Result<(), Trouble> {
    let number = "select current_setting('server_version_num')::int4";
    if is_too_old(value(connection, number).await?) {
        return Err(Trouble::TooOld(
            value(connection, "show server_version").await?,
        ));
    }
    Ok(())
}

fn is_too_old(version: i32) -> bool {
    version < OLDEST
}

async fn value<T>(connection: &mut PgConnection, statement: &str) -> sqlx::Result<T>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let row = connection.fetch_one(statement).await?;
    row.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_version_is_15() {
        assert!(is_too_old(140_013) && is_too_old(90_624));
        assert!(!is_too_old(150_000) && !is_too_old(170_002));
        let said = Trouble::TooOld("14.13".to_owned()).to_string();
        assert_eq!(said, "is version 14.13; 15 or newer is needed");
    }
}
