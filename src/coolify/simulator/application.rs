//! An application with its variables, volumes and container, as Coolify stores and shows them.
//!
//! It knows the rows' shapes; it must not know which call asks for them or when they change.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::container::Container;
use super::moment::Moment;
use super::settings::Profile;
use super::site::Site;

/// Keys of an application that are shown only to a token that may read sensitive things.
const SENSITIVE: [&str; 9] = [
    "custom_labels",
    "dockerfile",
    "docker_compose",
    "docker_compose_raw",
    "manual_webhook_secret_github",
    "manual_webhook_secret_gitlab",
    "manual_webhook_secret_bitbucket",
    "manual_webhook_secret_gitea",
    "http_basic_auth_password",
];

/// One application.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Application {
    /// The number behind the identifier; only deployments show it.
    pub id: u64,
    /// The public identifier.
    pub uuid: String,
    /// Every stored column that has no field here, with `name` and `fqdn`.
    pub columns: Map<String, Value>,
    /// The nested settings.
    pub settings: Map<String, Value>,
    /// `state:health`.
    pub status: String,
    /// Crashes counted by Coolify.
    pub restart_count: u64,
    /// When it was created.
    pub created_at: Moment,
    /// When its row last changed.
    pub updated_at: Moment,
    /// The container that its address leads to.
    pub container: Option<Container>,
    /// Variables, production and preview.
    pub envs: Vec<Env>,
    /// Named volumes.
    pub storages: Vec<Storage>,
    /// The commit whose image exists with the present build settings.
    pub image: Option<String>,
    /// A deletion has stopped its containers.
    pub halted: bool,
    /// Its address does not answer, whatever runs.
    pub deaf: bool,
}

impl Application {
    /// A column's text, empty when it has none.
    pub fn text(&self, column: &str) -> &str {
        self.columns
            .get(column)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Its addresses, each an absolute URL.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.text("fqdn").split(',').filter(|url| !url.is_empty())
    }

    /// Whether a name or identifier means this application.
    pub fn is(&self, word: &str) -> bool {
        self.uuid == word || self.name() == word
    }

    /// Whether Coolify lets Docker check the container's health.
    pub fn is_health_checked(&self) -> bool {
        self.columns["health_check_enabled"] == json!(true)
    }

    /// The object of `GET /applications/{uuid}`; `settings` only there.
    pub fn shown(&self, site: &Site, profile: Profile, sensitive: bool, alone: bool) -> Value {
        let mut row = self.columns.clone();
        for key in SENSITIVE.iter().filter(|_| !sensitive) {
            row.remove(*key);
        }
        row.extend(self.computed(site));
        if profile == Profile::V4_0_0 {
            row.remove("max_restart_count");
        } else if alone {
            row.insert("settings".into(), self.settings.clone().into());
        }
        row.into()
    }

    fn computed(&self, site: &Site) -> Map<String, Value> {
        let row = json!({
            "uuid": self.uuid,
            "status": self.status,
            "restart_count": self.restart_count,
            "last_restart_type": (self.restart_count > 0).then_some("crash"),
            "last_restart_at": (self.restart_count > 0).then(|| self.updated_at.column()),
            "last_online_at": self.updated_at.column(),
            "server_status": site.server_reachable,
            "environment_id": 7, "destination_id": 0, "source_id": 0,
            "destination_type": "App\\Models\\StandaloneDocker", "source_type": "App\\Models\\GithubApp",
            "additional_servers": [], "additional_servers_count": 0, "additional_networks_count": 0,
            "destination": site.destination(0),
            "created_at": self.created_at.column(),
            "updated_at": self.updated_at.column(),
            "deleted_at": null,
        });
        row.as_object().cloned().unwrap_or_default()
    }
}

/// A variable's row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "Coolify's flags")]
pub struct Env {
    /// The public identifier.
    pub uuid: String,
    /// The variable's name.
    pub key: String,
    /// Its value; never shown in logs or the ledger.
    pub value: Option<String>,
    /// A remark.
    pub comment: Option<String>,
    /// Of the preview twin.
    pub is_preview: bool,
    /// Written between single quotes.
    pub is_literal: bool,
    /// Written between single quotes, too.
    pub is_multiline: bool,
    /// Never shown again.
    pub is_shown_once: bool,
    /// Given to the container.
    pub is_runtime: bool,
    /// Given to the build.
    pub is_buildtime: bool,
    /// When it was created.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl Env {
    /// The row as the API shows it.
    pub fn shown(&self, profile: Profile, sensitive: bool) -> Value {
        let mut row = json!({
            "uuid": self.uuid, "comment": self.comment, "is_buildpack_control": false,
            "is_buildtime": self.is_buildtime, "is_coolify": false, "is_literal": self.is_literal,
            "is_multiline": self.is_multiline, "is_preview": self.is_preview,
            "is_really_required": false, "is_runtime": self.is_runtime, "is_shared": false,
            "is_shown_once": self.is_shown_once, "key": self.key, "version": profile.version(),
            "created_at": self.created_at.column(), "updated_at": self.updated_at.column(),
        });
        if sensitive && !self.is_shown_once {
            row["value"] = json!(self.value);
            row["real_value"] = json!(self.value);
        }
        row
    }

    /// What the container gets to see. A literal value stands between single quotes, where a quote ends it;
    /// any other is a template in which Docker Compose replaces `$NAME` by nothing.
    pub fn as_the_container_sees_it(&self) -> String {
        let value = self.value.as_deref().unwrap_or_default();
        if self.is_literal || self.is_multiline {
            let end = value.find('\'').unwrap_or(value.len());
            return value[..end].to_owned();
        }
        let mut pieces = value.split('$');
        let mut seen = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
            seen.push_str(piece.trim_start_matches(name));
        }
        seen
    }
}

/// A named volume's row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Storage {
    /// The number.
    pub id: u64,
    /// The public identifier.
    pub uuid: String,
    /// Docker's name of the volume: the application's identifier, a hyphen and the name given.
    pub name: String,
    /// Where it is mounted.
    pub mount_path: String,
    /// A directory of the server instead of a volume.
    pub host_path: Option<String>,
    /// When it was added.
    pub created_at: Moment,
}

impl Storage {
    /// The row as the API shows it.
    pub fn shown(&self, application: u64) -> Value {
        json!({
            "name": self.name, "mount_path": self.mount_path, "host_path": self.host_path,
            "resource_id": application, "resource_type": "App\\Models\\Application",
            "uuid": self.uuid, "updated_at": self.created_at.column(),
            "created_at": self.created_at.column(), "id": self.id,
        })
    }
}
