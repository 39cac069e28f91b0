//! The command line with the settings, and where each of them was given.

use super::wrong::Wrong;
use super::{CommandLine, dotenv, manual};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

/// What was given.
pub struct Given {
    pub line: CommandLine,
    /// Where each setting that is neither left out nor blank was given, by its variable.
    pub(super) origins: BTreeMap<String, &'static str>,
}

impl Given {
    /// Reads `.env`, the environment and the command line. Help and version are printed and end the process.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn read() -> Result<Self, Wrong> {
        let from_file = dotenv::read()?;
        check_encoding()?;
        let command = CommandLine::command();
        let matches = manual::whole()
            .try_get_matches()
            .map_err(|error| unreadable(&error))?;
        check_command(&command, &matches)?;
        let settings = command.get_arguments().filter_map(|argument| {
            let variable = argument.get_env()?;
            let origin = origin(&matches, argument.get_id().as_str(), variable, &from_file)?;
            Some((variable.to_string_lossy().into_owned(), origin))
        });
        Ok(Self {
            origins: settings.collect(),
            line: CommandLine::from_arg_matches(&matches).map_err(|error| unreadable(&error))?,
        })
    }
}

/// `CommandLine` knows no command of the client, and would take it for no command, which starts the server. Such a command
/// comes here only after an option of the server: any other was carried out by the client.
fn check_command(server: &Command, matches: &ArgMatches) -> Result<(), Wrong> {
    let named = matches.subcommand_name();
    let of_client = named.filter(|name| server.find_subcommand(name).is_none());
    of_client.map_or(Ok(()), |name| {
        let why = format!(
            "settings of the server are no options of {name}: write vps-claude {name} first; see vps-claude {name} --help"
        );
        Err(Wrong::Invalid("the command line", why))
    })
}

fn origin(
    matches: &ArgMatches,
    id: &str,
    variable: &OsStr,
    from_file: &BTreeSet<OsString>,
) -> Option<&'static str> {
    let blank = |value: &OsStr| value.to_string_lossy().trim().is_empty();
    if matches.get_raw(id)?.all(blank) {
        return None;
    }
    match matches.value_source(id)? {
        ValueSource::CommandLine => Some("command line"),
        ValueSource::EnvVariable if from_file.contains(variable) => Some(".env"),
        ValueSource::EnvVariable => Some("environment"),
        _ => None,
    }
}

/// Every setting is text. Clap would not say which one is not.
fn check_encoding() -> Result<(), Wrong> {
    let command = CommandLine::command();
    let of = |name: &OsStr| {
        command
            .get_arguments()
            .any(|one| one.get_env() == Some(name))
    };
    let odd = std::env::vars_os().find(|(name, value)| value.to_str().is_none() && of(name));
    odd.map_or(Ok(()), |(name, _)| {
        let why = format!("the value of {} is not UTF-8", name.to_string_lossy());
        Err(Wrong::Invalid("the environment", why))
    })
}

fn unreadable(error: &clap::Error) -> Wrong {
    if !error.use_stderr() {
        error.exit();
    }
    let text = error.to_string();
    // What is missing is in lines of its own.
    let lines = text.lines().map(str::trim);
    let first: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let first = first.join(" ");
    Wrong::Invalid(
        "the command line",
        format!(
            "{}; see vps-claude --help",
            first.trim_start_matches("error: ")
        ),
    )
}
