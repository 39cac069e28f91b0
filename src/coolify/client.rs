//! The client of Coolify's API: every method makes one call. It knows nothing of databases, jobs and the call budget.

use super::applications::{
    Application, ContainerLogAnswer, CreateAnswer, EnvironmentAnswer, EnvironmentNames,
    SentVariable, StoragesAnswer,
};
use super::body::{ContainerLimits, NewApplication, NewVolume, Variable, Variables};
use super::builds::{Asked, DeployAnswer, DeploymentRow, InFlight, RecentAnswer, SentRow};
use super::connection::{Connection, Source};
use super::error::Error;
use super::failure::last_lines;
use super::http::{Answer, Request, exchange, read, read_list, send};
use super::recorder::{Recorder, Recording};
use crate::domain::resources::Resources;
use crate::domain::source::BuiltFrom;
use crate::metrics::Metrics;
use reqwest::{Method, header};
use secrecy::ExposeSecret;
use serde::de::IgnoredAny;
use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The timeout of a call: connecting, sending, and reading the response. A lease must be longer.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);
/// How many more lines of a container's log are asked for than are kept: some say nothing.
const EMPTY_LINES: usize = 40;

/// Coolify, with a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    connection: Connection,
    source: Source,
    metrics: Metrics,
    recorder: Option<Recorder>,
    /// The environment's names, once Coolify has said them.
    environment: Arc<OnceLock<EnvironmentNames>>,
}

