//! Tries once everything that is asked of Redis: a user of it may lack a right (ACL), and a request would only work
//! without Redis then and say nothing.

use super::calls::SCRIPT;
use super::limits::{GIVE_BACK, TAKE};
use super::{COMMAND_TIMEOUT, CONNECT_TIMEOUT};
use fred::error::ErrorKind;
use fred::prelude::{Builder, Client, ClientLike, Config, Error, FredResult, LuaInterface, Value};
use fred::types::{ClusterHash, CustomCommand};
use std::time::Duration;

/// Longer than a connection with its commands may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Every command of the scripts, its key and its arguments: where one is not permitted, Redis only names it by itself.
const COMMANDS: [[&str; 3]; 6] = [
    ["TIME", "", ""],
    ["SET", "calls", "{\"paused_until\":0} PX 1000"],
    ["GET", "calls", ""],
    ["HSET", "bucket", "tokens 1"],
    ["HMGET", "bucket", "tokens at"],
    ["PEXPIRE", "bucket", "1000"],
];

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// There is no connection, or no answer.
    #[error("it does not answer")]
    Silent,
    /// In its own words.
    #[error("{0}")]
    Refused(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::IO | ErrorKind::Timeout | ErrorKind::Canceled => Self::Silent,
            _ => Self::Refused(error.details().to_owned()),
        }
    }
}

/// Connects once and runs every script, on keys with this prefix.
///
/// # Errors
/// Why it cannot be used.
pub async fn attempt(url: &str, prefix: &str) -> Result<(), Trouble> {
    let client = client(url)?;
    let tried = tokio::time::timeout(TIMEOUT, try_all(&client, prefix)).await;
    if matches!(tried, Ok(Ok(()))) {
        client.quit().await.ok();
    }
    Ok(tried.map_err(|_| Trouble::Silent)??)
}

fn client(url: &str) -> FredResult<Client> {
    Builder::from_config(Config::from_url(url)?)
        .with_performance_config(|performance| {
            performance.default_command_timeout = COMMAND_TIMEOUT * 4;
        })
        .with_connection_config(|connection| {
            connection.connection_timeout = CONNECT_TIMEOUT;
            connection.internal_command_timeout = CONNECT_TIMEOUT;
            connection.max_command_attempts = 1;
        })
        .build()
}

async fn try_all(client: &Client, prefix: &str) -> FredResult<()> {
    client.init().await?;
    client.ping::<String>(None).await?;
    for [command, key, arguments] in COMMANDS {
        let key = (!key.is_empty()).then(|| format!("{prefix}{key}"));
        let arguments = arguments.split_whitespace().map(str::to_owned);
        let hash = match key {
            Some(_) => ClusterHash::FirstKey,
            None => ClusterHash::Random,
        };
        let command = CustomCommand::new_static(command, hash, false);
        let all: Vec<String> = key.into_iter().chain(arguments).collect();
        client.custom::<Value, _>(command, all).await?;
    }
    for script in [TAKE, GIVE_BACK] {
        let bucket = (format!("{prefix}bucket"), vec!["1", "1"]);
        client
            .eval::<i64, _, _, _>(script, bucket.0, bucket.1)
            .await?;
    }
    let pause = (format!("{prefix}calls"), vec!["", "pause", "0"]);
    client
        .eval::<i64, _, _, _>(SCRIPT, pause.0, pause.1)
        .await?;
    Ok(())
}
