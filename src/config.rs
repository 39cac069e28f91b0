//! Every setting: its variable, its unit, its default. `vps-claude --help` is the manual.

use crate::archive::Place;
use crate::coolify::{Connection, Source};
use crate::domain::agents_domain::AgentsDomain;
use crate::domain::allowance::Allowance;
use crate::domain::network::TrustedProxies;
use crate::domain::source::{Allowed, BuiltFrom, Choices};
use crate::domain::user::WhoRegisters;
use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use url::Url;

mod address;
mod check;
mod data_dir;
mod dotenv;
pub mod given;
mod limits;
mod log_store;
pub mod manual;
mod misspelled;
mod parse;
mod postgres;
mod redis;
mod report;
mod retention;
mod secret_file;
mod shown;
#[cfg(test)]
mod tests;
mod user_command;
mod values;
mod version;
mod wrong;

pub use parse::address;
pub use user_command::UserCommand;
pub use version::version;
pub use wrong::Wrong;

/// The defaults of missing and blank settings.
const ENVIRONMENT_NAME: &str = "production";
const REPOSITORY: &str = "https://github.com/grmkris/agent";
const BRANCH: &str = "main";
const PORT: &str = "8080";
const UPDATES: &str = "on";
const FOLDER: &str = "/home/coder/workspace";
const ADDRESS: &str = "127.0.0.1:3000";
const PROXIES: &str = "127.0.0.0/8, ::1";
const REGISTRATION: &str = "invite";
const LOG_FORMAT: &str = "text";
/// tower-sessions has a span for every request, which costs time and says nothing.
const RUST_LOG: &str = "info,sqlxmq=warn,sqlx=warn,tower_sessions=warn";
const TURN_TIMEOUT: &str = "12";
const LOG_REGION: &str = "us-east-1";
const LOG_RETENTION: &str = "90";
const AUDIT_RETENTION: &str = "365";

/// vps-claude: a dashboard for self-hosted Claude Code environments on Coolify.
#[derive(Debug, Parser)]
#[command(version = version::version(), about, disable_help_subcommand = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub settings: Settings,
}

