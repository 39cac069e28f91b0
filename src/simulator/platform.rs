//! What is there before the first application: the project with its environment, the server with its settings and
//! destinations. And the columns of all rows that never change, from `data/columns.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::settings::Settings;

pub const ENVIRONMENT_UUID: &str = "e1u33xtplpft75v2seh60kvj";

pub type Columns = Map<String, Value>;

/// The columns about which nothing was said, of each kind of row.
pub static CONSTANT: LazyLock<BTreeMap<String, Columns>> = LazyLock::new(|| {
    let text = include_str!("data/columns.json");
    serde_json::from_str(text).expect("the columns are well formed")
});

/// A row of this kind, with the values that are in the object `more`.
pub fn row(kind: &str, more: Value) -> Columns {
    let mut row = CONSTANT[kind].clone();
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
}

impl Platform {
    /// The identifier of the server's destination with this number.
    pub fn destination_uuid(number: u32) -> String {
        format!("d{number}kxq2m7wz4tdocker0{number:06}")
    }

    /// A destination without its server.
    pub fn destination(number: u32) -> Columns {
        let more = json!({ "id": number, "uuid": Self::destination_uuid(number) });
        row("destination", more)
    }

    /// The destination of applications, with its server.
    pub fn nested_destination(&self, settings: &Settings, sensitive: bool) -> Value {
        let mut destination = json!(Self::destination(0));
        destination["server"] = json!(self.server(settings, sensitive));
        destination
    }

    /// The path of a deployment's page in Coolify.
    pub fn deployment_path(&self, application: &str, deployment: &str) -> String {
        let project = format!("/project/{}/environment/{ENVIRONMENT_UUID}", self.project);
        format!("{project}/application/{application}/deployment/{deployment}")
    }

    pub fn environment(&self) -> Value {
        let more = json!({ "uuid": ENVIRONMENT_UUID, "name": self.environment });
        json!(row("environment", more))
    }

    /// The environment as it is nested in a single application: with its project and the team.
    pub fn nested_environment(&self) -> Value {
        let more = json!({ "uuid": self.project, "team": CONSTANT["team"] });
        let mut environment = self.environment();
        environment["project"] = json!(row("project", more));
        environment
    }

    /// The server as `GET /servers/{uuid}` shows it: its state is under `settings` and `proxy` only.
    pub fn server(&self, settings: &Settings, sensitive: bool) -> Columns {
        let reachable = settings.server_reachable;
        let status = if reachable { "running" } else { "exited" };
        let more = json!({
            "uuid": self.server,
            "proxy": { "type": "TRAEFIK", "status": status, "force_stop": false },
            "settings": server_settings(settings, sensitive),
        });
        row("server", more)
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
    let mut shown = row("server_settings", more);
    shown.retain(|key, _| sensitive || key != "sentinel_token");
    shown
}
