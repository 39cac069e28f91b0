//! What is typed. `--help` is the manual.

use super::amount::duration;
use crate::domain::status::Status;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use std::time::Duration;

/// How long is waited unless that is given.
const TIMEOUT: Duration = Duration::from_hours(1);

const EXIT_CODES: &str = "\
Exit codes:
  0  it is done
  1  it failed, or what was waited for failed or was cancelled
  2  what was typed or set is wrong
  3  not signed in, or the token may not do this
  4  there is no such environment
  5  the dashboard refused it
  6  the dashboard cannot be reached, has too much to do (429) or a fault (500 and above), or its answer is not understood; or
     the time to wait is over
130  it was interrupted; what was requested by then goes on";

const VARIABLES: &str = "\
Variables:
  VPS_CLAUDE_URL    the dashboard, in place of the one of login
  VPS_CLAUDE_TOKEN  the token, in place of the one of login

With --json, what the API answers is printed on standard output, and what went wrong on standard error, as a problem of the
API or as an object with “detail” alone; but wrong arguments are told as text.";

fn after() -> String {
    format!("{VARIABLES}\n\n{EXIT_CODES}")
}

/// The commands to use a dashboard with.
#[derive(Parser)]
#[command(name = "vps-claude", disable_help_subcommand = true)]
pub struct Line {
    #[command(subcommand)]
    pub command: Command,
}

/// The first word.
#[derive(Subcommand)]
pub enum Command {
    /// Sign in to a dashboard from this terminal, with a token from the page of your account.
    #[command(after_help = EXIT_CODES)]
    Login {
        /// The address of the dashboard, such as `https://vps.example.com`.
        #[arg(env = "VPS_CLAUDE_URL")]
        url: String,
    },
    /// Remove the token that login stored.
    Logout,
    /// List, create, deploy, follow and delete your environments from this terminal.
    #[command(after_help = after(), disable_help_subcommand = true)]
    Env {
        #[command(subcommand)]
        command: EnvCommand,
    },
}

/// What is done with environments.
#[derive(Subcommand)]
#[command(disable_help_subcommand = true)]
pub enum EnvCommand {
    /// List your environments.
    List(List),
    /// Print everything about an environment.
    Show(One),
    /// Create an environment; its password is asked for, twice.
    #[command(after_help = EXIT_CODES)]
    Create(Create),
    /// Deploy an environment.
    #[command(after_help = EXIT_CODES)]
    Deploy(Deploy),
    /// Cancel the deployment under way.
    Cancel(One),
    /// Open an environment in a browser, and print its address.
    Open(Open),
    /// Print the log of the newest deployment.
    Log(Log),
    /// Set a new password of an environment; it is asked for, twice.
    Password(Password),
    /// Delete an environment with every file in it, after its name is typed.
    #[command(after_help = EXIT_CODES)]
    Delete(Delete),
}

/// Which environments are listed.
#[derive(Args)]
pub struct List {
    /// Only those with this status.
    #[arg(long, value_parser = PossibleValuesParser::new(Status::ALL.map(Status::word)))]
    pub status: Option<String>,
    /// Only those with this text in their name or address.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Print them as JSON: an array.
    #[arg(long)]
    pub json: bool,
}

/// One environment.
#[derive(Args)]
pub struct One {
    /// Its id, name or subdomain.
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// A new environment.
#[derive(Args)]
pub struct Create {
    /// Its name.
    pub name: String,
    /// Read its password from the first line of standard input.
    #[arg(long = "password-stdin")]
    pub from_input: bool,
    /// Deploy it at once.
    #[arg(long)]
    pub deploy: bool,
    #[command(flatten)]
    pub waiting: Waiting,
    /// The https address of the repository to work on, which it may clone.
    #[arg(long, value_name = "URL")]
    pub repository: Option<String>,
    /// The repository to build it from.
    #[arg(long, value_name = "URL")]
    pub source: Option<String>,
    /// The branch of the repository to build it from.
    #[arg(long)]
    pub branch: Option<String>,
    /// A variable for its container. With NAME alone, its value is that of the variable of this name here. A value that is
    /// written here can be seen by others on this machine while the command runs. May be given several times.
    #[arg(long = "variable", value_name = "NAME[=VALUE]")]
    pub variables: Vec<String>,
    /// The memory of its container, such as 2g.
    #[arg(long)]
    pub memory: Option<String>,
    /// The CPUs of its container, such as 1.5.
    #[arg(long)]
    pub cpus: Option<String>,
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// How an environment is deployed.
#[derive(Args)]
pub struct Deploy {
    /// Its id, name or subdomain.
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Build the image anew, which fetches the newest of everything in it.
    #[arg(long)]
    pub rebuild: bool,
    #[command(flatten)]
    pub waiting: Waiting,
    /// Print the deployment as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What is opened.
#[derive(Args)]
pub struct Open {
    /// Its id, name or subdomain.
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Only print its address.
    #[arg(long)]
    pub print: bool,
}

/// Which log is printed.
#[derive(Args)]
pub struct Log {
    /// Its id, name or subdomain.
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Print what follows, too, until the deployment has ended.
    #[arg(long, short)]
    pub follow: bool,
    /// Print each entry as JSON, in a line of its own.
    #[arg(long)]
    pub json: bool,
}

/// Whose password is set.
#[derive(Args)]
pub struct Password {
    /// Its id, name or subdomain.
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Read the password from the first line of standard input.
    #[arg(long = "password-stdin")]
    pub from_input: bool,
    /// Print the environment as JSON.
    #[arg(long)]
    pub json: bool,
}

/// What is deleted.
#[derive(Args)]
pub struct Delete {
    /// Its id, name or subdomain.
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Delete it without asking.
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub waiting: Waiting,
    /// Print it as JSON; `null` when it is gone.
    #[arg(long)]
    pub json: bool,
}

/// Whether the end is waited for.
#[derive(Args)]
pub struct Waiting {
    /// Wait until it has ended, and show on standard error where it is.
    #[arg(long)]
    pub wait: bool,
    /// The longest time to wait, such as 90s, 20m or 2h; an hour unless it is given. What is waited for goes on.
    #[arg(long, value_name = "TIME", requires = "wait", value_parser = duration)]
    timeout: Option<Duration>,
}

impl Waiting {
    /// The longest time to wait.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(TIMEOUT)
    }
}

impl Command {
    /// Whether a program reads what is printed.
    pub fn is_json(&self) -> bool {
        let Self::Env { command } = self else {
            return false;
        };
        match command {
            EnvCommand::List(asked) => asked.json,
            EnvCommand::Show(asked) | EnvCommand::Cancel(asked) => asked.json,
            EnvCommand::Create(asked) => asked.json,
            EnvCommand::Deploy(asked) => asked.json,
            EnvCommand::Log(asked) => asked.json,
            EnvCommand::Password(asked) => asked.json,
            EnvCommand::Delete(asked) => asked.json,
            EnvCommand::Open(_) => false,
        }
    }
}
