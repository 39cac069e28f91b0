//! Every setting: its default, its wrong values with their sentences, and what a blank means.

mod log_store;
mod right;
mod secrets;
mod wrong;

use super::{Command, CommandLine, Config, Log, Settings, Wrong, address};
use crate::archive::Place;
use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::path::Path;
use url::Url;

/// What must be set, and may be set so.
const NEEDED: [(&str, &str); 5] = [
    ("COOLIFY_API_URL", "https://coolify.example.com/api/v1/"),
    ("COOLIFY_API_TOKEN", "1|secret"),
    ("COOLIFY_PROJECT_UUID", "project"),
    ("COOLIFY_SERVER_UUID", "server"),
    ("AGENTS_DOMAIN", "agents.example.com"),
];

/// Each setting that may be left out, and what it is then.
const DEFAULTS: [(&str, &str); 34] = [
    ("DATABASE_URL", "None"),
    ("DATABASE_URL_FILE", "None"),
    ("DATA_DIR", "vps-claude"),
    ("REDIS_URL_FILE", "None"),
    ("COOLIFY_API_TOKEN_FILE", "1|secret"),
    ("REDIS_URL", "None"),
    ("COOLIFY_ENVIRONMENT_NAME", "production"),
    ("COOLIFY_DESTINATION_UUID", "None"),
    ("AGENT_REPOSITORY", "https://github.com/grmkris/agent"),
    ("AGENT_BRANCH", "main"),
    ("ALLOWED_REPOSITORIES", "Allowed([])"),
    ("AGENT_UPDATES", "true"),
    ("AGENT_PORT", "8080"),
    ("AGENT_FOLDER", "/home/coder/workspace"),
    ("LISTEN", "127.0.0.1:3000"),
    ("METRICS_LISTEN", "None"),
    ("PUBLIC_URL", "false"),
    ("TRUSTED_PROXIES", "Networks([127.0.0.0/8, ::1/128])"),
    ("REGISTRATION", "Invited"),
    ("ENVIRONMENTS_PER_PERSON", "None"),
    ("DEPLOYMENTS_PER_PERSON", "None"),
    ("AGENT_MEMORY", "None"),
    ("AGENT_CPUS", "None"),
    ("TURN_TIMEOUT_HOURS", "43200s"),
    ("LOG_STORE_URL", "default"),
    ("LOG_STORE_ENDPOINT", "default"),
    ("LOG_STORE_REGION", "default"),
    ("LOG_STORE_ACCESS_KEY", "default"),
    ("LOG_STORE_SECRET_KEY", "default"),
    ("LOG_STORE_SECRET_KEY_FILE", "default"),
    ("LOG_RETENTION_DAYS", "Some(7776000s)"),
    ("AUDIT_RETENTION_DAYS", "Some(31536000s)"),
    ("LOG_FORMAT", "Text"),
    ("RUST_LOG", "tower_sessions=warn,sqlxmq=warn,sqlx=warn,info"),
];

/// A needed setting, and the line that says that it is missing.
const MISSING: [(&str, &str); 5] = [
    (
        "COOLIFY_API_URL",
        "set it to the address of Coolify, like https://coolify.example.com",
    ),
    (
        "COOLIFY_API_TOKEN",
        "make one in Coolify under Keys & Tokens",
    ),
    (
        "COOLIFY_PROJECT_UUID",
        "it stands in the address of the project in Coolify",
    ),
    (
        "COOLIFY_SERVER_UUID",
        "it stands in the address of the server in Coolify",
    ),
    (
        "AGENTS_DOMAIN",
        "set it to the domain below which environments live, like agents.example.com",
    ),
];

