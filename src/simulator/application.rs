//! An application with its variables, volumes and container, as Coolify stores and shows them.

use std::hash::{DefaultHasher, Hash, Hasher};

use argon2::{Argon2, password_hash::PasswordVerifier, password_hash::phc::PasswordHash};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::clock::Time;
use super::env::{Variable, in_container};
use super::platform::{CONSTANT, Columns, Platform, row};

/// Columns that are shown only to a token that may read sensitive things.
const SENSITIVE: &str = "custom_labels dockerfile docker_compose docker_compose_raw http_basic_auth_password \
    manual_webhook_secret_github manual_webhook_secret_gitlab manual_webhook_secret_bitbucket \
    manual_webhook_secret_gitea private_key_id";

#[derive(Clone, Default, Serialize, Deserialize)]
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
    pub container: Option<Container>,
    pub envs: Vec<Variable>,
    pub storages: Vec<Value>,
    /// The commit whose image exists with the present build settings.
    pub image: Option<String>,
    /// Its address does not answer, whatever runs.
    pub unreachable: bool,
}

impl Application {
    /// A column's value; null when it has none.
    pub fn column(&self, name: &str) -> &Value {
        let constant = CONSTANT["application"].get(name);
        let set = self.columns.get(name).or(constant);
        set.unwrap_or(&Value::Null)
    }

    pub fn text(&self, column: &str) -> &str {
        self.column(column).as_str().unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.text("name")
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

    pub fn crash(&mut self, at: Time) {
        self.restart_count = self.column("max_restart_count").as_u64().unwrap_or(10);
        if let Some(container) = &mut self.container {
            container.crashed = true;
        }
        self.report("degraded:unhealthy", at);
    }

    /// A container with the variables as they are now.
    pub fn new_container(&self, deployment: u64) -> Container {
        Container {
            deployment,
            hashed_password: in_container(&self.envs, "HASHED_PASSWORD"),
            password: in_container(&self.envs, "PASSWORD"),
            ..Container::default()
        }
    }

    /// The row as lists show it, with its destination and the destination's server nested in it.
    pub fn listed<'a>(&self, destination: &'a Value, sensitive: bool) -> Listed<'a> {
        let crashed = self.restart_count > 0;
        let computed = json!({
            "uuid": self.uuid, "status": self.status, "restart_count": self.restart_count,
            "last_restart_type": crashed.then_some("crash"),
            "last_restart_at": crashed.then(|| self.updated_at.column()),
            "last_online_at": self.updated_at.column(),
            "server_status": destination["server"]["settings"]["is_reachable"],
            "created_at": self.created_at.column(), "updated_at": self.updated_at.column(),
        });
        let mut row = row("application", computed);
        row.extend(self.columns.clone());
        row.retain(|key, _| sensitive || SENSITIVE.split(' ').all(|secret| secret != key));
        Listed { row, destination }
    }

    /// The row as it is shown alone, and nested in a deployment: with settings, environment, project and team.
    pub fn alone(&self, platform: &Platform, destination: &Value, sensitive: bool) -> Value {
        let mut row = json!(self.listed(destination, sensitive));
        row["environment"] = platform.nested_environment();
        row["settings"] = json!(CONSTANT["application_settings"]);
        row
    }
}

/// An application's row with the destination that all of a list have in common.
#[derive(Serialize)]
pub struct Listed<'a> {
    #[serde(flatten)]
    row: Columns,
    destination: &'a Value,
}

/// The host of an address, in lower case.
pub fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.host_str().map(str::to_ascii_lowercase)
}

/// A running container with the code-server inside it.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Container {
    /// The number of the deployment that started it.
    pub deployment: u64,
    /// `HASHED_PASSWORD`, an argon2 PHC string. It goes before the plain one.
    pub hashed_password: Option<String>,
    pub password: Option<String>,
    /// From when its address leads to something that answers; never when absent.
    pub answers_from: Option<Time>,
    pub crashed: bool,
    /// The last request of a signed-in person.
    pub heartbeat: Option<Time>,
}

impl Container {
    /// Whether it lets in who types this; code-server trims that first. Takes tens of milliseconds of computing.
    pub fn lets_in(&self, typed: &str) -> bool {
        let typed = typed.trim();
        let Some(hash) = &self.hashed_password else {
            return self.password.as_deref() == Some(typed);
        };
        PasswordHash::new(hash).is_ok_and(|hash| {
            let verified = Argon2::default().verify_password(typed.as_bytes(), &hash);
            verified.is_ok()
        })
    }

    /// The cookie of those who are signed in. It depends on the password alone, so it outlives a redeployment.
    pub fn session(&self) -> String {
        let mut hasher = DefaultHasher::new();
        (&self.hashed_password, &self.password).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}
