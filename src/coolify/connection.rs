//! Where Coolify is, what of it is ours, and what environments are built from.

use secrecy::SecretString;
use url::Url;

/// Where Coolify is and what of it is ours.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The instance, without `/api/v1`.
    pub url: Url,
    pub token: SecretString,
    pub project_uuid: String,
    pub server_uuid: String,
    pub environment_name: String,
    pub destination_uuid: Option<String>,
}

/// What every environment is built from.
#[derive(Debug, Clone)]
pub struct Source {
    pub repository: String,
    pub branch: String,
    pub port: u16,
}