/// The settings as they are with these values, whatever the surroundings of the test say.
fn settings(values: &[(&str, &str)]) -> Settings {
    let option = |(name, value): &(&str, &str)| {
        let flag = name.to_lowercase().replace('_', "-");
        format!("--{flag}={value}")
    };
    let line = std::iter::once("vps-claude".to_owned()).chain(values.iter().map(option));
    let command = CommandLine::command().mut_args(|arg| arg.env(Resettable::Reset));
    let matches = command.try_get_matches_from(line).unwrap();
    CommandLine::from_arg_matches(&matches).unwrap().settings
}

/// What is needed, but for one setting that is this.
fn with(name: &str, value: &str) -> Settings {
    let mut values = NEEDED.to_vec();
    values.retain(|(needed, _)| *needed != name);
    values.push((name, value));
    settings(&values)
}

fn checked(settings: &Settings) -> Result<(Config, Log), Wrong> {
    Ok((settings.check()?, settings.log()?))
}

/// What the program makes of a setting, as text.
fn meaning(config: &Config, log: &Log, name: &str) -> String {
    match name {
        "DATABASE_URL" | "DATABASE_URL_FILE" => {
            let url = config.database_url.as_ref();
            format!("{:?}", url.map(ExposeSecret::expose_secret))
        }
        // What is before it depends on who runs this.
        "DATA_DIR" => last_part(&config.data_dir),
        "REDIS_URL" | "REDIS_URL_FILE" => {
            let url = config.redis_url.as_ref();
            format!("{:?}", url.map(ExposeSecret::expose_secret))
        }
        "COOLIFY_API_TOKEN_FILE" => config.coolify.token.expose_secret().to_owned(),
        "COOLIFY_ENVIRONMENT_NAME" => config.coolify.environment_name.clone(),
        "COOLIFY_DESTINATION_UUID" => format!("{:?}", config.coolify.destination_uuid),
        "AGENT_REPOSITORY" => config.source.repository.clone(),
        "AGENT_BRANCH" => config.source.branch.clone(),
        "ALLOWED_REPOSITORIES" => format!("{:?}", config.allowed),
        "AGENT_UPDATES" => config.updates.to_string(),
        "AGENT_PORT" => config.source.port.to_string(),
        "AGENT_FOLDER" => config.folder.clone(),
        "LISTEN" => config.listen.to_string(),
        "METRICS_LISTEN" => format!("{:?}", config.metrics_listen),
        "PUBLIC_URL" => config.secure.to_string(),
        "TRUSTED_PROXIES" => format!("{:?}", config.trusted_proxies),
        "REGISTRATION" => format!("{:?}", config.registration),
        "ENVIRONMENTS_PER_PERSON" => format!("{:?}", config.allowance.environments),
        "DEPLOYMENTS_PER_PERSON" => format!("{:?}", config.allowance.deployments),
        "AGENT_MEMORY" => format!("{:?}", config.allowance.resources.memory),
        "AGENT_CPUS" => format!("{:?}", config.allowance.resources.cpus),
        "TURN_TIMEOUT_HOURS" => format!("{:?}", config.turn_timeout),
        "LOG_RETENTION_DAYS" => format!("{:?}", config.log_retention),
        "AUDIT_RETENTION_DAYS" => format!("{:?}", config.audit_retention),
        store if store.starts_with("LOG_STORE_") => of_store(&config.log_store, store),
        "LOG_FORMAT" => format!("{:?}", log.format),
        "RUST_LOG" => log.filter.to_string(),
        other => panic!("nobody says what {other} means"),
    }
}