/// What the executable does.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Serve the dashboard and carry out its jobs (the default).
    Serve,
    /// Serve with a simulated Coolify; no setting is needed.
    Demo {
        /// Begin with two people and a dozen environments in every state.
        #[arg(long)]
        with_data: bool,
    },
    /// List and change accounts, for the owner of the machine.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Check every setting against the real thing; the exit code is 1 when something is wrong.
    Doctor {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the database, the logs and the settings without secrets into a new file, while the dashboard serves.
    Backup {
        /// The file; - is standard output.
        file: PathBuf,
    },
    /// Fill an empty database from a backup, and name the applications in Coolify that it does not know.
    Restore {
        /// The file; - is standard input.
        file: PathBuf,
    },
    /// Print how many environments, deployments and jobs there are; the exit code is 1 when something hangs.
    Status {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print every setting without its secrets, where it comes from, and what is wrong with it.
    Config,
    /// Ask the dashboard at `LISTEN` whether it is alive: the health check of a container.
    #[command(hide = true)]
    Healthcheck,
    /// Print the completions of a shell.
    #[command(hide = true)]
    Completions { shell: Shell },
    /// Print the manual page, in roff.
    #[command(hide = true)]
    Man,
    /// Serve a simulated Coolify alone, for tests.
    SimulateCoolify {
        /// The address to listen on. Text like the setting of the same name, for clap takes the two for one.
        #[arg(long, default_value = "127.0.0.1:3080")]
        listen: String,
        /// The token it accepts.
        #[arg(long, default_value = "1|simulated-token")]
        token: String,
        /// How many times faster than life it builds.
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
    },
}

/// The settings as given in the environment, in `.env` or on the command line; not yet validated.
#[derive(Debug, Args)]
pub struct Settings {
    /// PostgreSQL: `postgres://user:password@host:5432/database`; several hosts are separated by commas. Without it a
    /// private one runs, in `DATA_DIR`.
    #[arg(long, env, global = true, hide_env_values = true)]
    database_url: Option<String>,
    /// A file that holds `DATABASE_URL`.
    #[arg(long, env, global = true)]
    database_url_file: Option<String>,
    /// The folder for what is kept on this machine: the private PostgreSQL. For root `/var/lib/vps-claude`, else the
    /// platform's folder for data of the user.
    #[arg(long, env, global = true)]
    data_dir: Option<String>,
    /// Redis, for rate limits and the budget of calls to Coolify; without it both work inside the process.
    #[arg(long, env, global = true, hide_env_values = true)]
    redis_url: Option<String>,
    /// A file that holds `REDIS_URL`.
    #[arg(long, env, global = true)]
    redis_url_file: Option<String>,
    /// The address of Coolify: `https://coolify.example.com`.
    #[arg(long, env, global = true)]
    coolify_api_url: Option<String>,
    /// A token of Coolify with the abilities read, write, deploy and read:sensitive.
    #[arg(long, env, global = true, hide_env_values = true)]
    coolify_api_token: Option<String>,
    /// A file that holds `COOLIFY_API_TOKEN`.
    #[arg(long, env, global = true)]
    coolify_api_token_file: Option<String>,
    /// The project in Coolify that holds the applications.
    #[arg(long, env, global = true)]
    coolify_project_uuid: Option<String>,
    /// The server in Coolify that runs them.
    #[arg(long, env, global = true)]
    coolify_server_uuid: Option<String>,
    /// The environment of the project.
    #[arg(long, env, global = true, default_value = ENVIRONMENT_NAME)]
    coolify_environment_name: String,
    /// The destination, only when the server has several.
    #[arg(long, env, global = true)]
    coolify_destination_uuid: Option<String>,
    /// Environments live below this domain; it may carry a port. http for localhost and below it, else https.
    #[arg(long, env, global = true)]
    agents_domain: Option<String>,
    /// The public git repository an environment is built from.
    #[arg(long, env, global = true, default_value = REPOSITORY)]
    agent_repository: String,
    /// Its branch.
    #[arg(long, env, global = true, default_value = BRANCH)]
    agent_branch: String,
    /// The repositories that people may choose in its place: patterns like `https://github.com/acme/*`, separated by commas.
    /// Without it every public one.
    #[arg(long, env, global = true)]
    allowed_repositories: Option<String>,
    /// Whether the repositories' hosts are asked for newer commits: on or off.
    #[arg(long, env, global = true, default_value = UPDATES)]
    agent_updates: String,
    /// The port code-server listens on inside the container.
    #[arg(long, env, global = true, default_value = PORT)]
    agent_port: String,
    /// The folder that Open shows, as code-server in the container names it.
    #[arg(long, env, global = true, default_value = FOLDER)]
    agent_folder: String,
    /// The address and port to serve on.
    #[arg(long, env, global = true, default_value = ADDRESS)]
    listen: String,
    /// The address and port to serve metrics for Prometheus on, as `/metrics`; whoever reaches it may read them.
    #[arg(long, env, global = true)]
    metrics_listen: Option<String>,
    /// The address people use; https makes the cookies Secure.
    #[arg(long, env, global = true)]
    public_url: Option<String>,
    /// The proxies whose word about the sender of a request is believed: networks separated by commas, or how many.
    #[arg(long, env, global = true, default_value = PROXIES)]
    trusted_proxies: String,
    /// Who may register: everybody (open), who is invited (invite), or nobody (closed).
    #[arg(long, env, global = true, default_value = REGISTRATION)]
    registration: String,
    #[command(flatten)]
    limits: limits::Limits,
    /// How many hours a deployment may wait for its turn while Coolify builds others.
    #[arg(long, env, global = true, default_value = TURN_TIMEOUT)]
    turn_timeout_hours: String,
    /// Where the logs of ended deployments are kept: `s3://bucket/prefix` or `file:///folder`.
    #[arg(long, env, global = true)]
    log_store_url: Option<String>,
    /// The address of the store that has the bucket, such as `MinIO`'s, unless it is Amazon's.
    #[arg(long, env, global = true)]
    log_store_endpoint: Option<String>,
    /// The region of the bucket.
    #[arg(long, env, global = true, default_value = LOG_REGION)]
    log_store_region: String,
    /// The access key of the bucket.
    #[arg(long, env, global = true)]
    log_store_access_key: Option<String>,
    /// The secret key of the bucket.
    #[arg(long, env, global = true, hide_env_values = true)]
    log_store_secret_key: Option<String>,
    /// A file that holds `LOG_STORE_SECRET_KEY`.
    #[arg(long, env, global = true)]
    log_store_secret_key_file: Option<String>,
    /// How many days logs are kept there; 0 is for ever.
    #[arg(long, env, global = true, default_value = LOG_RETENTION)]
    log_retention_days: String,
    /// How many days it is kept who did what; 0 is for ever.
    #[arg(long, env, global = true, default_value = AUDIT_RETENTION)]
    audit_retention_days: String,
    /// How the log is written: text or json.
    #[arg(long, env, global = true, default_value = LOG_FORMAT)]
    log_format: String,
    /// What is logged, as the directives of tracing's `EnvFilter`: info, or info,sqlx=debug.
    #[arg(long, env, global = true, default_value = RUST_LOG)]
    rust_log: String,
}

/// Every setting, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// PostgreSQL; none while it is a private one that does not run yet.
    pub database_url: Option<SecretString>,
    /// The folder for what is kept on this machine.
    pub data_dir: PathBuf,
    pub redis_url: Option<SecretString>,
    pub coolify: Connection,
    pub source: Source,
    /// What people may choose in place of the source.
    pub allowed: Allowed,
    /// Whether the repositories' hosts are asked for newer commits.
    pub updates: bool,
    /// Environments get their addresses below this domain.
    pub domain: AgentsDomain,
    /// The folder that Open shows.
    pub folder: String,
    pub listen: SocketAddr,
    /// Metrics are served there.
    pub metrics_listen: Option<SocketAddr>,
    /// The address that people use.
    pub public_url: Option<Url>,
    /// It is https, so cookies are Secure.
    pub secure: bool,
    /// Whose word about the sender of a request is believed.
    pub trusted_proxies: TrustedProxies,
    pub registration: WhoRegisters,
    /// What everybody may have for whom an administrator has decided nothing else.
    pub allowance: Allowance,
    /// How long a deployment may wait for its turn.
    pub turn_timeout: Duration,
    /// Where the logs of ended deployments are kept.
    pub log_store: Place,
    /// How long they are kept; `None` is for ever.
    pub log_retention: Option<Duration>,
    /// How long the audit is kept; `None` is for ever.
    pub audit_retention: Option<Duration>,
    /// Coolify is simulated: pages tell the user what to try.
    pub demo: bool,
    /// Sentences about variables that look like settings and are none.
    pub misspelled: Vec<String>,
    /// All settings as they may be shown; none of a demo.
    pub shown: Vec<shown::Shown>,
}

impl Config {
    /// What environments may be built from.
    pub fn choices(&self) -> Choices {
        Choices {
            standard: BuiltFrom {
                repository: self.source.repository.clone(),
                branch: self.source.branch.clone(),
            },
            allowed: self.allowed.clone(),
        }
    }

    /// How to connect to each server of PostgreSQL.
    ///
    /// # Errors
    /// When none is known, or the address is wrong.
    pub fn servers(&self) -> Result<Vec<PgConnectOptions>, Wrong> {
        let hint = "set it to postgres://user:password@host:5432/database";
        let url = self.database_url.as_ref();
        let url = url.ok_or_else(|| Wrong::Missing("DATABASE_URL", hint.to_owned()))?;
        postgres::servers(url.expose_secret())
    }
}

/// How the log is written, and what.
#[derive(Debug)]
pub struct Log {
    pub format: LogFormat,
    pub filter: EnvFilter,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}
