//! What is there before the first application: the project with its environment, the server with its settings and
//! destinations. And the columns of all rows that never change, from `data/columns.json`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{clock::Time, settings::Settings};

/// The environment's identifier.
pub const ENVIRONMENT_UUID: &str = "e1u33xtplpft75v2seh60kvj";

/// A row's columns by their names.
pub type Columns = Map<String, Value>;

/// The columns about which nothing was said, of each kind of row.
pub static CONSTANT: LazyLock<Constant> = LazyLock::new(|| {
    let text = include_str!("data/columns.json");
    serde_json::from_str(text).expect("the columns are well formed")
});

#[derive(Deserialize)]
pub struct Constant {
    pub application: Columns,
    pub application_settings: Columns,
    pub deployment: Columns,
    pub server: Columns,
    pub server_settings: Columns,
    pub team: Columns,
    pub variable: Columns,
}

/// A row of these columns, where those in the object `more` have their own values.
pub fn row(columns: &Columns, more: Value) -> Columns {
    let mut row = columns.clone();
    if let Value::Object(more) = more {
        row.extend(more);
    }
    row
}

/// Which project, server and environment there are.
#[derive(Clone, Debug, Default)]
pub struct Platform {
    pub project: String,
    pub server: String,
    pub environment: String,
    pub since: Time,
}

impl Platform {
    /// The identifier of the server's destination with this number.
    pub fn destination_uuid(number: u32) -> String {
        format!("d{number}kxq2m7wz4tdocker0{number:06}")
    }

    /// A destination without its server.
    pub fn destination(&self, number: u32) -> Value {
        self.dated(json!({
            "id": number, "uuid": Self::destination_uuid(number), "name": "coolify",
            "network": "coolify", "server_id": 0,
        }))
    }

    /// The path of a deployment's page in Coolify.
    pub fn deployment_path(&self, application: &str, deployment: &str) -> String {
        let project = format!("/project/{}/environment/{ENVIRONMENT_UUID}", self.project);
        format!("{project}/application/{application}/deployment/{deployment}")
    }

    /// The project without what is nested in it.
    pub fn project(&self) -> Value {
        self.dated(json!({
            "id": 3, "uuid": self.project, "name": "agents", "description": null, "team_id": 0,
        }))
    }

    pub fn environment(&self) -> Value {
        self.dated(json!({
            "id": 7, "uuid": ENVIRONMENT_UUID, "name": self.environment, "description": null,
            "project_id": 3,
        }))
    }

    /// The environment as it is nested in a single application: with its project and the team.
    pub fn nested_environment(&self) -> Value {
        let mut environment = self.environment();
        environment["project"] = self.project();
        environment["project"]["team"] = self.dated(json!(CONSTANT.team));
        environment
    }

    /// The server as `GET /servers/{uuid}` shows it: its state is under `settings` and `proxy` only.
    pub fn server(&self, settings: &Settings, sensitive: bool) -> Value {
        let status = if settings.server_reachable {
            "running"
        } else {
            "exited"
        };
        let more = json!({
            "uuid": self.server,
            "proxy": { "type": "TRAEFIK", "status": status, "force_stop": false },
            "settings": self.dated(json!(server_settings(settings, sensitive))),
        });
        self.dated(json!(row(&CONSTANT.server, more)))
    }

    fn dated(&self, mut row: Value) -> Value {
        row["created_at"] = self.since.column().into();
        row["updated_at"] = self.since.column().into();
        row
    }
}

fn server_settings(settings: &Settings, sensitive: bool) -> Columns {
    let more = json!({
        "concurrent_builds": settings.concurrent_builds,
        "deployment_queue_limit": settings.queue_limit,
        "is_reachable": settings.server_reachable, "is_usable": settings.server_reachable,
        "force_disabled": settings.force_disabled, "is_build_server": settings.is_build_server,
        "delete_unused_volumes": settings.delete_unused_volumes,
        // The real one is an encrypted text of about this length.
        "sentinel_token": "simulated-sentinel-token.".repeat(12),
    });
    let mut shown = row(&CONSTANT.server_settings, more);
    shown.retain(|key, _| sensitive || key != "sentinel_token");
    shown
}
