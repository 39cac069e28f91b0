//! Checks every setting by itself, so that each can be reported.

use super::parse::{
    address, one_of, or, origin_of, parsed, present, proxies, unquoted, web_address,
};
use super::secret_file::Secret;
use super::wrong::Wrong;
use super::{
    ADDRESS, BRANCH, Config, ENVIRONMENT_NAME, FOLDER, LOG_FORMAT, Log, LogFormat, PORT, PROXIES,
    REGISTRATION, REPOSITORY, RUST_LOG, Settings, TURN_TIMEOUT, UPDATES, data_dir, postgres, redis,
};
use crate::coolify::{Connection, Source};
use crate::domain::agents_domain::AgentsDomain;
use crate::domain::network::TrustedProxies;
use crate::domain::source::Allowed;
use crate::domain::user::WhoRegisters;
use secrecy::{ExposeSecret, SecretString};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use url::Url;

type Checked<T> = Result<T, Wrong>;

impl Settings {
    /// Validates every setting.
    ///
    /// # Errors
    /// The first one that is missing or wrong.
    pub fn check(&self) -> Checked<Config> {
        for (name, value) in self.values() {
            unquoted(name, value.unwrap_or_default())?;
        }
        let public_url = self.public_url()?;
        Ok(Config {
            database_url: self.database_url()?,
            data_dir: self.data_dir()?,
            redis_url: self.redis_url()?,
            coolify: self.coolify()?,
            source: self.source()?,
            allowed: self.allowed()?,
            updates: self.updates()?,
            domain: self.domain()?,
            folder: self.folder()?,
            listen: self.listen()?,
            metrics_listen: self.metrics_listen()?,
            secure: public_url
                .as_ref()
                .is_some_and(|url| url.scheme() == "https"),
            public_url,
            trusted_proxies: self.trusted_proxies()?,
            registration: self.registration()?,
            allowance: self.limits.allowance()?,
            turn_timeout: self.turn_timeout()?,
            log_store: self.log_store()?,
            log_retention: self.log_retention()?,
            audit_retention: self.audit_retention()?,
            demo: false,
            misspelled: vec![],
            shown: vec![],
        })
    }

    /// Everything that is missing or wrong, once a setting.
    pub fn problems(&self) -> Vec<Wrong> {
        let checks: [fn(&Self) -> Checked<()>; 27] = [
            |of| of.database_url().map(drop),
            |of| of.data_dir().map(drop),
            |of| of.redis_url().map(drop),
            |of| of.coolify_url().map(drop),
            |of| of.coolify_token().map(drop),
            |of| of.project_uuid().map(drop),
            |of| of.server_uuid().map(drop),
            |of| of.domain().map(drop),
            |of| of.repository().map(drop),
            |of| of.allowed().map(drop),
            |of| of.port().map(drop),
            |of| of.updates().map(drop),
            |of| of.folder().map(drop),
            |of| of.listen().map(drop),
            |of| of.metrics_listen().map(drop),
            |of| of.public_url().map(drop),
            |of| of.trusted_proxies().map(drop),
            |of| of.registration().map(drop),
            |of| of.limits.environments().map(drop),
            |of| of.limits.deployments().map(drop),
            |of| of.limits.memory().map(drop),
            |of| of.limits.cpus().map(drop),
            |of| of.turn_timeout().map(drop),
            |of| of.log_store().map(drop),
            |of| of.log_retention().map(drop),
            |of| of.audit_retention().map(drop),
            |of| of.log().map(drop),
        ];
        let values = self.values().into_iter();
        let quoted = values.map(|(name, value)| unquoted(name, value.unwrap_or_default()));
        let checked = checks.iter().map(|check| check(self));
        first_of_each(quoted.chain(checked).filter_map(Result::err))
    }

    /// How the log is written; needed before anything is logged.
    ///
    /// # Errors
    /// When the format is neither text nor json, or the filter cannot be read.
    pub fn log(&self) -> Checked<Log> {
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        let format = one_of("LOG_FORMAT", or(&self.log_format, LOG_FORMAT), &formats)?;
        let filter = EnvFilter::try_new(or(&self.rust_log, RUST_LOG)).map_err(|error| {
            let why = format!("it is no filter like info or info,sqlx=debug: {error}");
            Wrong::Invalid("RUST_LOG", why)
        })?;
        Ok(Log { format, filter })
    }

