//! State that all instances share and may lose at any time: the rate limits, the budget of calls to Coolify. Without
//! Redis, or during its outages, each works inside the process: no request fails because of Redis.

pub mod attempt;
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

/// The timeout of a command, after which the process continues without Redis.
const COMMAND_TIMEOUT: Duration = Duration::from_millis(250);
/// How long a command may be unanswered before the connection counts as lost: until then every command costs the
/// timeout above.
const UNRESPONSIVE: Duration = Duration::from_secs(1);
/// The timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection to Redis that reconnects by itself, or none.
#[derive(Clone, Default)]
pub struct Redis(Option<Client>);

impl Redis {
    /// Connects in the background and retries; without an address there is no Redis.
    ///
    /// # Errors
    /// When the address is invalid.
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

    /// Whether a connection could be made to what the address says.
    pub fn is_address(url: &str) -> bool {
        Config::from_url(url).is_ok()
    }

    /// Whether Redis answers; `None` when none is configured.
    pub async fn answers(&self) -> Option<bool> {
        let client = self.0.as_ref()?;
        Some(client.is_connected() && client.ping::<String>(None).await.is_ok())
    }

    /// The client, while it is connected.
    fn connected(&self) -> Option<&Client> {
        self.0.as_ref().filter(|client| client.is_connected())
    }

    /// Runs a script on one key; `None` when Redis is unavailable.
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
