//! The client of Coolify's API: every method is one call. It knows nothing of databases and jobs.

mod body;
mod error;
mod probe;
mod refusal;
pub mod simulator;
mod wire;

pub use error::Error;
pub use probe::Probe;
pub use refusal::Conflict;
pub use wire::{Application, DeploymentRow};

use body::{NewApplication, NewVolume, Variable, Variables};
use reqwest::{Method, RequestBuilder, Response, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;
use wire::{CreateAnswer, DeployAnswer, DeploymentsAnswer, EnvironmentAnswer, StoragesAnswer};

/// How long a call may take: connecting, sending, and reading the answer. A lease must be longer.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// How long Coolify may go on with a request whose answer was lost. Nothing is created again before.
pub const LANDING: Duration = Duration::from_mins(1);
/// The largest answer that is read: logs of big builds reach megabytes.
const ANSWER_LIMIT_BYTES: usize = 32 * 1024 * 1024;
/// How many of an application's deployments are looked at for one in flight.
const RECENT: &str = "5";

/// The volumes of an environment: without them its files are lost at every deployment.
pub const VOLUMES: [(&str, &str); 4] = [
    ("workspace", "/home/coder/workspace"),
    ("config", "/home/coder/.config"),
    ("local", "/home/coder/.local"),
    ("cache", "/home/coder/.cache"),
];

/// Where Coolify is and what of it is ours.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The instance, without `/api/v1`.
    pub url: Url,
    pub token: SecretString,
    pub project_uuid: String,
    pub server_uuid: String,
    pub environment_name: String,
    pub destination_uuid: Option<String>,
}

/// What every environment is built from.
#[derive(Debug, Clone)]
pub struct Source {
    pub repository: String,
    pub branch: String,
    pub port: u16,
}

/// Coolify, with a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    connection: Connection,
    source: Source,
}

impl Client {
    /// A client for one project of one Coolify.
    ///
    /// # Errors
    /// When the TLS roots of the system cannot be loaded.
    pub fn new(connection: Connection, source: Source) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("vps-claude/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(CALL_TIMEOUT)
            .build()?;
        Ok(Self {
            http,
            connection,
            source,
        })
    }

    /// Every application in our environment of our project, with its container's state.
    ///
    /// # Errors
    /// As every call.
    pub async fn applications(&self) -> Result<Vec<Application>, Error> {
        let request = self.get(&[
            "projects",
            &self.connection.project_uuid,
            &self.connection.environment_name,
        ]);
        Ok(read::<EnvironmentAnswer>(send(request, false).await?)
            .await?
            .applications)
    }

    /// One application, wherever it is.
    ///
    /// # Errors
    /// As every call; `NotFound` when it is gone.
    pub async fn application(&self, uuid: &str) -> Result<Application, Error> {
        read(send(self.get(&["applications", uuid]), false).await?).await
    }

    /// Makes an application and returns its uuid. Names are not unique at Coolify: look before.
    ///
    /// # Errors
    /// As every call; `DomainTaken` when another one has the address.
    pub async fn create(&self, name: &str, description: &str, fqdn: &str) -> Result<String, Error> {
        let body = NewApplication {
            project_uuid: &self.connection.project_uuid,
            server_uuid: &self.connection.server_uuid,
            environment_name: &self.connection.environment_name,
            destination_uuid: self.connection.destination_uuid.as_deref(),
            git_repository: &self.source.repository,
            git_branch: &self.source.branch,
            build_pack: "dockerfile",
            ports_exposes: self.source.port.to_string(),
            name,
            description,
            domains: fqdn,
            health_check_enabled: true,
            health_check_path: "/healthz",
            health_check_interval: 5,
            health_check_timeout: 5,
            health_check_retries: 12,
            health_check_start_period: 10,
        };
        let request = self
            .request(Method::POST, &["applications", "public"])
            .json(&body);
        Ok(read::<CreateAnswer>(send(request, true).await?).await?.uuid)
    }

    /// Sets one variable of the container; setting it twice is the same as once.
    ///
    /// # Errors
    /// As every call.
    pub async fn set_variable(&self, uuid: &str, key: &str, value: &str) -> Result<(), Error> {
        let body = Variables {
            data: vec![Variable::at_run_time(key, value)],
        };
        let request = self
            .request(Method::PATCH, &["applications", uuid, "envs", "bulk"])
            .json(&body);
        send(request, true).await.map(drop)
    }

    /// Where the application's volumes are mounted.
    ///
    /// # Errors
    /// As every call.
    pub async fn mount_paths(&self, uuid: &str) -> Result<Vec<String>, Error> {
        let answer: StoragesAnswer =
            read(send(self.get(&["applications", uuid, "storages"]), false).await?).await?;
        Ok(answer
            .persistent_storages
            .into_iter()
            .map(|storage| storage.mount_path)
            .collect())
    }

