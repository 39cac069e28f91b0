//! The calls of Coolify's API: the names that faults and the ledger use, and the ability each asks for. The method and
//! the path of each stand in `routes/`.

use serde::{Deserialize, Serialize};

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Only in a fault: every call of the API.
    Any,
    Health,
    HealthV1,
    Version,
    Project,
    /// An environment, in which applications are found by name.
    Find,
    Server,
    Destinations,
    Create,
    Application,
    Delete,
    /// Variables in bulk.
    Envs,
    EnvsList,
    StoragesList,
    StoragesAdd,
    Logs,
    Deploy,
    /// All that wait or build.
    Deployments,
    Deployment,
    DeploymentsOfApplication,
    Cancel,
    /// A path the API does not have.
    Unknown,
    /// Not of the API: any request to an application's own address.
    Address,
}

impl Call {
    /// The name in faults and in the ledger.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).unwrap_or_default();
        name.as_str().unwrap_or_default().to_owned()
    }

    /// The ability a token must have, if the call asks for a token at all.
    pub fn ability(self) -> Option<&'static str> {
        match self {
            Self::Any | Self::Health | Self::HealthV1 | Self::Unknown | Self::Address => None,
            Self::Create | Self::Delete | Self::Envs | Self::StoragesAdd => Some("write"),
            Self::Deploy | Self::Cancel => Some("deploy"),
            _ => Some("read"),
        }
    }

    /// What the call answers, with 404, about something that is not there.
    pub fn not_found(self) -> &'static str {
        match self {
            Self::Deployment | Self::Cancel => "Deployment not found.",
            Self::Deploy => "No resources found.",
            Self::Project => "Project not found.",
            Self::Find => "Environment not found.",
            Self::Server | Self::Destinations => "Server not found.",
            Self::Application | Self::StoragesAdd | Self::Logs => "Application not found.",
            _ => "Application not found",
        }
    }
}
