//! The commands of vps-claude; starts tracing, web and worker, and stops both on a signal.

mod actions;
mod api;
mod app;
mod archive;
mod backup;
mod cli;
mod config;
mod coolify;
mod crash;
mod database;
mod demo;
mod doctor;
mod domain;
mod healthcheck;
mod http;
mod metrics;
mod private_postgres;
mod queue;
mod redis;
mod restore;
mod router;
mod settings;
mod signals;
mod simulator;
mod status;
mod store;
mod telemetry;
#[cfg(test)]
mod tests;
mod user;
mod web;
mod worker;

use actions::checks;
use anyhow::Context;
use app::{App, Pace, Parts};
use config::given::Given;
use config::manual;
use config::{Command, Config, Log, LogFormat};
use database::{during, serving};
use secrecy::ExposeSecret;
use signals::{Interrupted, KILLED, Stop};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Each hash takes 19 MiB in a short-lived thread, and the system's allocator would keep that memory for every thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The timeout for closing database connections.
const CLOSING: Duration = Duration::from_secs(2);
/// The exit code for a missing or invalid setting.
const WRONG_SETTING: u8 = 2;
/// The prefix of every key in Redis.
const PREFIX: &str = "vps-claude:";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    match cli::run(&arguments) {
        Some(code) => code,
        None => serve_or_manage(),
    }
}

/// Carries out a command of the server.
#[tokio::main]
async fn serve_or_manage() -> ExitCode {
    let _points = crash::set_up();
    match Box::pin(run()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if error.is::<Interrupted>() {
                // Whatever still runs is not waited for.
                std::process::exit(KILLED.into());
            }
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
    let given = Given::read()?;
    let settings = &given.line.settings;
    let command = given.line.command.clone().unwrap_or(Command::Serve);
    let is_logged = !matches!(
        command,
        Command::Config | Command::Healthcheck | Command::Completions { .. } | Command::Man
    );
    let log = is_logged.then(|| settings.log()).transpose()?;
    let _traces = log.map(start_log);
    Box::pin(carry_out(given, command)).await
}

async fn carry_out(given: Given, command: Command) -> anyhow::Result<()> {
    let settings = &given.line.settings;
    let check = || settings.check();
    match command {
        Command::Serve => {
            let stop = Stop::on_signal()?;
            serving(configured(&given)?, &stop, async |it| {
                serve(it, None, &stop).await
            })
            .await
        }
        Command::Demo { with_data } => Box::pin(demo::run(given.line.settings, with_data)).await,
        Command::User { command } => {
            during(check()?, async |it| user::run(it, command).await).await
        }
        Command::Doctor { json } => {
            during(configured(&given)?, async |it| doctor::run(it, json).await).await
        }
        Command::Status { json } => during(check()?, async |it| status::run(it, json).await).await,
        Command::Backup { file } => {
            let lines = given.report();
            during(check()?, async |it| backup::run(it, &lines, &file).await).await
        }
        Command::Restore { file } => {
            during(check()?, async |it| restore::run(it, &file).await).await
        }
        Command::Config => settings::print(&given).await,
        Command::Healthcheck => healthcheck::run(settings.listen()?).await,
        Command::Completions { shell } => print(&manual::completions(shell)),
        Command::Man => print(&manual::page()?),
        Command::SimulateCoolify {
            listen,
            token,
            speed,
        } => demo::simulate(config::address("LISTEN", &listen)?, token, speed).await,
    }
}

/// The settings, and what looks like one and is none.
///
/// # Errors
/// The first one that is missing or wrong.
fn configured(given: &Given) -> Result<Config, config::Wrong> {
    Ok(Config {
        misspelled: given.misspelled(),
        shown: given.shown(),
        ..given.line.settings.check()?
    })
}

/// Prints a text that a shell or another program reads.
///
/// # Errors
/// When it cannot be written whole.
fn print(text: &[u8]) -> anyhow::Result<()> {
    let written = io::stdout().write_all(text);
    written.context("standard output cannot be written")
}

fn start_log(log: Log) -> telemetry::Traces {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(log.filter)
        .with_ansi(io::stderr().is_terminal())
        // Errors are ignored: if the log cannot be written, they cannot be reported either.
        .log_internal_errors(false)
        .with_writer(io::stderr);
    match log.format {
        LogFormat::Text => telemetry::begin(lines.finish()),
        LogFormat::Json => telemetry::begin(lines.json().finish()),
    }
}

/// Serves the dashboard and runs its jobs until it is asked to stop. Prints what `ready` returns for the address once it
/// accepts connections.
///
/// # Errors
/// When the address is taken, or the migrations fail.
async fn serve(
    config: &Config,
    ready: Option<fn(SocketAddr) -> String>,
    stop: &Stop,
) -> anyhow::Result<()> {
    let app = build(config, PREFIX, pace(config))?;
    stop.unless_asked(migrate(&app, config)).await?;
    actions::hashing::warm_up();
    let listener = listen("LISTEN", config.listen).await?;
    let stop = announced(stop);
    serve_metrics(config, &app, &stop).await?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "serving");
    print_set_up(&app, config, address).await?;
    if let Some(ready) = ready {
        let _ = writeln!(std::io::stdout(), "{}", ready(address));
    }
    let checks = Arc::new(checked(&app, config)?);
    checks::at_start(&app, &checks, config.demo);
    let worker = tokio::spawn(worker::run(app.clone(), stop.clone()));
    let router = router::router(&app, config, checks, stop.clone());
    let served = web::serve(
        listener,
        router,
        router::refused(config.secure),
        stop.clone(),
    );
    let served = tokio::spawn(served).await;
    stop.cancel();
    if let Err(error) = worker.await {
        tracing::error!(%error, "the worker panicked");
    }
    let _: Result<(), _> = tokio::time::timeout(CLOSING, app.pool.close()).await;
    tracing::info!("stopped");
    Ok(served?)
}