fn last_part(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The same of one of the settings of the store of logs.
fn of_store(place: &Place, name: &str) -> String {
    let bucket = match place {
        Place::Folder(folder) => return shown(folder),
        Place::Bucket(bucket) => bucket,
    };
    match name {
        "LOG_STORE_URL" => format!("{bucket:?}"),
        "LOG_STORE_ENDPOINT" => format!("{:?}", bucket.endpoint.as_ref().map(Url::as_str)),
        "LOG_STORE_REGION" => bucket.region.clone(),
        "LOG_STORE_ACCESS_KEY" => bucket.access_key.clone(),
        _ => bucket.secret_key.expose_secret().to_owned(),
    }
}

/// A folder; the default depends on who runs the tests.
fn shown(folder: &Path) -> String {
    if folder.ends_with("vps-claude/logs") {
        return "default".to_owned();
    }
    folder.display().to_string()
}

/// The variable of every setting.
pub fn variables() -> BTreeSet<String> {
    let command = CommandLine::command();
    let variables = command.get_arguments().filter_map(|arg| arg.get_env());
    variables
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_setting_is_among_those_that_are_tested_here() {
    let needed = NEEDED.map(|(name, _)| name);
    let left_out = DEFAULTS.map(|(name, _)| name);
    let tested = needed.into_iter().chain(left_out).map(str::to_owned);
    assert_eq!(variables(), tested.collect());
    assert_eq!(MISSING.map(|(name, _)| name), needed);
}

#[test]
fn every_setting_and_every_command_is_in_the_manuals() {
    let command = CommandLine::command();
    let help = command.clone().render_help().to_string();
    let readme = include_str!("../../README.md");
    let example = include_str!("../../.env.example");
    for name in variables() {
        let shown = ["=", "]"].map(|end| help.contains(&format!("[env: {name}{end}")));
        assert!(shown.contains(&true), "{name} in --help");
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "{name} in README.md"
        );
        let line = format!("\n{name}=");
        assert!(example.contains(&line), "{name} in .env.example");
    }
    for setting in command
        .get_arguments()
        .filter(|arg| arg.get_env().is_some())
    {
        assert!(
            setting.get_help().is_some(),
            "{} is explained",
            setting.get_id()
        );
    }
    for one in command.get_subcommands() {
        let named = format!("\n  {} ", one.get_name());
        let is_shown = !one.is_hide_set();
        assert_eq!(help.contains(&named), is_shown, "{named} in\n{help}");
        assert!(one.get_about().is_some(), "{named} is explained");
    }
}

#[test]
fn what_is_left_out_or_blank_has_its_default() {
    let (config, log) = checked(&settings(&NEEDED)).unwrap();
    for (name, default) in DEFAULTS {
        assert_eq!(meaning(&config, &log, name), default, "{name} is not set");
        for blank in ["", "  "] {
            let (config, log) = checked(&with(name, blank)).unwrap();
            assert_eq!(meaning(&config, &log, name), default, "{name} is {blank:?}");
        }
    }
}

#[test]
fn what_is_needed_and_missing_or_blank_is_a_line_that_names_it() {
    for (name, hint) in MISSING {
        let others: Vec<_> = NEEDED
            .into_iter()
            .filter(|(needed, _)| *needed != name)
            .collect();
        for settings in [settings(&others), with(name, ""), with(name, " ")] {
            let wrong = checked(&settings).unwrap_err();
            assert_eq!(wrong.to_string(), format!("{name} is missing: {hint}"));
        }
    }
}

#[test]
fn what_is_needed_is_taken_as_it_is() {
    let (config, _) = checked(&settings(&NEEDED)).unwrap();
    assert_eq!(config.coolify.url.as_str(), "https://coolify.example.com/");
    assert_eq!(config.coolify.token.expose_secret(), "1|secret");
    assert_eq!(
        (&*config.coolify.project_uuid, &*config.coolify.server_uuid),
        ("project", "server")
    );
    assert_eq!(config.domain.host("a"), "a.agents.example.com");
}

#[test]
fn the_simulator_listens_where_it_is_told_to() {
    let line = ["vps-claude", "simulate-coolify", "--listen", "127.0.0.1:4"];
    let command = <CommandLine as clap::Parser>::try_parse_from(line)
        .unwrap()
        .command;
    let Some(Command::SimulateCoolify { listen, .. }) = command else {
        panic!("{command:?}");
    };
    assert_eq!(address("LISTEN", &listen).unwrap().port(), 4);
}
