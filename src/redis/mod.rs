//! What all copies of the process share and may lose at any time: the status cache, the rate limits, the budget of calls
//! to Coolify. Without Redis, or while it is away, each works inside the process: a request never fails because Redis did.

pub mod cache;
pub mod calls;
pub mod limits;
pub mod schedule;
#[cfg(test)]
pub mod tests;

use fred::prelude::{
    Builder, Client, ClientLike, Config, FredResult, FromValue, LuaInterface, ReconnectPolicy,
};
use fred::types::config::UnresponsiveConfig;
use std::time::Duration;

/// How long a command may take before the process does without Redis.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(250);
/// How long a command may go without an answer before the connection counts as lost: until then every command costs the
/// time above.
const UNRESPONSIVE: Duration = Duration::from_secs(1);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection to Redis that reconnects by itself, or none.
#[derive(Clone, Default)]
pub struct Redis(Option<Client>);

impl Redis {
    /// Begins to connect, and goes on trying in the background; without an address there is no Redis.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn connect(url: Option<&str>) -> FredResult<Self> {
        let Some(url) = url else {
            return Ok(Self::default());
        };
        let client = Builder::from_config(Config::from_url(url)?)
            .with_performance_config(|performance| {
                performance.default_command_timeout = COMMAND_TIMEOUT;
            })
            .with_connection_config(|connection| {
                connection.connection_timeout = CONNECT_TIMEOUT;
                connection.internal_command_timeout = CONNECT_TIMEOUT;
                connection.max_command_attempts = 1;
                connection.unresponsive = UnresponsiveConfig {
                    max_timeout: Some(UNRESPONSIVE),
                    interval: UNRESPONSIVE / 4,
                };
            })
            .set_policy(ReconnectPolicy::new_linear(0, 2_000, 200))
            .build()?;
        client.connect();
        Ok(Self(Some(client)))
    }

    /// Whether Redis answers; `None` where none is set.
    pub async fn answers(&self) -> Option<bool> {
        let client = self.0.as_ref()?;
        Some(client.is_connected() && client.ping::<String>(None).await.is_ok())
    }

    /// The connection, while there is one.
    fn connected(&self) -> Option<&Client> {
        self.0.as_ref().filter(|client| client.is_connected())
    }

    /// Runs a script on one key; `None` when the process must do without Redis.
    async fn run<T: FromValue>(
        &self,
        script: &'static str,
        key: String,
        arguments: Vec<String>,
    ) -> Option<T> {
        let answer = self.connected()?.eval(script, key, arguments).await;
        answer
            .inspect_err(|error| tracing::debug!(%error, "script not run in Redis"))
            .ok()
    }
}