    /// Adds a volume. Adding a name twice is a 500 at Coolify: look before.
    ///
    /// # Errors
    /// As every call.
    pub async fn add_volume(&self, uuid: &str, name: &str, mount_path: &str) -> Result<(), Error> {
        let body = NewVolume {
            r#type: "persistent",
            name,
            mount_path,
        };
        let request = self
            .request(Method::POST, &["applications", uuid, "storages"])
            .json(&body);
        send(request, true).await.map(drop)
    }

    /// The application's newest deployments, newest first.
    ///
    /// # Errors
    /// As every call.
    pub async fn recent_builds(&self, uuid: &str) -> Result<Vec<DeploymentRow>, Error> {
        let request = self
            .get(&["deployments", "applications", uuid])
            .query(&[("take", RECENT)]);
        Ok(read::<DeploymentsAnswer>(send(request, false).await?)
            .await?
            .deployments)
    }

    /// Asks for a build. The uuid that comes back is no proof that there is one: confirm it.
    ///
    /// # Errors
    /// As every call.
    pub async fn deploy(&self, uuid: &str) -> Result<Option<String>, Error> {
        let request = self
            .request(Method::POST, &["deploy"])
            .query(&[("uuid", uuid)]);
        let answer: DeployAnswer = read(send(request, true).await?).await?;
        let first = answer.deployments.into_iter().next();
        match first {
            Some(one) if one.message.starts_with("Unauthorized") => {
                Err(Error::Refused("The token of Coolify may not deploy this application. Its owner must be an admin or owner of the team.".to_owned()))
            }
            first => Ok(first.and_then(|one| one.deployment_uuid)),
        }
    }

    /// Every build in flight on the team's servers, in one call. Their logs are not in it.
    ///
    /// # Errors
    /// As every call.
    pub async fn builds_in_flight(&self) -> Result<Vec<DeploymentRow>, Error> {
        let value = read(send(self.get(&["deployments"]), false).await?).await?;
        wire::rows_in_flight(value).ok_or_else(Error::unreadable)
    }

    /// One build, with its log.
    ///
    /// # Errors
    /// As every call; `NotFound` when there is none.
    pub async fn build(&self, deployment_uuid: &str) -> Result<DeploymentRow, Error> {
        read(send(self.get(&["deployments", deployment_uuid]), false).await?).await
    }

    /// Asks Coolify to cancel a build. One that has just ended is refused by it, which is the same to us.
    ///
    /// # Errors
    /// As every call.
    pub async fn cancel(&self, deployment_uuid: &str) -> Result<(), Error> {
        let request = self.request(Method::POST, &["deployments", deployment_uuid, "cancel"]);
        let answer = request
            .send()
            .await
            .map_err(|error| Error::from_transport(&error))?;
        if answer.status() == 400 {
            Ok(())
        } else {
            judged(answer, true).await.map(drop)
        }
    }

    /// Asks Coolify to remove an application with its volumes. It happens later; repeating it is harmless. The server's
    /// build cache is left alone.
    ///
    /// # Errors
    /// As every call; `NotFound` when it is gone already.
    pub async fn remove(&self, uuid: &str) -> Result<(), Error> {
        let flags = [("delete_volumes", "1"), ("docker_cleanup", "0")];
        let request = self
            .request(Method::DELETE, &["applications", uuid])
            .query(&flags);
        send(request, true).await.map(drop)
    }

    /// Coolify's version, as a probe that the token works.
    ///
    /// # Errors
    /// As every call.
    pub async fn version(&self) -> Result<String, Error> {
        let body = body_of(send(self.get(&["version"]), false).await?).await?;
        Ok(String::from_utf8_lossy(&body)
            .trim()
            .trim_start_matches('v')
            .to_owned())
    }

    /// The server the environments run on, as Coolify describes it.
    ///
    /// # Errors
    /// As every call.
    pub async fn server(&self) -> Result<serde_json::Value, Error> {
        read(send(self.get(&["servers", &self.connection.server_uuid]), false).await?).await
    }

    fn get(&self, path: &[&str]) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.connection.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        self.http
            .request(method, url)
            .bearer_auth(self.connection.token.expose_secret())
            .header(header::ACCEPT, "application/json")
    }
}

/// Sends a request once. `changes` tells whether it is to change something.
async fn send(request: RequestBuilder, changes: bool) -> Result<Response, Error> {
    let answer = request
        .send()
        .await
        .map_err(|error| Error::from_transport(&error))?;
    judged(answer, changes).await
}

async fn judged(answer: Response, changes: bool) -> Result<Response, Error> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let retry_after = answer
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let body = body_of(answer).await.unwrap_or_default();
    Err(Error::from_answer(status, retry_after, &body, changes))
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, Error> {
    serde_json::from_slice(&body_of(answer).await?).map_err(|_| Error::unreadable())
}

async fn body_of(mut answer: Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| Error::from_transport(&error))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_LIMIT_BYTES {
            return Err(Error::unreadable());
        }
    }
    Ok(body)
}
