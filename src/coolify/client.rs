//! The calls of Coolify's API: every method is one call. It knows nothing of databases, jobs and how often it may be used.

use super::applications::{Application, CreateAnswer, EnvironmentAnswer, StoragesAnswer};
use super::body::{NewApplication, NewVolume, Variable, Variables};
use super::builds::{
    Asked, DeployAnswer, DeploymentRow, InFlight, RecentAnswer, SentRow, ServerAnswer, ServerLimits,
};
use super::connection::{Connection, Source};
use super::error::Error;
use super::http::{beginning, exchange, read, read_list, send};
use reqwest::{Method, RequestBuilder, header};
use secrecy::ExposeSecret;
use serde::de::IgnoredAny;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::time::Duration;

/// How long a call may take: connecting, sending, and reading the answer. A lease must be longer.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// More than the longest version has.
const VERSION_LIMIT_BYTES: usize = 64;

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

    /// Every application in our environment of our project, with its container's state. The list has no pages.
    pub async fn applications(&self) -> Result<Vec<Application>, Error> {
        if self.connection.environment_name.contains('/') {
            return Err(Error::refused(
                "Coolify cannot look up an environment with a slash in its name. Rename it in Coolify and set COOLIFY_ENVIRONMENT_NAME",
            ));
        }
        let path = [
            "projects",
            &self.connection.project_uuid,
            &self.connection.environment_name,
        ];
        let answer = send(self.get(&path), false).await?;
        let environment = read_list(answer, PhantomData::<EnvironmentAnswer>).await?;
        let mut listed = environment.applications;
        listed.retain(|one| !one.uuid.is_empty());
        Ok(listed)
    }

    /// One application, wherever in the team it is; `NotFound` when it is gone.
    pub async fn application(&self, uuid: &str) -> Result<Application, Error> {
        let answer = send(self.get(&["applications", uuid]), false).await?;
        let application: Application = read(answer, false).await?;
        if application.uuid.is_empty() {
            return Err(Error::unreadable(false));
        }
        Ok(application.compared_with(&self.connection))
    }

    /// Makes an application and returns its uuid; `DomainTaken` when another one has the address. Names are not unique at
    /// Coolify: look before.
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
        let request = self.request(Method::POST, &["applications", "public"]);
        let answer = send(request.json(&body), true).await?;
        Ok(read::<CreateAnswer>(answer, true).await?.uuid)
    }

    /// Sets variables of the container, keys with their values; setting them twice is the same as once. Coolify refuses an
    /// empty list, which is not sent.
    pub async fn set_variables(&self, uuid: &str, variables: &[(&str, &str)]) -> Result<(), Error> {
        if variables.is_empty() {
            return Ok(());
        }
        let variables = variables.iter();
        let body = Variables {
            data: variables
                .map(|(key, value)| Variable::at_run_time(key, value))
                .collect(),
        };
        let request = self.request(Method::PATCH, &["applications", uuid, "envs", "bulk"]);
        done(request.json(&body)).await
    }

    /// Where the application's volumes are mounted.
    pub async fn mount_paths(&self, uuid: &str) -> Result<Vec<String>, Error> {
        let answer = send(self.get(&["applications", uuid, "storages"]), false).await?;
        let storages: StoragesAnswer = read(answer, false).await?;
        let storages = storages.persistent_storages.into_iter();
        Ok(storages.map(|storage| storage.mount_path).collect())
    }

    /// Adds a volume. Adding a name twice is a 500 at Coolify: look before.
    pub async fn add_volume(&self, uuid: &str, name: &str, mount_path: &str) -> Result<(), Error> {
        let body = NewVolume {
            r#type: "persistent",
            name,
            mount_path,
        };
        let request = self.request(Method::POST, &["applications", uuid, "storages"]);
        done(request.json(&body)).await
    }

    /// The application's newest deployment, without its log; `NotFound` when there is no such application. Coolify sends the log
    /// of each one whole, so no more are asked for.
    pub async fn recent_build(&self, uuid: &str) -> Result<Option<DeploymentRow>, Error> {
        let request = self.get(&["deployments", "applications", uuid]);
        let answer = send(request.query(&[("take", "1")]), false).await?;
        let recent = read_list(answer, PhantomData::<RecentAnswer>).await?;
        Ok(recent.deployments.into_iter().next())
    }

    /// Asks for a build. The uuid that comes back is no proof that there is one: look for it.
    pub async fn deploy(&self, uuid: &str) -> Result<Asked, Error> {
        let request = self.request(Method::POST, &["deploy"]);
        let answer = send(request.query(&[("uuid", uuid)]), true).await?;
        let answer: DeployAnswer = read(answer, true).await?;
        match answer.deployments.into_iter().next() {
            Some(one) if one.is_refused() => Err(Error::refused(
                "The token of Coolify may not deploy this application. Its owner must be an admin or owner of the team",
            )),
            Some(one) => Ok(one.asked()),
            None => Ok(Asked::AlreadyQueued),
        }
    }

    /// Every build in flight on the team's servers, strangers' with them, in one call. Coolify sends all their logs; those of
    /// the `followed` deployments are kept.
    pub async fn builds_in_flight(
        &self,
        followed: &HashSet<String>,
    ) -> Result<Vec<DeploymentRow>, Error> {
        let answer = send(self.get(&["deployments"]), false).await?;
        let followed = followed.clone();
        read_list(answer, InFlight { followed }).await
    }

    /// One build, with its log; `NotFound` when there is none.
    pub async fn build(&self, deployment_uuid: &str) -> Result<DeploymentRow, Error> {
        let answer = send(self.get(&["deployments", deployment_uuid]), false).await?;
        let sent: SentRow = read(answer, false).await?;
        sent.row(true).ok_or_else(|| Error::unreadable(false))
    }

    /// Asks Coolify to cancel a build; `NotFound` when there is none. One that has ended cannot be cancelled, which is fine.
    pub async fn cancel(&self, deployment_uuid: &str) -> Result<(), Error> {
        let request = self.request(Method::POST, &["deployments", deployment_uuid, "cancel"]);
        match exchange(request, true).await? {
            Ok(answer) => read::<IgnoredAny>(answer, true).await.map(drop),
            Err(rejection) if rejection.is_about_an_ended_build() => Ok(()),
            Err(rejection) => Err(Error::from_rejection(rejection, true)),
        }
    }

    /// Asks Coolify to remove an application with its volumes; `NotFound` when it is gone already. It happens later; repeating
    /// it is harmless. The server's build cache is left alone.
    pub async fn remove(&self, uuid: &str) -> Result<(), Error> {
        let flags = [("delete_volumes", "1"), ("docker_cleanup", "0")];
        let request = self.request(Method::DELETE, &["applications", uuid]);
        done(request.query(&flags)).await
    }

    /// Coolify's version, as a probe that the token works.
    pub async fn version(&self) -> Result<String, Error> {
        let answer = send(self.get(&["version"]), false).await?;
        let text = beginning(answer, VERSION_LIMIT_BYTES).await;
        let text = String::from_utf8_lossy(&text);
        let version = text.trim().trim_start_matches('v');
        // Anything else is a page of something in front of it.
        if version.starts_with(|c: char| c.is_ascii_digit()) {
            Ok(version.to_owned())
        } else {
            Err(Error::unreadable(false))
        }
    }

    /// The server the environments run on, as Coolify describes it.
    pub async fn server(&self) -> Result<serde_json::Value, Error> {
        read(self.server_answer().await?, false).await
    }

    /// How many deployments that server takes at once.
    pub async fn server_limits(&self) -> Result<ServerLimits, Error> {
        let answer: ServerAnswer = read(self.server_answer().await?, false).await?;
        Ok(answer.into())
    }

    async fn server_answer(&self) -> Result<reqwest::Response, Error> {
        send(self.get(&["servers", &self.connection.server_uuid]), false).await
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

/// A call of which nobody needs the answer, as long as there is one: a page of a proxy is none.
async fn done(request: RequestBuilder) -> Result<(), Error> {
    let answer = send(request, true).await?;
    read::<IgnoredAny>(answer, true).await.map(drop)
}
