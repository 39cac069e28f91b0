//! The address and ids of our project in Coolify, and the source of the environments.

use secrecy::SecretString;
use url::Url;

/// The address of Coolify, and our project and server in it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The instance's address, without `/api/v1`.
    pub url: Url,
    pub token: SecretString,
    pub project_uuid: String,
    pub server_uuid: String,
    pub environment_name: String,
    pub destination_uuid: Option<String>,
}

/// The source that every environment is built from.
#[derive(Debug, Clone)]
pub struct Source {
    pub repository: String,
    pub branch: String,
    pub port: u16,
}
