//! What the checks need beside the `App`.

use crate::coolify::Branch;
use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// The settings as they are checked.
pub struct Setup {
    /// The servers of PostgreSQL, in the order in which they are tried.
    pub servers: Vec<PgConnectOptions>,
    pub redis_url: Option<SecretString>,
    /// The configured destination in Coolify.
    pub destination: Option<String>,
    /// What environments are built from; `None` when its address is not of the web.
    pub branch: Option<Branch>,
    /// The address that people use.
    pub public_url: Option<Url>,
    /// Sentences about variables that look like settings and are none.
    pub misspelled: Vec<String>,
}
