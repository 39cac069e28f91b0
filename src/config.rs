//! Every setting: its variable, its unit, its default. `vps-claude --help` is the manual.

use crate::coolify::{Connection, Source};
use crate::domain::environment::AgentsDomain;
use crate::domain::network::TrustedProxies;
use clap::{Args, Parser, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::time::Duration;
use url::Url;

mod parse;
#[cfg(test)]
mod tests;
mod wrong;

pub use parse::address;
pub use wrong::Wrong;

use parse::{one_of, or, origin_of, parsed, present, proxies, url_of};

/// The defaults of missing and blank settings.
const ENVIRONMENT_NAME: &str = "production";
const REPOSITORY: &str = "https://github.com/grmkris/agent";
const BRANCH: &str = "main";
const PORT: &str = "8080";
const UPDATES: &str = "on";
const FOLDER: &str = "/home/coder/workspace";
const ADDRESS: &str = "127.0.0.1:3000";
const PROXIES: &str = "127.0.0.0/8, ::1";
const REGISTRATION: &str = "open";
const LOG_FORMAT: &str = "text";
const TURN_TIMEOUT: &str = "12";

/// vps-claude: a dashboard for self-hosted Claude Code environments on Coolify.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
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
    /// Serve with a simulated Coolify; only `DATABASE_URL` is needed.
    Demo {
        /// Begin with two people and a dozen environments in every state.
        #[arg(long)]
        with_data: bool,
    },
    /// Check every setting against the real thing.
    Doctor,
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
    /// PostgreSQL: `postgres://user:password@host:5432/database`.
    #[arg(long, env, global = true, hide_env_values = true)]
    database_url: Option<String>,
    /// Redis, for rate limits and the budget of calls to Coolify; without it both work inside the process.
    #[arg(long, env, global = true, hide_env_values = true)]
    redis_url: Option<String>,
    /// The address of Coolify: `https://coolify.example.com`.
    #[arg(long, env, global = true)]
    coolify_api_url: Option<String>,
    /// A token of Coolify with the abilities read, write, deploy and read:sensitive.
    #[arg(long, env, global = true, hide_env_values = true)]
    coolify_api_token: Option<String>,
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
    /// Whether the repository's host is asked for newer commits: on or off.
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
    /// The address people use; https makes the cookies Secure.
    #[arg(long, env, global = true)]
    public_url: Option<String>,
    /// The proxies whose word about the sender of a request is believed: networks separated by commas, or how many.
    #[arg(long, env, global = true, default_value = PROXIES)]
    trusted_proxies: String,
    /// Whether new people may register: open or closed.
    #[arg(long, env, global = true, default_value = REGISTRATION)]
    registration: String,
    /// How many hours a deployment may wait for its turn while Coolify builds others.
    #[arg(long, env, global = true, default_value = TURN_TIMEOUT)]
    turn_timeout_hours: String,
    /// How the log is written: text or json. What is logged is chosen by `RUST_LOG`.
    #[arg(long, env, global = true, default_value = LOG_FORMAT)]
    log_format: String,
}

