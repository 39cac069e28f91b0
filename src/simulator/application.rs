//! An application with its variables, volumes and container, as Coolify stores and shows them.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use super::container::{Container, Password};
use super::platform::{Platform, columns, object};
use super::settings::{Profile, Settings};
use super::{answer::object_text, clock::Time, env::in_container};

/// Columns and settings about which nothing was said.
static COLUMNS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| columns(include_str!("data/application.json")));
static SETTINGS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| columns(include_str!("data/application_settings.json")));

/// Columns that are shown only to a token that may read sensitive things.
const SENSITIVE: &str = "custom_labels dockerfile docker_compose docker_compose_raw http_basic_auth_password \
    manual_webhook_secret_github manual_webhook_secret_gitlab manual_webhook_secret_bitbucket \
    manual_webhook_secret_gitea private_key_id";

/// One application.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Application {
    /// The number behind the identifier; only deployments show it.
    pub id: u64,
    pub uuid: String,
    /// The columns that were set, `name` and `fqdn` among them.
    pub columns: Map<String, Value>,
    /// The nested settings that were set.
    pub settings: Map<String, Value>,
    /// `state:health`.
    pub status: String,
    /// Crashes counted by Coolify.
    pub restart_count: u64,
    pub created_at: Time,
    pub updated_at: Time,
    /// The container that its address leads to.
    pub container: Option<Container>,
    /// Rows of variables, production and preview.
    pub envs: Vec<Map<String, Value>>,
    /// Rows of named volumes.
    pub storages: Vec<Value>,
    /// The commit whose image exists with the present build settings.
    pub image: Option<String>,
    /// Its address does not answer, whatever runs.
    pub deaf: bool,
}

impl Application {
    /// A column's value; null when it has none.
    pub fn column(&self, name: &str) -> &Value {
        let set = self.columns.get(name).or_else(|| COLUMNS.get(name));
        set.unwrap_or(&Value::Null)
    }

    /// A column's text; empty when it has none.
    pub fn text(&self, column: &str) -> &str {
        self.column(column).as_str().unwrap_or_default()
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Its addresses, each an absolute URL.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let all = self.text("fqdn").split(',');
        all.filter(|url| !url.is_empty())
    }

    /// How many looks the health check has; none when it is off.
    pub fn health_check_retries(&self) -> Option<u64> {
        let enabled = *self.column("health_check_enabled") == true;
        enabled.then(|| self.column("health_check_retries").as_u64().unwrap_or(10))
    }

    /// Writes the status.
    pub fn report(&mut self, status: &str, at: Time) {
        status.clone_into(&mut self.status);
        self.updated_at = at;
    }

    /// Whether the container with this number is the one it runs.
    pub fn runs(&self, container: Option<u64>) -> bool {
        let running = self.container.as_ref().map(|running| running.id);
        running.is_some() && running == container
    }

    /// Its container dies.
    pub fn crash(&mut self, at: Time) {
        self.restart_count = self.column("max_restart_count").as_u64().unwrap_or(10);
        if let Some(container) = &mut self.container {
            container.crashed = true;
        }
        self.report("degraded:unhealthy", at);
    }

    /// A container with the variables as they are now. code-server's cookie depends on the password alone, so it
    /// outlives a redeployment.
    pub fn new_container(&self, id: u64, session: String) -> Container {
        let value = |key| in_container(&self.envs, key);
        let hashed = value("HASHED_PASSWORD").map(Password::Hashed);
        let given = hashed.or_else(|| value("PASSWORD").map(Password::Plain));
        let password = given.unwrap_or_default();
        let old = self.container.as_ref();
        let kept = old.filter(|old| old.password == password);
        Container {
            id,
            session: kept.map_or(session, |old| old.session.clone()),
            password,
            ..Container::default()
        }
    }

    /// The row as lists show it, with its destination and the destination's server nested in it.
    pub fn listed(&self, view: &View<'_>) -> String {
        let mut row = COLUMNS.clone();
        row.extend(self.columns.clone());
        row.extend(self.computed(view));
        row.retain(|key, _| view.sensitive || SENSITIVE.split(' ').all(|secret| secret != key));
        if view.settings.profile == Profile::V4_0_0 {
            row.remove("max_restart_count");
        }
        object_text(&row, &[("destination", &view.destination)])
    }

    /// The row as it is shown alone, and nested in a deployment: with settings, environment, project and team.
    pub fn alone(&self, view: &View<'_>) -> String {
        let mut settings = SETTINGS.clone();
        settings.extend(self.settings.clone());
        let mut more = object(json!({ "environment": view.platform.nested_environment() }));
        if view.settings.profile != Profile::V4_0_0 {
            more.insert("settings".into(), settings.into());
        }
        let mut text = self.listed(view);
        text.pop();
        [&text, ",", &Value::from(more).to_string()[1..]].concat()
    }

    fn computed(&self, view: &View<'_>) -> Map<String, Value> {
        let crashed = self.restart_count > 0;
        object(json!({
            "uuid": self.uuid, "status": self.status, "restart_count": self.restart_count,
            "last_restart_type": crashed.then_some("crash"),
            "last_restart_at": crashed.then(|| self.updated_at.column()),
            "last_online_at": self.updated_at.column(),
            "server_status": view.settings.server_reachable,
            "environment_id": 7, "destination_id": 0, "source_id": 0,
            "destination_type": "App\\Models\\StandaloneDocker",
            "source_type": "App\\Models\\GithubApp",
            "additional_servers": [], "additional_servers_count": 0, "additional_networks_count": 0,
            "created_at": self.created_at.column(), "updated_at": self.updated_at.column(),
            "deleted_at": null,
        }))
    }
}

/// What all rows of one response have in common.
pub struct View<'a> {
    pub platform: &'a Platform,
    pub settings: &'a Settings,
    /// Whether the token may read sensitive things.
    pub sensitive: bool,
    /// The nested destination, written once.
    destination: String,
}

impl<'a> View<'a> {
    /// Prepares a response to a token that may or may not read sensitive things.
    pub fn new(platform: &'a Platform, settings: &'a Settings, sensitive: bool) -> Self {
        let server = Value::from(platform.server(settings, sensitive)).to_string();
        Self {
            platform,
            settings,
            sensitive,
            destination: object_text(&platform.destination(0), &[("server", &server)]),
        }
    }
}

/// The host of an address, in lower case.
pub fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.host_str().map(str::to_ascii_lowercase)
}
