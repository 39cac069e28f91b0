//! The demo: the dashboard with a simulated Coolify, and the simulator by itself.

mod data;

use crate::config::{Config, Settings};
use crate::coolify::Connection;
use crate::simulator::{Options, Simulator};
use anyhow::Context;
use secrecy::SecretString;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use url::Url;

/// The preferred address of the demo's environments.
const PREFERRED_PORT: u16 = 3080;
/// The speed of builds relative to real time: one takes about 20 seconds.
const SPEED: f64 = 0.6;

/// Serves the dashboard with a simulated Coolify in the same process.
///
/// # Errors
/// As serving.
pub async fn run(mut settings: Settings, with_data: bool) -> anyhow::Result<()> {
    let options = Options {
        ledger_file: ledger_file(),
        speed: SPEED,
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
    let config = Config {
        demo: true,
        ..settings.check()?
    };
    simulator.settings(|settings| settings.outcomes_by_name = true);
    if with_data {
        data::fill(&config, &simulator).await?;
    }
    let ready = |address| format!("\n  vps-claude is ready: http://{}\n", shown(address));
    let served = Box::pin(crate::serve(&config, Some(ready))).await;
    simulator.stop().await;
    served
}

/// Binds the simulator to the port the demo used before, so that addresses stay valid; to any other if that is taken.
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
            .context("the simulated Coolify cannot start; if its coolify.json in DEMO_DIR is of another version, remove that folder"),
    }
}

/// The folder of the demo's database, as `scripts/demo` sets it.
fn ledger_file() -> Option<PathBuf> {
    let folder = std::env::var_os("DEMO_DIR").map(PathBuf::from)?;
    folder.is_dir().then(|| folder.join("coolify.json"))
}

/// The address that a browser on this machine opens.
pub fn shown(listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, listen.port()))
    } else {
        listen
    }
}

/// Serves only the simulated Coolify, until a signal.
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
    let stop = crate::stop_on_signal()?;
    let _ = writeln!(
        std::io::stdout(),
        "A simulated Coolify listens on {}",
        simulator.url()
    );
    stop.cancelled().await;
    simulator.stop().await;
    Ok(())
}