/// All timings, with those that are settings.
fn pace(config: &Config) -> Pace {
    Pace {
        turn_wait: config.turn_timeout,
        log_retention: config.log_retention,
        audit_retention: config.audit_retention,
        ..Pace::default()
    }
}

/// Serves metrics, if they have an address.
///
/// # Errors
/// When it is taken.
async fn serve_metrics(config: &Config, app: &App, stop: &CancellationToken) -> anyhow::Result<()> {
    if let Some(address) = config.metrics_listen {
        let listener = listen("METRICS_LISTEN", address).await?;
        tracing::info!(address = %listener.local_addr()?, "serving metrics");
        tokio::spawn(web::serve_metrics(listener, app.clone(), stop.clone()));
    }
    Ok(())
}

async fn listen(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("{setting}: cannot listen on {address}"))
}

/// Prints a link that makes the first administrator, as long as there is none.
///
/// # Errors
/// When the database fails.
async fn print_set_up(app: &App, config: &Config, address: SocketAddr) -> anyhow::Result<()> {
    let Some(token) = actions::invitations::set_up(app).await? else {
        return Ok(());
    };
    let base = base(config, address);
    tracing::warn!(
        "nobody administers this dashboard yet; open {base}/register?link={token} to do it"
    );
    Ok(())
}

/// The address that people use, as far as it is known here.
fn base(config: &Config, address: SocketAddr) -> String {
    match &config.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{}", demo::shown(address)),
    }
}

/// Waits for the database and runs the migrations.
async fn migrate(app: &App, config: &Config) -> anyhow::Result<()> {
    let servers = config.servers()?;
    let migrated = async {
        store::servers::wait(&app.pool, &servers).await?;
        store::servers::migrate(&app.pool).await
    };
    migrated.await.context("DATABASE_URL")
}

/// Builds the application; does not connect yet.
///
/// # Errors
/// When a setting is invalid.
fn build(config: &Config, prefix: &str, pace: Pace) -> anyhow::Result<App> {
    let servers = config.servers()?;
    let redis = redis::Redis::connect(config.redis_url.as_ref().map(ExposeSecret::expose_secret))
        .map_err(|_| {
        config::Wrong::Invalid("REDIS_URL", "redis://host:6379 is needed".to_owned())
    })?;
    let source = &config.source;
    let branch = coolify::Branch::new(&source.repository, &source.branch)?;
    Ok(App::new(Parts {
        pool: store::servers::pool(&servers),
        client: coolify::Client::new(config.coolify.clone(), config.source.clone())?,
        probe: coolify::Probe::new()?,
        archive: config.archive()?,
        redis,
        prefix: prefix.to_owned(),
        domain: config.domain.clone(),
        folder: config.folder.clone(),
        repositories: coolify::Repositories::new(config.choices())?,
        branch: branch.filter(|_| config.updates),
        registration: config.registration,
        allowance: config.allowance,
        pace,
    }))
}

/// What the checks of the settings need beside the application.
///
/// # Errors
/// When TLS cannot be configured.
fn checked(app: &App, config: &Config) -> anyhow::Result<checks::Setup> {
    let source = &config.source;
    let branch = match &app.branch {
        None => coolify::Branch::new(&source.repository, &source.branch)?,
        watched => watched.clone(),
    };
    Ok(checks::Setup {
        servers: config.servers()?,
        redis_url: config.redis_url.clone(),
        destination: config.coolify.destination_uuid.clone(),
        branch,
        public_url: config.public_url.clone(),
        misspelled: config.misspelled.clone(),
    })
}

/// The token of the first signal, which is logged.
fn announced(stop: &Stop) -> CancellationToken {
    let asked = stop.asked.clone();
    tokio::spawn(async move {
        asked.cancelled().await;
        tracing::info!("stopping: requests and steps are finished first; again to stop at once");
    });
    stop.asked.clone()
}
