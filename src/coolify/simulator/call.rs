//! The calls of Coolify's API that the simulator knows: their names, paths and abilities.
//!
//! It knows the route table; it must not know what a call does.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use super::settings::Profile;

/// One call, by the name that faults and the ledger use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Only in a fault: every call of the API.
    Any,
    /// `GET /api/health`, which has a throttle of its own.
    Health,
    /// `GET /api/v1/health`.
    HealthV1,
    /// `GET /version`.
    Version,
    /// `GET /projects/{uuid}`.
    Project,
    /// `GET /projects/{uuid}/{environment}`, where applications are looked up by name.
    Find,
    /// `GET /servers/{uuid}`.
    Server,
    /// `GET /servers/{uuid}/destinations`.
    Destinations,
    /// `GET /applications`.
    Applications,
    /// `POST /applications/public`.
    Create,
    /// `GET /applications/{uuid}`.
    Application,
    /// `PATCH /applications/{uuid}`.
    Update,
    /// `DELETE /applications/{uuid}`.
    Delete,
    /// `PATCH /applications/{uuid}/envs/bulk`.
    Envs,
    /// `GET /applications/{uuid}/envs`.
    EnvsList,
    /// `POST /applications/{uuid}/envs`.
    EnvsAdd,
    /// `PATCH /applications/{uuid}/envs`.
    EnvsUpdate,
    /// `GET /applications/{uuid}/storages`.
    StoragesList,
    /// `POST /applications/{uuid}/storages`.
    StoragesAdd,
    /// `GET /applications/{uuid}/logs`.
    Logs,
    /// `POST /applications/{uuid}/start`.
    Start,
    /// `POST /applications/{uuid}/restart`.
    Restart,
    /// `POST /applications/{uuid}/stop`.
    Stop,
    /// `POST /deploy`.
    Deploy,
    /// `GET /deployments`.
    Deployments,
    /// `GET /deployments/{uuid}`.
    Deployment,
    /// `GET /deployments/applications/{uuid}`.
    DeploymentsOfApplication,
    /// `POST /deployments/{uuid}/cancel`.
    Cancel,
    /// A path the API does not have.
    Unknown,
    /// Not of the API: any request to an application's own address.
    Address,
}

impl Call {
    /// The name in faults and in the ledger.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The ability a token must have, if the call asks for a token at all.
    pub fn ability(self) -> Option<&'static str> {
        match self {
            Self::Any | Self::Health | Self::HealthV1 | Self::Unknown | Self::Address => None,
            Self::Create
            | Self::Update
            | Self::Delete
            | Self::Envs
            | Self::EnvsAdd
            | Self::EnvsUpdate
            | Self::StoragesAdd => Some("write"),
            Self::Start | Self::Restart | Self::Stop | Self::Deploy | Self::Cancel => {
                Some("deploy")
            }
            _ => Some("read"),
        }
    }
}

/// A request's path, read.
#[derive(Clone, Debug)]
pub struct Route {
    /// Which call it is.
    pub call: Call,
    /// The first name in the path, percent-decoded; empty when there is none.
    pub subject: String,
    /// The second one.
    pub detail: String,
    /// A GET on an action that only POST may ask for.
    pub moved: bool,
}

impl Route {
    /// A call that is about nothing in particular.
    pub fn bare(call: Call) -> Self {
        Self {
            call,
            subject: String::new(),
            detail: String::new(),
            moved: false,
        }
    }

    /// Reads a method and a path as the given version's route table does.
    pub fn read(method: &Method, path: &str, profile: Profile) -> Self {
        let parts: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (call, subject, detail) = match parts.as_slice() {
            ["api", "health"] if method == Method::GET => (Call::Health, "", ""),
            ["api", "v1", rest @ ..] => known(method.as_str(), rest),
            _ => (Call::Unknown, "", ""),
        };
        let young = call == Call::Destinations && profile == Profile::V4_0_0;
        Self {
            call: if young { Call::Unknown } else { call },
            subject: subject.to_owned(),
            detail: detail.to_owned(),
            moved: method == Method::GET
                && call.ability() == Some("deploy")
                && profile != Profile::V4_0_0,
        }
    }
}

fn known<'a>(method: &str, rest: &[&'a str]) -> (Call, &'a str, &'a str) {
    match (method, rest) {
        ("GET", ["health"]) => (Call::HealthV1, "", ""),
        ("GET", ["version"]) => (Call::Version, "", ""),
        ("GET", ["projects", id]) => (Call::Project, id, ""),
        ("GET", ["projects", id, environment]) => (Call::Find, id, environment),
        ("GET", ["servers", id]) => (Call::Server, id, ""),
        ("GET", ["servers", id, "destinations"]) => (Call::Destinations, id, ""),
        ("GET" | "POST", ["deploy"]) => (Call::Deploy, "", ""),
        ("GET", ["deployments"]) => (Call::Deployments, "", ""),
        ("GET", ["deployments", "applications", id]) => (Call::DeploymentsOfApplication, id, ""),
        ("GET", ["deployments", id]) => (Call::Deployment, id, ""),
        ("POST", ["deployments", id, "cancel"]) => (Call::Cancel, id, ""),
        (_, ["applications", rest @ ..]) => of_applications(method, rest),
        _ => (Call::Unknown, "", ""),
    }
}

fn of_applications<'a>(method: &str, rest: &[&'a str]) -> (Call, &'a str, &'a str) {
    match (method, rest) {
        ("GET", []) => (Call::Applications, "", ""),
        ("POST", ["public"]) => (Call::Create, "", ""),
        ("GET", [id]) => (Call::Application, id, ""),
        ("PATCH", [id]) => (Call::Update, id, ""),
        ("DELETE", [id]) => (Call::Delete, id, ""),
        ("GET", [id, "envs"]) => (Call::EnvsList, id, ""),
        ("POST", [id, "envs"]) => (Call::EnvsAdd, id, ""),
        ("PATCH", [id, "envs"]) => (Call::EnvsUpdate, id, ""),
        ("PATCH", [id, "envs", "bulk"]) => (Call::Envs, id, ""),
        ("GET", [id, "storages"]) => (Call::StoragesList, id, ""),
        ("POST", [id, "storages"]) => (Call::StoragesAdd, id, ""),
        ("GET", [id, "logs"]) => (Call::Logs, id, ""),
        ("GET" | "POST", [id, "start"]) => (Call::Start, id, ""),
        ("GET" | "POST", [id, "restart"]) => (Call::Restart, id, ""),
        ("GET" | "POST", [id, "stop"]) => (Call::Stop, id, ""),
        _ => (Call::Unknown, "", ""),
    }
}

/// A path's part, percent-decoded. The form decoder does it once its own special signs are hidden.
fn decoded(part: &str) -> String {
    let plain = part
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('&', "%26");
    form_urlencoded::parse(plain.as_bytes())
        .next()
        .map(|(part, _)| part.into_owned())
        .unwrap_or_default()
}
