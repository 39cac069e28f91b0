//! The commands of vps-claude; starts tracing, web and worker, and stops both on a signal.

mod actions;
mod app;
mod config;
mod coolify;
mod crash;
mod demo;
mod doctor;
mod domain;
mod queue;
mod redis;
mod simulator;
mod store;
#[cfg(test)]
mod tests;
mod web;
mod worker;

use anyhow::Context;
use app::{App, Pace, Parts};
use clap::Parser;
use config::{Command, CommandLine, Config, LogFormat};
use secrecy::ExposeSecret;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use web::Web;

/// Each hash takes 19 MiB in a short-lived thread, and the system's allocator would keep that memory for every thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The timeout for closing database connections.
const CLOSING: Duration = Duration::from_secs(2);
/// The exit code when a second signal ends the process at once.
const KILLED: i32 = 130;
/// The exit code for a missing or invalid setting.
const WRONG_SETTING: u8 = 2;
/// The prefix of every key in Redis.
const PREFIX: &str = "vps-claude:";
/// The log filter when `RUST_LOG` is not set. tower-sessions has a span for every request, which costs time and says nothing.
const LOG_FILTER: &str = "info,sqlxmq=warn,sqlx=warn,tower_sessions=warn";

#[tokio::main]
async fn main() -> ExitCode {
    let _points = crash::set_up();
    match Box::pin(run()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let wrong_setting = error.is::<config::Wrong>();
            say(&format!("vps-claude: {error:#}"));
            ExitCode::from(if wrong_setting { WRONG_SETTING } else { 1 })
        }
    }
}

/// Writes a line to standard error, ignoring errors: it may be closed.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

async fn run() -> anyhow::Result<()> {
    read_dotenv()?;
    let line = command_line()?;
    start_log(line.settings.log_format()?);
    match line.command.unwrap_or(Command::Serve) {
        Command::Serve => Box::pin(serve(&line.settings.check()?, None)).await,
        Command::Demo { with_data } => Box::pin(demo::run(line.settings, with_data)).await,
        Command::Doctor => doctor::run(&line.settings.check()?).await,
        Command::SimulateCoolify {
            listen,
            token,
            speed,
        } => demo::simulate(config::address(&listen)?, token, speed).await,
    }
}

/// Reads `.env` if it exists.
fn read_dotenv() -> Result<(), config::Wrong> {
    match dotenvy::dotenv() {
        Err(dotenvy::Error::LineParse(..)) => {
            Err(config::Wrong::Invalid(".env", unreadable_line()))
        }
        Err(dotenvy::Error::Io(error)) if !is_elsewhere(&error) => Err(config::Wrong::Invalid(
            ".env",
            format!("the file cannot be read: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Describes the position of the unreadable line. Its content is not printed, because it may contain a secret.
fn unreadable_line() -> String {
    let readable = dotenvy::dotenv_iter().into_iter().flatten();
    match readable.map_while(Result::ok).last() {
        Some((name, _)) => format!("the line after that of {name} cannot be read"),
        None => "its first line cannot be read".to_owned(),
    }
}

/// Whether the error is about a parent folder, which is searched too but need not be readable.
fn is_elsewhere(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::NotFound => true,
        io::ErrorKind::PermissionDenied => !Path::new(".env").is_file(),
        _ => false,
    }
}

/// Parses the command line. Help and version are printed and end the process; any other error is one line.
fn command_line() -> Result<CommandLine, config::Wrong> {
    CommandLine::try_parse().map_err(|error| {
        if !error.use_stderr() {
            error.exit();
        }
        let text = error.to_string();
        let first = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ");
        config::Wrong::Invalid(
            "the command line",
            format!("{first}; see vps-claude --help"),
        )
    })
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // Errors are ignored: if the log cannot be written, they cannot be reported either.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Serves the dashboard and runs its jobs until a signal. Prints what `ready` returns for the address once it accepts
/// connections.
///
/// # Errors
/// When the address is taken, or the migrations fail.
async fn serve(config: &Config, ready: Option<fn(SocketAddr) -> String>) -> anyhow::Result<()> {
    let pace = Pace {
        turn_wait: config.turn_timeout,
        ..Pace::default()
    };
    let app = build(config, PREFIX, pace)?;
    migrate(&app).await?;
    actions::hashing::warm_up();
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("LISTEN: cannot listen on {}", config.listen))?;
    let stop = stop_on_signal()?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "serving");
    if let Some(ready) = ready {
        let _ = writeln!(std::io::stdout(), "{}", ready(address));
    }
    let web = Web {
        app: app.clone(),
        secure: config.secure,
        public_url: config.public_url.clone().map(Into::into),
        proxies: web::Proxies::new(config.trusted_proxies.clone()).into(),
        demo: config.demo,
    };
    let worker = tokio::spawn(worker::run(app.clone(), stop.clone()));
    let served = tokio::spawn(web::serve(listener, web, stop.clone())).await;
    stop.cancel();
    if let Err(error) = worker.await {
        tracing::error!(%error, "the worker panicked");
    }
    let _: Result<(), _> = tokio::time::timeout(CLOSING, app.pool.close()).await;
    tracing::info!("stopped");
    Ok(served??)
}

/// Runs the migrations.
async fn migrate(app: &App) -> anyhow::Result<()> {
    store::migrate(&app.pool)
        .await
        .context("DATABASE_URL: the tables cannot be brought up to date")
}

/// Builds the application; does not connect yet.
///
/// # Errors
/// When a setting is invalid.
fn build(config: &Config, prefix: &str, pace: Pace) -> anyhow::Result<App> {
    let options = sqlx::postgres::PgConnectOptions::from_str(config.database_url.expose_secret())
        .map_err(|_| {
        config::Wrong::Invalid(
            "DATABASE_URL",
            "postgres://user:password@host:5432/database is needed".to_owned(),
        )
    })?;
    let redis = redis::Redis::connect(config.redis_url.as_ref().map(ExposeSecret::expose_secret))
        .map_err(|_| {
        config::Wrong::Invalid("REDIS_URL", "redis://host:6379 is needed".to_owned())
    })?;
    let source = config.source.clone();
    let branch = coolify::Branch::new(&source.repository, &source.branch)?;
    Ok(App::new(Parts {
        pool: store::pool(options),
        client: coolify::Client::new(config.coolify.clone(), config.source.clone())?,
        probe: coolify::Probe::new()?,
        redis,
        prefix: prefix.to_owned(),
        domain: config.domain.clone(),
        folder: config.folder.clone(),
        repository: source.repository,
        branch: branch.filter(|_| config.updates),
        registration_open: config.registration_open,
        pace,
    }))
}

/// A token cancelled by the first signal to stop, from now on. A second signal ends the process at once.
///
/// # Errors
/// When signal handlers cannot be installed.
fn stop_on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        for times in 0..2 {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if times == 0 {
                tracing::info!(
                    "stopping: requests and steps are finished first; again to stop at once"
                );
                asked.cancel();
            }
        }
        std::process::exit(KILLED);
    });
    Ok(stop)
}
