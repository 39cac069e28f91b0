//! What is there before the first application: the project with its environment, the server with its settings and
//! destinations. Their constant columns are in `data/`.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::clock::Time;
use super::settings::{Profile, Settings};

static SERVER: LazyLock<Map<String, Value>> =
    LazyLock::new(|| columns(include_str!("data/server.json")));
static SERVER_SETTINGS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| columns(include_str!("data/server_settings.json")));

/// The environment's identifier.
pub const ENVIRONMENT_UUID: &str = "e1u33xtplpft75v2seh60kvj";

/// Constant columns from one of the files in `data/`.
pub fn columns(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("the file is a JSON object")
}

/// The members of a JSON object; none of anything else.
pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Which project, server and environment there are.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    pub project: String,
    pub server: String,
    /// The environment's name.
    pub environment: String,
    /// When it was set up.
    pub since: Time,
}

impl Platform {
    /// The identifier of the server's destination with this number.
    pub fn destination_uuid(number: u32) -> String {
        format!("d{number}kxq2m7wz4tdocker0{number:06}")
    }

    /// A destination without its server.
    pub fn destination(&self, number: u32) -> Map<String, Value> {
        self.row(json!({
            "id": number, "uuid": Self::destination_uuid(number), "name": "coolify",
            "network": "coolify", "server_id": 0,
        }))
    }

    /// The path of a deployment's page in Coolify.
    pub fn deployment_path(&self, application: &str, deployment: &str) -> String {
        let project = format!("/project/{}/environment/{ENVIRONMENT_UUID}", self.project);
        format!("{project}/application/{application}/deployment/{deployment}")
    }

    /// The project, with its environments or its team.
    pub fn project(&self, more: (&str, Value)) -> Map<String, Value> {
        let mut project = self.row(json!({
            "id": 3, "uuid": self.project, "name": "agents", "description": null, "team_id": 0,
        }));
        project.insert(more.0.into(), more.1);
        project
    }

    /// The environment without the things in it.
    pub fn environment(&self) -> Map<String, Value> {
        self.row(json!({
            "id": 7, "uuid": ENVIRONMENT_UUID, "name": self.environment, "description": null,
            "project_id": 3,
        }))
    }

    /// The environment as it is nested in a single application: with its project and the team.
    pub fn nested_environment(&self) -> Value {
        let team = self.row(json!({
            "id": 0, "name": "Root Team", "description": null, "personal_team": true,
            "show_boarding": false, "custom_server_limit": null,
        }));
        let project = self.project(("team", team.into()));
        let mut environment = self.environment();
        environment.insert("project".into(), project.into());
        environment.into()
    }

    /// The server as `GET /servers/{uuid}` shows it: its state is under `settings` and `proxy` only.
    pub fn server(&self, settings: &Settings, sensitive: bool) -> Map<String, Value> {
        let runs = settings.server_reachable && settings.proxy_type != "NONE";
        let proxy_status = if runs { "running" } else { "exited" };
        let mut server = self.row(json!({
            "uuid": self.server,
            "proxy": { "type": settings.proxy_type, "status": proxy_status, "force_stop": false },
            "settings": self.server_settings(settings, sensitive),
        }));
        server.extend(SERVER.clone());
        server
    }

    fn server_settings(&self, settings: &Settings, sensitive: bool) -> Map<String, Value> {
        let mut shown = self.row(json!({
            "concurrent_builds": settings.concurrent_builds,
            "deployment_queue_limit": settings.queue_limit,
            "is_reachable": settings.server_reachable, "is_usable": settings.server_reachable,
            "force_disabled": settings.force_disabled, "is_build_server": settings.is_build_server,
            "delete_unused_volumes": settings.delete_unused_volumes,
        }));
        shown.extend(SERVER_SETTINGS.clone());
        if sensitive {
            // The real one is an encrypted text of about this length.
            let token = "simulated-sentinel-token.".repeat(12);
            shown.insert("sentinel_token".into(), token.into());
        }
        if settings.profile == Profile::V4_0_0 {
            shown.remove("docker_version");
        }
        shown
    }

    fn row(&self, columns: Value) -> Map<String, Value> {
        let mut row = object(columns);
        for key in ["created_at", "updated_at"] {
            row.insert(key.into(), self.since.column().into());
        }
        row
    }
}
