//! The calls of Coolify's API: the names that faults and the ledger use, the route of each, and the ability it asks for.

use axum::http::Method;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Only in a fault: every call of the API.
    Any,
    Version,
    /// Only in a refusal: the project that is not there.
    Project,
    /// An environment, in which applications are found by name.
    Find,
    Server,
    Destinations,
    Create,
    Application,
    Update,
    Delete,
    Envs,
    EnvsList,
    EnvsDelete,
    StoragesList,
    StoragesAdd,
    Logs,
    Deploy,
    /// All that wait or build.
    Deployments,
    Deployment,
    DeploymentsOfApplication,
    Cancel,
    Unknown,
    /// Not of the API: any request to an application's own address.
    Address,
}

impl Call {
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or_default().to_owned()
    }

    /// The method, and the path below `/api`.
    pub fn route(self) -> (Method, &'static str) {
        match self {
            Self::Version => (Method::GET, "/v1/version"),
            Self::Find => (Method::GET, "/v1/projects/{uuid}/{environment}"),
            Self::Server => (Method::GET, "/v1/servers/{uuid}"),
            Self::Destinations => (Method::GET, "/v1/servers/{uuid}/destinations"),
            Self::Create => (Method::POST, "/v1/applications/public"),
            Self::Application => (Method::GET, "/v1/applications/{uuid}"),
            Self::Update => (Method::PATCH, "/v1/applications/{uuid}"),
            Self::Delete => (Method::DELETE, "/v1/applications/{uuid}"),
            Self::Envs => (Method::PATCH, "/v1/applications/{uuid}/envs/bulk"),
            Self::EnvsList => (Method::GET, "/v1/applications/{uuid}/envs"),
            Self::EnvsDelete => (Method::DELETE, "/v1/applications/{uuid}/envs/{env}"),
            Self::StoragesList => (Method::GET, "/v1/applications/{uuid}/storages"),
            Self::StoragesAdd => (Method::POST, "/v1/applications/{uuid}/storages"),
            Self::Logs => (Method::GET, "/v1/applications/{uuid}/logs"),
            Self::Deploy => (Method::POST, "/v1/deploy"),
            Self::Deployments => (Method::GET, "/v1/deployments"),
            Self::Deployment => (Method::GET, "/v1/deployments/{uuid}"),
            Self::DeploymentsOfApplication => (Method::GET, "/v1/deployments/applications/{uuid}"),
            Self::Cancel => (Method::POST, "/v1/deployments/{uuid}/cancel"),
            Self::Any | Self::Project | Self::Unknown | Self::Address => (Method::GET, "/{*any}"),
        }
    }

    /// The ability a token must have, if the call asks for a token at all.
    pub fn ability(self) -> Option<&'static str> {
        match self {
            Self::Any | Self::Unknown | Self::Address => None,
            Self::Create
            | Self::Update
            | Self::Delete
            | Self::StoragesAdd
            | Self::Envs
            | Self::EnvsDelete => Some("write"),
            Self::Deploy | Self::Cancel => Some("deploy"),
            _ => Some("read"),
        }
    }

    /// What the call answers, with 404, about something that is not there.
    pub fn not_found(self) -> &'static str {
        match self {
            Self::Deployment | Self::Cancel => "Deployment not found.",
            Self::EnvsDelete => "Environment variable not found.",
            Self::Deploy => "No resources found.",
            Self::Project => "Project not found.",
            Self::Find => "Environment not found.",
            Self::Server | Self::Destinations => "Server not found.",
            Self::Application | Self::Logs | Self::StoragesAdd => "Application not found.",
            _ => "Application not found",
        }
    }
}
