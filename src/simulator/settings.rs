//! What can be changed about the simulated Coolify while it runs.

use serde::de::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// Which Coolify it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Profile {
    #[default]
    #[serde(rename = "4.3.11")]
    V4_3_11,
    /// Fewer keys are accepted, `ports_exposes` is required, and errors of domains are a bare list.
    #[serde(rename = "4.0.0")]
    V4_0_0,
}

impl Profile {
    pub fn version(self) -> &'static str {
        match self {
            Self::V4_3_11 => "4.3.11",
            Self::V4_0_0 => "4.0.0",
        }
    }
}

/// The settings, whose defaults are in `data/settings.json`. Simulated durations are divided by `speed`, real ones are not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct Settings {
    pub profile: Profile,
    /// Answers 403 "API is disabled." to everything.
    pub api_disabled: bool,
    /// Answers 403 "You are not allowed to access the API." to everything.
    pub ip_refused: bool,
    /// Every valid token with its abilities.
    pub token_abilities: BTreeMap<String, Vec<String>>,
    /// Queued deployments from which `/deploy` answers 429.
    pub queue_limit: usize,
    pub concurrent_builds: usize,
    /// Calls within a real minute before 429.
    pub rate_limit_per_minute: u32,
    /// `GET /deployments` as an object with numeric keys.
    pub deployments_as_object: bool,
    /// That many next calls to deploy answer "already queued" with an identifier of nothing.
    pub phantom_deploy: u32,
    pub destinations: u32,
    pub server_reachable: bool,
    /// The server only builds, so that no application can be created on it.
    pub is_build_server: bool,
    /// The server was switched off by Coolify itself.
    pub force_disabled: bool,
    /// The server's setting that destroys volumes of stopped applications.
    pub delete_unused_volumes: bool,
    /// Simulated seconds from DELETE until the rows are gone; 2 to 4 at random when absent.
    pub delete_seconds: Option<f64>,
    /// How many times faster than life builds and removals go; above zero. A change reaches a build that is under
    /// way at its next step.
    pub speed: f64,
    /// A build ends as the beginning of its application's name says: `fail`, `slow`, `exit`, `silent`.
    pub outcomes_by_name: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let text = include_str!("data/settings.json");
        serde_json::from_str(text).expect("the file has every setting")
    }
}

impl Settings {
    /// How long this much of simulated time really takes.
    pub fn lasting(&self, simulated: Duration) -> Duration {
        let seconds = simulated.as_secs_f64() / self.speed;
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// These settings with some of them changed. In `token_abilities` tokens are added, and those given `null`
    /// are revoked.
    ///
    /// # Errors
    /// When a key is unknown, or a value has the wrong type or makes no sense.
    pub fn changed(&self, changes: Map<String, Value>) -> serde_json::Result<Self> {
        let mut all = serde_json::to_value(self)?;
        for (key, value) in changes {
            match (value, all[&key].as_object_mut()) {
                (Value::Object(tokens), Some(known)) => {
                    known.extend(tokens);
                    known.retain(|_, abilities| !abilities.is_null());
                }
                (value, _) => all[&key] = value,
            }
        }
        let new: Self = serde_json::from_value(all)?;
        if new.speed <= 0.0 || new.delete_seconds.is_some_and(|seconds| seconds < 0.0) {
            return Err(Error::custom(
                "speed must be above 0, delete_seconds at least 0",
            ));
        }
        Ok(new)
    }
}
