//! The client of Coolify's API, and the prober of environments' addresses. It knows nothing of databases and jobs.

mod applications;
mod body;
mod branch;
mod builds;
mod checks;
mod client;
mod connection;
mod error;
pub mod failure;
mod http;
mod log;
mod probe;
mod recorder;
mod refusal;
mod repositories;
mod resolver;
mod resources;
mod sentence;
mod short_strings;
#[cfg(test)]
mod tests;
mod tolerant;
mod variables;
mod visitor;

pub use applications::{Application, mark};
pub use branch::{Branch, Unread};
pub use builds::{Asked, DeploymentRow, ServerLimits};
pub use checks::{ServerState, Usability, is_supported};
pub use client::Client;
pub use connection::{Connection, Source};
pub use error::Error;
pub use probe::Probe;
pub use recorder::Recorder;
pub use refusal::Conflict;
pub use repositories::Repositories;
pub use visitor::{BadCertificate, Silence, Visit, Visitor};

use std::time::Duration;

/// How long Coolify may still process a request whose response was lost. Until then, nothing is created again.
pub const LANDING: Duration = Duration::from_mins(1);

/// The volumes of an environment: without them its files would be lost at every deployment.
pub const VOLUMES: [(&str, &str); 4] = [
    ("workspace", "/home/coder/workspace"),
    ("config", "/home/coder/.config"),
    ("local", "/home/coder/.local"),
    ("cache", "/home/coder/.cache"),
];

/// Where Claude Code keeps its login, its history and its settings, in place of `~/.claude` and `~/.claude.json`: on the
/// volume of `~/.config`. Claude Code's settings reference names the variable.
pub const CLAUDE_CONFIG_DIR: (&str, &str) = ("CLAUDE_CONFIG_DIR", "/home/coder/.config/claude");

/// The variable with the address of the repository to work on. The image decides what it does with it.
pub const WORKSPACE_REPOSITORY: &str = "WORKSPACE_REPOSITORY";
