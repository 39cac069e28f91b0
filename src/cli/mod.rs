//! The client: commands that use a dashboard, perhaps on another machine, through its API. They start nothing of the server
//! and read none of its settings; of ours, only what things are is known here.

mod address;
mod amount;
mod connection;
mod create;
mod credentials;
mod delete;
mod deploy;
mod environments;
mod failure;
mod find;
mod http;
mod interrupt;
mod line;
mod log;
mod open;
mod output;
mod plain;
mod progress;
mod prompt;
mod sign_in;
mod table;
mod watch;
mod wire;

use clap::{CommandFactory, Parser};
use failure::Failure;
use line::{Command, EnvCommand, Line};
use output::Output;
use std::ffi::OsString;
use std::process::ExitCode;

/// All client commands, below the name of the executable.
pub fn command() -> clap::Command {
    Line::command()
}

/// Carries out a client command, and returns its exit code; `None` if these arguments are for the server.
pub fn run(arguments: &[OsString]) -> Option<ExitCode> {
    let first = arguments.get(1)?;
    let all = command();
    all.get_subcommands().find(|one| first == one.get_name())?;
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => error.exit(),
    };
    let output = Output::new(line.command.is_json());
    let told = output.clone();
    let command = || async move { carry_out(line.command, &told).await };
    let ended = interrupt::carry_out(&output, command);
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    })
}

async fn carry_out(command: Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::Login { url } => sign_in::login(&url, output).await,
        Command::Logout => sign_in::logout(output),
        Command::Env { command } => match command {
            EnvCommand::List(asked) => environments::list(&asked, output).await,
            EnvCommand::Show(asked) => environments::show(&asked, output).await,
            EnvCommand::Create(asked) => create::run(&asked, output).await,
            EnvCommand::Deploy(asked) => deploy::run(&asked, output).await,
            EnvCommand::Cancel(asked) => environments::cancel(&asked, output).await,
            EnvCommand::Open(asked) => open::run(&asked, output).await,
            EnvCommand::Log(asked) => log::run(&asked, output).await,
            EnvCommand::Password(asked) => environments::set_password(&asked, output).await,
            EnvCommand::Delete(asked) => delete::run(&asked, output).await,
        },
    }
}