    /// Fills in what the demo needs to talk to a simulated Coolify.
    pub fn for_demo(&mut self, coolify: &Connection, agents_domain: String) {
        self.coolify_api_url = Some(coolify.url.to_string());
        self.coolify_api_token = Some(coolify.token.expose_secret().to_owned());
        self.coolify_api_token_file = None;
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

    /// PostgreSQL, unless it is a private one.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn database_url(&self) -> Checked<Option<SecretString>> {
        let url = Secret {
            name: "DATABASE_URL",
            value: self.database_url.as_ref(),
            file_name: "DATABASE_URL_FILE",
            file: self.database_url_file.as_ref(),
        };
        let Some(url) = url.read()? else {
            return Ok(None);
        };
        postgres::servers(&url)?;
        Ok(Some(SecretString::from(url)))
    }

    /// The folder for what is kept on this machine.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn data_dir(&self) -> Checked<PathBuf> {
        let Some(typed) = present(self.data_dir.as_ref()) else {
            return Ok(data_dir::default());
        };
        data_dir::parse(&typed)
    }

    fn redis_url(&self) -> Checked<Option<SecretString>> {
        let url = Secret {
            name: "REDIS_URL",
            value: self.redis_url.as_ref(),
            file_name: "REDIS_URL_FILE",
            file: self.redis_url_file.as_ref(),
        };
        let Some(url) = url.read()? else {
            return Ok(None);
        };
        redis::check(&url)?;
        Ok(Some(SecretString::from(url)))
    }

    fn coolify(&self) -> Checked<Connection> {
        Ok(Connection {
            url: self.coolify_url()?,
            token: self.coolify_token()?,
            project_uuid: self.project_uuid()?,
            server_uuid: self.server_uuid()?,
            environment_name: or(&self.coolify_environment_name, ENVIRONMENT_NAME).to_owned(),
            destination_uuid: present(self.coolify_destination_uuid.as_ref()),
        })
    }

    /// With or without the path of the API, which people copy with it.
    fn coolify_url(&self) -> Checked<Url> {
        let url = required(
            "COOLIFY_API_URL",
            self.coolify_api_url.as_ref(),
            "set it to the address of Coolify, like https://coolify.example.com",
        )?;
        let mut url = web_address("COOLIFY_API_URL", &url)?;
        let path = url.path().trim_end_matches('/');
        let path = ["/api/v1", "/api"]
            .iter()
            .find_map(|api| path.strip_suffix(api))
            .unwrap_or(path)
            .trim_end_matches('/')
            .to_owned();
        url.set_path(&path);
        Ok(url)
    }

    /// It is sent in a header, which takes no white space and nothing but ASCII.
    fn coolify_token(&self) -> Checked<SecretString> {
        let token = Secret {
            name: "COOLIFY_API_TOKEN",
            value: self.coolify_api_token.as_ref(),
            file_name: "COOLIFY_API_TOKEN_FILE",
            file: self.coolify_api_token_file.as_ref(),
        };
        let hint = "make one in Coolify under Keys & Tokens";
        let token = token
            .read()?
            .ok_or(Wrong::Missing("COOLIFY_API_TOKEN", hint.to_owned()))?;
        if token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(SecretString::from(token));
        }
        let why = "the token alone is needed, like 1|abc, without Bearer and without spaces";
        Err(Wrong::Invalid("COOLIFY_API_TOKEN", why.to_owned()))
    }

    fn project_uuid(&self) -> Checked<String> {
        required(
            "COOLIFY_PROJECT_UUID",
            self.coolify_project_uuid.as_ref(),
            "it stands in the address of the project in Coolify",
        )
    }

    fn server_uuid(&self) -> Checked<String> {
        required(
            "COOLIFY_SERVER_UUID",
            self.coolify_server_uuid.as_ref(),
            "it stands in the address of the server in Coolify",
        )
    }

    fn domain(&self) -> Checked<AgentsDomain> {
        let domain = required(
            "AGENTS_DOMAIN",
            self.agents_domain.as_ref(),
            "set it to the domain below which environments live, like agents.example.com",
        )?;
        AgentsDomain::parse(&domain).map_err(|why| Wrong::Invalid("AGENTS_DOMAIN", why))
    }

    fn source(&self) -> Checked<Source> {
        Ok(Source {
            repository: self.repository()?,
            branch: or(&self.agent_branch, BRANCH).to_owned(),
            port: self.port()?,
        })
    }

    fn repository(&self) -> Checked<String> {
        let repository = or(&self.agent_repository, REPOSITORY);
        web_address("AGENT_REPOSITORY", repository)?;
        Ok(repository.to_owned())
    }

    fn allowed(&self) -> Checked<Allowed> {
        let typed = present(self.allowed_repositories.as_ref()).unwrap_or_default();
        let hint = "addresses like https://github.com/acme/agent, or all below one like https://github.com/acme/*, are needed, separated by commas";
        let wrong = || Wrong::Invalid("ALLOWED_REPOSITORIES", hint.to_owned());
        Allowed::parse(&typed).ok_or_else(wrong)
    }

    fn port(&self) -> Checked<u16> {
        let hint = "a port number from 1 to 65535 is needed";
        let port = parsed("AGENT_PORT", or(&self.agent_port, PORT), hint);
        port.map(NonZeroU16::get)
    }

    fn updates(&self) -> Checked<bool> {
        let words = [("on", true), ("off", false)];
        one_of("AGENT_UPDATES", or(&self.agent_updates, UPDATES), &words)
    }

    fn folder(&self) -> Checked<String> {
        let folder = or(&self.agent_folder, FOLDER);
        if folder.starts_with('/') {
            return Ok(folder.to_owned());
        }
        let hint = "a folder like /home/coder/workspace is needed";
        Err(Wrong::Invalid("AGENT_FOLDER", hint.to_owned()))
    }

    /// The address to listen on.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn listen(&self) -> Checked<SocketAddr> {
        address("LISTEN", or(&self.listen, ADDRESS))
    }

    fn metrics_listen(&self) -> Checked<Option<SocketAddr>> {
        let typed = present(self.metrics_listen.as_ref());
        let parse = |typed: String| address("METRICS_LISTEN", &typed);
        typed.map(parse).transpose()
    }

    fn public_url(&self) -> Checked<Option<Url>> {
        let url = present(self.public_url.as_ref());
        url.map(|url| origin_of("PUBLIC_URL", &url)).transpose()
    }

    fn trusted_proxies(&self) -> Checked<TrustedProxies> {
        proxies(or(&self.trusted_proxies, PROXIES))
    }

    fn registration(&self) -> Checked<WhoRegisters> {
        let words = [
            ("open", WhoRegisters::Everybody),
            ("invite", WhoRegisters::Invited),
            ("closed", WhoRegisters::Nobody),
        ];
        one_of("REGISTRATION", or(&self.registration, REGISTRATION), &words)
    }

    fn turn_timeout(&self) -> Checked<Duration> {
        let (name, hint) = (
            "TURN_TIMEOUT_HOURS",
            "a number of hours from 1 to 720 is needed",
        );
        let hours: u16 = parsed(name, or(&self.turn_timeout_hours, TURN_TIMEOUT), hint)?;
        if (1..=720).contains(&hours) {
            return Ok(Duration::from_hours(hours.into()));
        }
        Err(Wrong::Invalid(name, hint.to_owned()))
    }
}

fn required(name: &'static str, value: Option<&String>, hint: &'static str) -> Checked<String> {
    present(value).ok_or_else(|| Wrong::Missing(name, hint.to_owned()))
}

/// The first of what is wrong with each setting.
fn first_of_each(all: impl Iterator<Item = Wrong>) -> Vec<Wrong> {
    let mut found: Vec<Wrong> = vec![];
    for wrong in all {
        if found.iter().all(|other| other.name() != wrong.name()) {
            found.push(wrong);
        }
    }
    found
}
