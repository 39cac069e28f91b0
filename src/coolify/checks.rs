//! What Coolify's version, its token and its server are good for, asked without any effect. Facts are from Coolify's
//! source, 4.0.0 to 4.3.11.

use super::builds::{ServerAnswer, ServerLimits};
use super::client::Client;
use super::error::Error;
use super::http::{Request, exchange, read, send};
use super::tolerant::text_or_empty;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

/// The oldest major version that has every call.
const OLDEST: u32 = 4;
/// Longer than any version number.
const VERSION_LIMIT_BYTES: usize = 64;

#[derive(Debug, Deserialize)]
struct Destination {
    #[serde(default, deserialize_with = "text_or_empty")]
    uuid: String,
}

/// What matters of the server that runs the environments.
#[derive(Debug)]
pub struct ServerState {
    pub usability: Usability,
    pub limits: ServerLimits,
    /// Whether its clean-up deletes the volumes of what is stopped.
    pub deletes_unused_volumes: bool,
    /// Whether the token is shown what is secret, which includes logs.
    pub shows_secrets: bool,
}

/// Whether a server runs applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usability {
    Usable,
    /// Coolify cannot reach it, or cannot use what is there.
    Unreachable,
    Disabled,
    /// It only builds.
    BuildServer,
}

/// Whether this version of Coolify has every call: 4.0.0 or newer, which had four hundred beta versions before it.
pub fn is_supported(version: &str) -> bool {
    let (numbers, is_beta) = match version.split_once('-') {
        Some((numbers, _)) => (numbers, true),
        None => (version, false),
    };
    let major = numbers
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    let is_first = numbers.trim_end_matches(".0") == OLDEST.to_string();
    major.is_some_and(|major: u32| major >= OLDEST) && !(is_beta && is_first)
}

impl Client {
    /// The build limits of that server.
    pub async fn server_limits(&self) -> Result<ServerLimits, Error> {
        let answer: ServerAnswer = read(self.server_answer().await?, false).await?;
        Ok(answer.into())
    }

    /// Coolify's version, to check that the token works.
    pub async fn version(&self) -> Result<String, Error> {
        let answer = send(self.get("GET version", &["version"]), false).await?;
        let text = answer.beginning(VERSION_LIMIT_BYTES).await;
        let text = String::from_utf8_lossy(&text);
        let version = text.trim().trim_start_matches('v');
        // Anything else is a page of a proxy in front of Coolify.
        if version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(char::is_control)
        {
            Ok(version.to_owned())
        } else {
            Err(Error::unreadable(false))
        }
    }

    /// Whether the token may create applications: an empty order is refused as such only after its abilities.
    pub async fn may_write(&self) -> Result<bool, Error> {
        let path = ["applications", "public"];
        let request = self.request(Method::POST, "POST application", &path);
        is_allowed(request.json(&serde_json::json!({}))).await
    }

    /// Whether the token may deploy, asked in the same way.
    pub async fn may_deploy(&self) -> Result<bool, Error> {
        is_allowed(self.request(Method::POST, "POST deploy", &["deploy"])).await
    }

    /// The server that runs the environments.
    pub async fn server_state(&self) -> Result<ServerState, Error> {
        let answer: Value = read(self.server_answer().await?, false).await?;
        let limits = serde_json::from_value::<ServerAnswer>(answer.clone());
        let limits = limits.map_err(|_| Error::unreadable(false))?.into();
        Ok(state_of(&answer["settings"], limits))
    }

    /// The uuids of the server's destinations. Coolify tells them from 4.2.0 on; before that it is an error.
    pub async fn destinations(&self) -> Result<Vec<String>, Error> {
        let path = ["servers", self.server_uuid(), "destinations"];
        let answer = send(self.request(Method::GET, "GET destinations", &path), false).await?;
        let found: Vec<Destination> = read(answer, false).await?;
        let uuids = found.into_iter().map(|one| one.uuid);
        let is_named = |uuid: &String| !uuid.is_empty() && !uuid.contains(char::is_control);
        Ok(uuids.filter(is_named).collect())
    }
}

fn state_of(settings: &Value, limits: ServerLimits) -> ServerState {
    let is = |key: &str, value: bool| settings[key].as_bool() == Some(value);
    let usability = if is("is_reachable", false) || is("is_usable", false) {
        Usability::Unreachable
    } else if is("force_disabled", true) {
        Usability::Disabled
    } else if is("is_build_server", true) {
        Usability::BuildServer
    } else {
        Usability::Usable
    };
    ServerState {
        usability,
        limits,
        deletes_unused_volumes: is("delete_unused_volumes", true),
        // A token without read:sensitive is not even shown the key.
        shows_secrets: settings.get("sentinel_token").is_some(),
    }
}

/// A request that can only be refused: for what it lacks, or for what the token lacks.
async fn is_allowed(request: Request) -> Result<bool, Error> {
    match exchange(request, false).await? {
        Ok(_) => Ok(true),
        Err(rejection) if rejection.status == 400 => Ok(true),
        Err(rejection) if rejection.is_about_an_ability() => Ok(false),
        Err(rejection) => Err(Error::from_rejection(rejection, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_server_that_cannot_run_applications_is_told_from_one_that_can() {
        let limits = ServerLimits {
            concurrent_builds: 2,
            deployment_queue_limit: 25,
        };
        let fine = json!({"force_disabled": false, "is_build_server": false, "is_usable": true});
        for (settings, expected) in [
            (fine, Usability::Usable),
            (json!({}), Usability::Usable),
            (json!({"force_disabled": true}), Usability::Disabled),
            (json!({"is_build_server": true}), Usability::BuildServer),
            (json!({"is_usable": false}), Usability::Unreachable),
            (json!({"is_reachable": false}), Usability::Unreachable),
        ] {
            let state = state_of(&settings, limits);
            assert_eq!(state.usability, expected, "{settings}");
            assert!(!state.deletes_unused_volumes && !state.shows_secrets);
        }
        let told = json!({"delete_unused_volumes": true, "sentinel_token": null});
        let told = state_of(&told, limits);
        assert!(told.deletes_unused_volumes && told.shows_secrets);
    }

    #[test]
    fn the_oldest_version_is_4_0_0() {
        for version in ["4.0.0", "4.3.11", "4.1.0-rc.1", "5.0.0", "4"] {
            assert!(is_supported(version), "{version}");
        }
        for version in ["4.0.0-beta.420", "3.12.36", "", "nightly"] {
            assert!(!is_supported(version), "{version}");
        }
    }
}