/// Every setting, validated.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "one a setting")]
pub struct Config {
    pub database_url: SecretString,
    pub redis_url: Option<SecretString>,
    pub coolify: Connection,
    pub source: Source,
    /// Whether the repository's host is asked for newer commits.
    pub updates: bool,
    /// Environments get their addresses below this domain.
    pub domain: AgentsDomain,
    /// The folder that Open shows.
    pub folder: String,
    pub listen: SocketAddr,
    /// The address that people use.
    pub public_url: Option<Url>,
    /// It is https, so cookies are Secure.
    pub secure: bool,
    /// Whose word about the sender of a request is believed.
    pub trusted_proxies: TrustedProxies,
    pub registration_open: bool,
    /// How long a deployment may wait for its turn.
    pub turn_timeout: Duration,
    /// Coolify is simulated: pages tell the user what to try.
    pub demo: bool,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl Settings {
    /// Validates every setting.
    ///
    /// # Errors
    /// The first one that is missing or wrong.
    pub fn check(&self) -> Result<Config, Wrong> {
        let database_url = self.required(
            "DATABASE_URL",
            self.database_url.as_ref(),
            "set it to postgres://user:password@host:5432/database",
        )?;
        url_of("DATABASE_URL", &database_url, &["postgres", "postgresql"])?;
        let public_url = self.public_url()?;
        Ok(Config {
            database_url: SecretString::from(database_url),
            redis_url: self.redis_url()?,
            coolify: self.coolify()?,
            source: self.source()?,
            updates: one_of(
                "AGENT_UPDATES",
                or(&self.agent_updates, UPDATES),
                &[("on", true), ("off", false)],
            )?,
            domain: self.domain()?,
            folder: self.folder()?,
            listen: address(or(&self.listen, ADDRESS))?,
            secure: public_url
                .as_ref()
                .is_some_and(|url| url.scheme() == "https"),
            public_url,
            trusted_proxies: proxies(or(&self.trusted_proxies, PROXIES))?,
            registration_open: one_of(
                "REGISTRATION",
                or(&self.registration, REGISTRATION),
                &[("open", true), ("closed", false)],
            )?,
            turn_timeout: self.turn_timeout()?,
            demo: false,
        })
    }

    /// The log format; needed before anything is logged.
    ///
    /// # Errors
    /// When it is neither text nor json.
    pub fn log_format(&self) -> Result<LogFormat, Wrong> {
        one_of(
            "LOG_FORMAT",
            or(&self.log_format, LOG_FORMAT),
            &[("text", LogFormat::Text), ("json", LogFormat::Json)],
        )
    }

    /// Fills in what the demo needs to talk to a simulated Coolify.
    pub fn for_demo(&mut self, coolify: &Connection, agents_domain: String) {
        self.coolify_api_url = Some(coolify.url.to_string());
        self.coolify_api_token = Some(coolify.token.expose_secret().to_owned());
        self.coolify_project_uuid = Some(coolify.project_uuid.clone());
        self.coolify_server_uuid = Some(coolify.server_uuid.clone());
        self.coolify_environment_name
            .clone_from(&coolify.environment_name);
        self.coolify_destination_uuid = None;
        self.agents_domain = Some(agents_domain);
        self.public_url = None;
        "open".clone_into(&mut self.registration);
        "off".clone_into(&mut self.agent_updates);
    }

    fn coolify(&self) -> Result<Connection, Wrong> {
        let url = self.required(
            "COOLIFY_API_URL",
            self.coolify_api_url.as_ref(),
            "set it to the address of Coolify, like https://coolify.example.com",
        )?;
        let instance = url.trim_end_matches('/').trim_end_matches("/api/v1");
        Ok(Connection {
            url: url_of("COOLIFY_API_URL", instance, &["http", "https"])?,
            token: SecretString::from(self.required(
                "COOLIFY_API_TOKEN",
                self.coolify_api_token.as_ref(),
                "make one in Coolify under Keys & Tokens",
            )?),
            project_uuid: self.required(
                "COOLIFY_PROJECT_UUID",
                self.coolify_project_uuid.as_ref(),
                "it stands in the address of the project in Coolify",
            )?,
            server_uuid: self.required(
                "COOLIFY_SERVER_UUID",
                self.coolify_server_uuid.as_ref(),
                "it stands in the address of the server in Coolify",
            )?,
            environment_name: or(&self.coolify_environment_name, ENVIRONMENT_NAME).to_owned(),
            destination_uuid: present(self.coolify_destination_uuid.as_ref()),
        })
    }

    fn domain(&self) -> Result<AgentsDomain, Wrong> {
        let domain = self.required(
            "AGENTS_DOMAIN",
            self.agents_domain.as_ref(),
            "set it to the domain below which environments live, like agents.example.com",
        )?;
        AgentsDomain::parse(&domain).map_err(|why| Wrong::Invalid("AGENTS_DOMAIN", why))
    }

    fn source(&self) -> Result<Source, Wrong> {
        let repository = or(&self.agent_repository, REPOSITORY);
        url_of("AGENT_REPOSITORY", repository, &["http", "https"])?;
        let port: NonZeroU16 = parsed(
            "AGENT_PORT",
            or(&self.agent_port, PORT),
            "a port number from 1 to 65535 is needed",
        )?;
        Ok(Source {
            repository: repository.to_owned(),
            branch: or(&self.agent_branch, BRANCH).to_owned(),
            port: port.get(),
        })
    }

    fn folder(&self) -> Result<String, Wrong> {
        let folder = or(&self.agent_folder, FOLDER);
        if folder.starts_with('/') {
            return Ok(folder.to_owned());
        }
        let hint = "a folder like /home/coder/workspace is needed";
        Err(Wrong::Invalid("AGENT_FOLDER", hint.to_owned()))
    }

    fn turn_timeout(&self) -> Result<Duration, Wrong> {
        let hours: u16 = parsed(
            "TURN_TIMEOUT_HOURS",
            or(&self.turn_timeout_hours, TURN_TIMEOUT),
            "a number of hours from 1 to 720 is needed",
        )?;
        if (1..=720).contains(&hours) {
            return Ok(Duration::from_hours(hours.into()));
        }
        let hint = "a number of hours from 1 to 720 is needed";
        Err(Wrong::Invalid("TURN_TIMEOUT_HOURS", hint.to_owned()))
    }

    fn redis_url(&self) -> Result<Option<SecretString>, Wrong> {
        let Some(url) = present(self.redis_url.as_ref()) else {
            return Ok(None);
        };
        url_of("REDIS_URL", &url, &["redis", "rediss"])?;
        Ok(Some(SecretString::from(url)))
    }

    fn public_url(&self) -> Result<Option<Url>, Wrong> {
        let url = present(self.public_url.as_ref());
        url.map(|url| origin_of("PUBLIC_URL", &url)).transpose()
    }

    #[expect(
        clippy::unused_self,
        reason = "reads as a sentence beside the field it checks"
    )]
    fn required(
        &self,
        name: &'static str,
        value: Option<&String>,
        hint: &'static str,
    ) -> Result<String, Wrong> {
        present(value).ok_or(Wrong::Missing(name, hint))
    }
}
