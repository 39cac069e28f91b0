//! The things around the applications: the project, its environment, the server and its destinations.
//!
//! It knows their identifiers and shapes; it must not know any application.

use serde_json::{Value, json};

use super::moment::Moment;
use super::settings::{Profile, Settings};

/// Everything that is there before the first application.
#[derive(Clone, Debug)]
pub struct Site {
    /// The project's identifier.
    pub project: String,
    /// The server's identifier.
    pub server: String,
    /// The environment's name.
    pub environment: String,
    /// Whether the server can be reached, as the settings say.
    pub server_reachable: bool,
    /// When it was set up.
    pub since: Moment,
}

impl Site {
    /// The environment's identifier.
    pub fn environment_uuid() -> &'static str {
        "e1u33xtplpft75v2seh60kvj"
    }

    /// The identifier of the server's destination with this number.
    pub fn destination_uuid(number: u32) -> String {
        format!("d{number}kxq2m7wz4tdocker0{number:06}")
    }

    /// A destination as it is nested in an application.
    pub fn destination(&self, number: u32) -> Value {
        json!({
            "id": number, "uuid": Self::destination_uuid(number), "name": "coolify",
            "network": "coolify", "server_id": 0,
            "created_at": self.since.column(), "updated_at": self.since.column(),
        })
    }

    /// The path of a deployment's page in Coolify.
    pub fn deployment_path(&self, application: &str, deployment: &str) -> String {
        let project = &self.project;
        let environment = Self::environment_uuid();
        format!(
            "/project/{project}/environment/{environment}/application/{application}/deployment/{deployment}"
        )
    }

    /// The project as `GET /projects/{uuid}` shows it.
    pub fn project(&self) -> Value {
        json!({
            "id": 3, "uuid": self.project, "name": "agents", "description": null, "team_id": 0,
            "created_at": self.since.column(), "updated_at": self.since.column(),
            "environments": [self.bare_environment()],
        })
    }

    /// The environment without the things in it.
    pub fn bare_environment(&self) -> Value {
        json!({
            "id": 7, "uuid": Self::environment_uuid(), "name": self.environment, "description": null,
            "project_id": 3, "created_at": self.since.column(), "updated_at": self.since.column(),
        })
    }

    /// The server as `GET /servers/{uuid}` shows it.
    pub fn server(&self, settings: &Settings, sensitive: bool) -> Value {
        let mut shown = json!({
            "id": 0, "uuid": self.server, "name": "localhost", "description": null, "ip": "127.0.0.1",
            "user": "root", "port": 22, "is_reachable": settings.server_reachable,
            "is_usable": settings.server_reachable, "unreachable_count": 0, "validation_logs": null,
            "proxy": { "type": settings.proxy_type, "status": proxy_status(settings) },
            "proxy_type": settings.proxy_type, "swarm_cluster": null,
            "created_at": self.since.column(), "updated_at": self.since.column(),
            "settings": self.server_settings(settings),
        });
        if sensitive {
            shown["settings"]["sentinel_token"] = json!("simulated-sentinel-token");
        }
        shown
    }

    fn server_settings(&self, settings: &Settings) -> Value {
        let mut shown = json!({
            "id": 1, "server_id": 0, "concurrent_builds": settings.concurrent_builds,
            "deployment_queue_limit": settings.queue_limit, "dynamic_timeout": 3600,
            "is_reachable": settings.server_reachable, "is_usable": settings.server_reachable,
            "force_disabled": false, "is_build_server": false, "is_swarm_manager": false,
            "is_swarm_worker": false, "is_cloudflare_tunnel": false, "is_sentinel_enabled": true,
            "sentinel_push_interval_seconds": 60, "wildcard_domain": null,
            "delete_unused_volumes": settings.delete_unused_volumes, "delete_unused_networks": false,
            "docker_cleanup_frequency": "0 0 * * *", "docker_cleanup_threshold": 80,
            "created_at": self.since.column(), "updated_at": self.since.column(),
        });
        if settings.profile == Profile::V4_3_11 {
            shown["docker_version"] = json!("28.3.2");
        }
        shown
    }
}

fn proxy_status(settings: &Settings) -> &'static str {
    if settings.server_reachable && settings.proxy_type != "NONE" {
        "running"
    } else {
        "exited"
    }
}
