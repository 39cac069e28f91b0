//! The database of a command: that of `DATABASE_URL`, or a private one, which runs for as long as somebody uses it.

use crate::config::{Config, Wrong};
use crate::private_postgres::{PrivatePostgres, Trouble};
use crate::signals::Stop;
use std::time::Duration;

/// How long it may take to stop a private one: it writes everything to its place first.
const STOPPING: Duration = Duration::from_secs(30);
/// The same after a second signal. It goes on by itself.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Runs a command that finishes by itself when it is asked to stop.
///
/// # Errors
/// Those of the command, and when there is no database.
pub async fn serving(
    mut config: Config,
    stop: &Stop,
    command: impl AsyncFnOnce(&Config) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if config.database_url.is_some() {
        return stop.unless_at_once(Box::pin(command(&config))).await;
    }
    let mut private = PrivatePostgres::of(&config.data_dir)
        .await
        .map_err(worded)?;
    config.database_url = Some(private.url().map_err(worded)?);
    let started = async { private.start().await.map_err(worded) };
    let done = match stop.unless_asked(started).await {
        Ok(()) => stop.unless_at_once(Box::pin(command(&config))).await,
        Err(why) => Err(why),
    };
    let at_once = async {
        stop.at_once.cancelled().await;
        tokio::time::sleep(AT_ONCE).await;
    };
    tokio::select! {
        () = private.close(STOPPING) => {}
        () = at_once => {}
    }
    done
}

/// Runs a command that a signal may interrupt.
///
/// # Errors
/// Those of the command, and when there is no database.
pub async fn during(
    config: Config,
    command: impl AsyncFnOnce(&Config) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if config.database_url.is_some() {
        return Box::pin(command(&config)).await;
    }
    let stop = Stop::on_signal()?;
    let command = async |config: &Config| stop.unless_asked(Box::pin(command(config))).await;
    serving(config, &stop, command).await
}

/// The setting that it is about. What fails in spite of right settings is about none.
pub fn worded(trouble: Trouble) -> anyhow::Error {
    match trouble {
        Trouble::NoPrograms(why) => Wrong::Missing("DATABASE_URL", why).into(),
        Trouble::Folder(why) => Wrong::Invalid("DATA_DIR", why).into(),
        Trouble::Failed(why) => anyhow::anyhow!(why),
    }
}
