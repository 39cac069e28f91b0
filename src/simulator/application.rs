//! An application with its variables, volumes and container, as Coolify stores and shows them.

use std::fmt;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::clock::Time;
use super::env::{Variable, in_container};
use super::platform::{CONSTANT, Columns, Platform, row};
use super::settings::Settings;

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
    pub columns: Columns,
    pub hosts: Vec<String>,
    /// `state:health`.
    pub status: String,
    /// Crashes counted by Coolify.
    pub restart_count: u64,
    pub created_at: Time,
    pub updated_at: Time,
    /// The container that its address leads to.
    pub container: Option<Container>,
    pub envs: Vec<Variable>,
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
        let constant = CONSTANT.application.get(name);
        let set = self.columns.get(name).or(constant);
        set.unwrap_or(&Value::Null)
    }

    /// A column's text; empty when it has none.
    pub fn text(&self, column: &str) -> &str {
        self.column(column).as_str().unwrap_or_default()
    }

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

    pub fn report(&mut self, status: &str, at: Time) {
        status.clone_into(&mut self.status);
        self.updated_at = at;
    }

    /// Whether the container with this number is the one it runs.
    pub fn runs(&self, container: Option<u64>) -> bool {
        let running = self.container.as_ref().map(|running| running.id);
        running.is_some() && running == container
    }

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
    pub fn listed<'a>(&self, view: &'a View<'_>) -> Listed<'a> {
        let crashed = self.restart_count > 0;
        let computed = json!({
            "uuid": self.uuid, "status": self.status, "restart_count": self.restart_count,
            "last_restart_type": crashed.then_some("crash"),
            "last_restart_at": crashed.then(|| self.updated_at.column()),
            "last_online_at": self.updated_at.column(),
            "server_status": view.settings.server_reachable,
            "created_at": self.created_at.column(), "updated_at": self.updated_at.column(),
        });
        let mut row = row(&CONSTANT.application, computed);
        row.extend(self.columns.clone());
        row.retain(|key, _| view.sensitive || SENSITIVE.split(' ').all(|secret| secret != key));
        let destination = &view.destination;
        Listed { row, destination }
    }

    /// The row as it is shown alone, and nested in a deployment: with settings, environment, project and team.
    pub fn alone(&self, view: &View<'_>) -> Value {
        let mut row = json!(self.listed(view));
        row["environment"] = view.platform.nested_environment();
        row["settings"] = json!(CONSTANT.application_settings);
        row
    }
}

/// An application's row with the destination that all have in common.
#[derive(Serialize)]
pub struct Listed<'a> {
    #[serde(flatten)]
    row: Columns,
    destination: &'a Value,
}

/// What all rows of one response have in common.
pub struct View<'a> {
    platform: &'a Platform,
    settings: &'a Settings,
    sensitive: bool,
    destination: Value,
}

impl<'a> View<'a> {
    /// Prepares a response to a token that may or may not read sensitive things.
    pub fn new(platform: &'a Platform, settings: &'a Settings, sensitive: bool) -> Self {
        let mut destination = platform.destination(0);
        destination["server"] = platform.server(settings, sensitive);
        Self {
            platform,
            settings,
            sensitive,
            destination,
        }
    }
}

/// The host of an address, in lower case.
pub fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.host_str().map(str::to_ascii_lowercase)
}

/// A running container with the code-server inside it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Container {
    pub id: u64,
    pub password: Password,
    /// The cookie of those who have.
    pub session: String,
    /// From when its address leads to something that answers; never when absent.
    pub answers_from: Option<Time>,
    pub crashed: bool,
    /// The last request of a signed-in person.
    pub heartbeat: Option<Time>,
}

/// The password that code-server was started with.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Password {
    /// `HASHED_PASSWORD`, an argon2 PHC string. It goes before the plain one.
    Hashed(String),
    Plain(String),
    /// Neither: code-server invented one that nobody knows.
    #[default]
    Unknown,
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password")
    }
}

impl Password {
    /// Whether it is what was typed; code-server trims that first. Takes tens of milliseconds of computing.
    pub fn is(&self, typed: &str) -> bool {
        let typed = typed.trim();
        match self {
            Self::Hashed(hash) => PasswordHash::new(hash).is_ok_and(|hash| {
                let verified = Argon2::default().verify_password(typed.as_bytes(), &hash);
                verified.is_ok()
            }),
            Self::Plain(password) => !typed.is_empty() && password == typed,
            Self::Unknown => false,
        }
    }
}