impl Client {
    /// A client for one project of one Coolify instance.
    ///
    /// # Errors
    /// When the system's TLS roots cannot be loaded.
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
            metrics: Metrics::default(),
            recorder: None,
            environment: Arc::default(),
        })
    }

    /// The same client, whose calls are measured there.
    pub fn measured_by(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// The same client, whose calls are recorded.
    pub fn recorded_by(&self, recorder: &Recorder) -> Self {
        Self {
            recorder: Some(recorder.clone()),
            ..self.clone()
        }
    }

    /// The same client, which makes applications that are built from this.
    pub fn building(&self, source: &BuiltFrom) -> Self {
        let source = Source {
            repository: source.repository.clone(),
            branch: source.branch.clone(),
            port: self.source.port,
        };
        Self {
            source,
            ..self.clone()
        }
    }

    /// All applications in our environment of our project, with their containers' states. The list is not paginated.
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
        let answer = send(self.get("GET applications", &path), false).await?;
        let environment = read_list(answer, PhantomData::<EnvironmentAnswer>).await?;
        if let Some(names) = environment.names() {
            let _ = self.environment.set(names);
        }
        let mut listed = environment.applications;
        listed.retain(|one| !one.uuid.is_empty());
        Ok(listed)
    }

    /// One application, anywhere in the team; `NotFound` when it is gone.
    pub async fn application(&self, uuid: &str) -> Result<Application, Error> {
        let answer = send(self.get("GET application", &["applications", uuid]), false).await?;
        let application: Application = read(answer, false).await?;
        if application.uuid.is_empty() {
            return Err(Error::unreadable(false));
        }
        Ok(application.compared_with(&self.connection))
    }

    /// Creates an application and returns its uuid; `DomainTaken` when another one uses the address. Names are not
    /// unique in Coolify, so search first.
    pub async fn create(
        &self,
        name: &str,
        description: &str,
        fqdn: &str,
        resources: Resources,
    ) -> Result<String, Error> {
        let known = self.environment.get();
        let configured = self.connection.environment_name.as_str();
        let body = NewApplication {
            project_uuid: &self.connection.project_uuid,
            server_uuid: &self.connection.server_uuid,
            environment_name: known.map_or(configured, |known| known.name.as_str()),
            environment_uuid: known.map_or(configured, |known| known.uuid.as_str()),
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
            limits: resources
                .are_limited()
                .then(|| ContainerLimits::new(resources)),
        };
        let request = self.request(
            Method::POST,
            "POST application",
            &["applications", "public"],
        );
        let answer = send(request.json(&body), true).await?;
        Ok(read::<CreateAnswer>(answer, true).await?.uuid)
    }

    /// Sets the container's variables, as pairs of key and value; idempotent. Coolify refuses an empty list, so none is
    /// sent then. What Coolify has afterwards is compared, where the token may read it.
    pub async fn set_variables(&self, uuid: &str, variables: &[(&str, &str)]) -> Result<(), Error> {
        if variables.is_empty() {
            return Ok(());
        }
        let body = Variables {
            data: variables
                .iter()
                .map(|(key, value)| Variable::at_run_time(key, value))
                .collect(),
        };
        let request = self.request(
            Method::PATCH,
            "PATCH envs",
            &["applications", uuid, "envs", "bulk"],
        );
        let answer = send(request.json(&body), true).await?;
        let kept = SentVariable::all(read(answer, true).await?);
        let differs = |sent: &&(&str, &str)| kept.iter().any(|one| one.differs_from(**sent));
        match variables.iter().find(differs) {
            Some((key, _)) => Err(Error::refused(&format!(
                "Coolify has kept another value of the variable {key} than it was given. Look at it there"
            ))),
            None => Ok(()),
        }
    }

    /// The mount paths of the application's volumes.
    pub async fn mount_paths(&self, uuid: &str) -> Result<Vec<String>, Error> {
        let answer = send(
            self.get("GET storages", &["applications", uuid, "storages"]),
            false,
        )
        .await?;
        let storages: StoragesAnswer = read(answer, false).await?;
        let storages = storages.persistent_storages.into_iter();
        Ok(storages.map(|storage| storage.mount_path).collect())
    }

    /// Adds a volume. Coolify answers a duplicate name with a 500, so list the volumes first.
    pub async fn add_volume(&self, uuid: &str, name: &str, mount_path: &str) -> Result<(), Error> {
        let body = NewVolume {
            r#type: "persistent",
            name,
            mount_path,
        };
        let request = self.request(
            Method::POST,
            "POST storage",
            &["applications", uuid, "storages"],
        );
        done(request.json(&body)).await
    }

    /// The application's newest deployment, without its log; `NotFound` when there is no such application. Only one is
    /// requested, because Coolify sends each with its whole log.
    pub async fn recent_build(&self, uuid: &str) -> Result<Option<DeploymentRow>, Error> {
        let request = self.get(
            "GET newest deployment",
            &["deployments", "applications", uuid],
        );
        let answer = send(request.query(&[("take", "1")]), false).await?;
        let recent = read_list(answer, PhantomData::<RecentAnswer>).await?;
        Ok(recent.deployments.into_iter().next())
    }

    /// Requests a build; `anew` even if there is an image for the commit. Without it the parameter is left out, because
    /// Coolify before 4.2.0 takes any value for yes. The returned uuid does not prove that the build exists, so read it afterwards.
    pub async fn deploy(&self, uuid: &str, anew: bool) -> Result<Asked, Error> {
        let mut request = self.request(Method::POST, "POST deploy", &["deploy"]);
        request = request.query(&[("uuid", uuid)]);
        if anew {
            request = request.query(&[("force", "1")]);
        }
        let answer = send(request, true).await?;
        let answer: DeployAnswer = read(answer, true).await?;
        match answer.deployments.into_iter().next() {
            Some(one) if one.is_refused() => Err(Error::refused(
                "The token of Coolify may not deploy this application. Its owner must be an admin or owner of the team",
            )),
            Some(one) => Ok(one.asked()),
            None => Ok(Asked::AlreadyQueued),
        }
    }

    /// All running builds on the team's servers, including those of others, in one call. Coolify sends all their logs;
    /// only those of the `followed` deployments are kept.
    pub async fn builds_in_flight(
        &self,
        followed: &HashSet<String>,
    ) -> Result<Vec<DeploymentRow>, Error> {
        let answer = send(self.get("GET deployments", &["deployments"]), false).await?;
        let followed = followed.clone();
        read_list(answer, InFlight { followed }).await
    }

    /// One build, with its log; `NotFound` when there is none.
    pub async fn build(&self, deployment_uuid: &str) -> Result<DeploymentRow, Error> {
        let answer = send(
            self.get("GET deployment", &["deployments", deployment_uuid]),
            false,
        )
        .await?;
        let sent: SentRow = read(answer, false).await?;
        sent.row(true).ok_or_else(|| Error::unreadable(false))
    }

    /// Requests the cancellation of a build; `NotFound` when there is none. For an ended build this does nothing.
    pub async fn cancel(&self, deployment_uuid: &str) -> Result<(), Error> {
        let request = self.request(
            Method::POST,
            "POST cancel",
            &["deployments", deployment_uuid, "cancel"],
        );
        match exchange(request, true).await? {
            Ok(answer) => read::<IgnoredAny>(answer, true).await.map(drop),
            Err(rejection) if rejection.is_about_an_ended_build() => Ok(()),
            Err(rejection) => Err(Error::from_rejection(rejection, true)),
        }
    }

    /// The last lines of the container's own log, at most so many, without hashes. Coolify refuses while no container runs.
    pub async fn container_log(&self, uuid: &str, most: usize) -> Result<Vec<String>, Error> {
        let request = self.get("GET logs", &["applications", uuid, "logs"]);
        let lines = (most + EMPTY_LINES).to_string();
        let answer = send(request.query(&[("lines", &*lines)]), false).await?;
        let answer: ContainerLogAnswer = read(answer, false).await?;
        Ok(last_lines(&answer.logs.unwrap_or_default(), most))
    }

    /// Requests the removal of an application with its volumes; `NotFound` when it is gone already. Coolify removes it
    /// later; repeating the request is harmless. The server's build cache is kept.
    pub async fn remove(&self, uuid: &str) -> Result<(), Error> {
        let flags = [("delete_volumes", "1"), ("docker_cleanup", "0")];
        let request = self.request(
            Method::DELETE,
            "DELETE application",
            &["applications", uuid],
        );
        done(request.query(&flags)).await
    }

    /// What Coolify tells of the server that runs the environments.
    pub(super) async fn server_answer(&self) -> Result<Answer, Error> {
        let request = self.get("GET server", &["servers", self.server_uuid()]);
        send(request, false).await
    }

    /// The server that runs the environments.
    pub(super) fn server_uuid(&self) -> &str {
        &self.connection.server_uuid
    }

    pub(super) fn get(&self, name: &'static str, path: &[&str]) -> Request {
        self.request(Method::GET, name, path)
    }

    /// A request, and the name under which it is recorded.
    pub(super) fn request(&self, method: Method, name: &'static str, path: &[&str]) -> Request {
        let mut url = self.connection.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        let builder = self
            .http
            .request(method, url)
            .bearer_auth(self.connection.token.expose_secret())
            .header(header::ACCEPT, "application/json");
        Request {
            builder,
            recording: Recording::begin(&self.metrics, self.recorder.as_ref(), name),
        }
    }
}

/// Sends a request whose response body is not needed but must be JSON: a proxy's page is an error.
pub(super) async fn done(request: Request) -> Result<(), Error> {
    let answer = send(request, true).await?;
    read::<IgnoredAny>(answer, true).await.map(drop)
}
