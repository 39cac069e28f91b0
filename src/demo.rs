//! The demo: the dashboard with a simulated Coolify, and the simulated Coolify alone.

use crate::config::Settings;
use crate::coolify::Connection;
use crate::coolify::simulator::{Options, Simulator};
use anyhow::Context;
use secrecy::SecretString;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use url::Url;

/// Where the demo's environments answer, if the port is free.
const PREFERRED_PORT: u16 = 3080;

/// Serves the dashboard with a simulated Coolify in the same process.
///
/// # Errors
/// As serving.
pub async fn run(mut settings: Settings) -> anyhow::Result<()> {
    let options = Options {
        ledger_file: ledger_file(),
        ..Options::default()
    };
    let simulator = start(options.clone()).await?;
    let coolify = Connection {
        url: Url::parse(&simulator.url())?,
        token: SecretString::from(options.token),
        project_uuid: options.project,
        server_uuid: options.server,
        environment_name: options.environment,
        destination_uuid: None,
    };
    settings.for_demo(&coolify, format!("localhost:{}", simulator.port()));
    let config = settings.check()?;
    let ready = format!("\n  vps-claude is ready: http://{}\n", shown(config.listen));
    let served = Box::pin(crate::serve(&config, Some(ready))).await;
    simulator.stop().await;
    served
}

/// The simulator at the port the demo used before, so that addresses stay; at any other if that is taken.
async fn start(options: Options) -> anyhow::Result<Simulator> {
    let preferred = SocketAddr::from((Ipv4Addr::LOCALHOST, PREFERRED_PORT));
    match Simulator::start(Options {
        listen: preferred,
        ..options.clone()
    })
    .await
    {
        Ok(simulator) => Ok(simulator),
        Err(_) => Simulator::start(options)
            .await
            .context("the simulated Coolify cannot start"),
    }
}

/// Beside the demo's database, where `scripts/demo` says that is.
fn ledger_file() -> Option<PathBuf> {
    let folder = std::env::var_os("DEMO_DIR").map(PathBuf::from)?;
    folder.is_dir().then(|| folder.join("coolify.json"))
}

fn shown(listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, listen.port()))
    } else {
        listen
    }
}

/// Serves a simulated Coolify alone until a signal.
///
/// # Errors
/// When the address is taken.
pub async fn simulate(listen: SocketAddr, token: String, speed: f64) -> anyhow::Result<()> {
    let simulator = Simulator::start(Options {
        listen,
        token,
        speed,
        ..Options::default()
    })
    .await?;
    let _ = writeln!(
        std::io::stdout(),
        "A simulated Coolify listens on {}",
        simulator.url()
    );
    let stop = tokio_util::sync::CancellationToken::new();
    crate::stop_on_signal(stop).await;
    simulator.stop().await;
    Ok(())
}
