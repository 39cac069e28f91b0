//! The demo: the dashboard with a simulated Coolify, and the simulator by itself.

mod data;

use crate::archive::Place;
use crate::config::{Config, Settings};
use crate::coolify::Connection;
use crate::signals::Stop;
use crate::simulator::{Options, Simulator};
use crate::{database, private_postgres};
use anyhow::Context;
use secrecy::SecretString;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use url::Url;

/// The preferred address of the demo's environments.
const PREFERRED_PORT: u16 = 3080;
/// The speed of builds relative to real time: one takes about 20 seconds.
const SPEED: f64 = 0.6;
/// Its folder in that for data, and the simulator's file there.
const FOLDER: &str = "demo";
const LEDGER: &str = "coolify.json";

/// Serves the dashboard with a simulated Coolify in the same process. Without a database of its own both keep their data in
/// a folder.
///
/// # Errors
/// As serving.
pub async fn run(mut settings: Settings, with_data: bool) -> anyhow::Result<()> {
    let stop = Stop::on_signal()?;
    let folder = settings.data_dir()?.join(FOLDER);
    let kept = settings.database_url()?.is_none();
    let _lock = if kept { Some(take(&folder)?) } else { None };
    let options = Options {
        ledger_file: kept.then(|| folder.join(LEDGER)),
        speed: SPEED,
        ..Options::default()
    };
    let simulator = start(options.clone()).await?;
    settings.for_demo(&connection(&simulator, options)?, domain(&simulator));
    let config = Config {
        demo: true,
        log_store: Place::Folder(folder.join("logs")),
        data_dir: folder,
        ..settings.check()?
    };
    simulator.settings(|settings| settings.outcomes_by_name = true);
    let served = database::serving(config, &stop, async |config| {
        if with_data {
            stop.unless_asked(Box::pin(data::fill(config, &simulator)))
                .await?;
        }
        let ready = |address| format!("\n  vps-claude is ready: http://{}\n", shown(address));
        Box::pin(crate::serve(config, Some(ready), &stop)).await
    });
    let served = Box::pin(served).await;
    simulator.stop().await;
    served
}

/// Makes the folder, and holds it for this process: the simulated Coolify's file is of one alone.
fn take(folder: &Path) -> anyhow::Result<File> {
    private_postgres::make_folder(folder).map_err(database::worded)?;
    let file = folder.join("demo.lock");
    let opened = File::options().append(true).create(true).open(&file);
    let file = opened.with_context(|| format!("{}", file.display()))?;
    let taken = file.try_lock();
    taken.with_context(|| format!("another demo uses {}; stop it first", folder.display()))?;
    Ok(file)
}

fn connection(simulator: &Simulator, options: Options) -> anyhow::Result<Connection> {
    Ok(Connection {
        url: Url::parse(&simulator.url())?,
        token: SecretString::from(options.token),
        project_uuid: options.project,
        server_uuid: options.server,
        environment_name: options.environment,
        destination_uuid: None,
    })
}

fn domain(simulator: &Simulator) -> String {
    format!("localhost:{}", simulator.port())
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
            .context("the simulated Coolify cannot start; if the file coolify.json in the folder demo of DATA_DIR is of another version, remove that folder"),
    }
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
    let stop = Stop::on_signal()?;
    let _ = writeln!(
        std::io::stdout(),
        "A simulated Coolify listens on {}",
        simulator.url()
    );
    stop.asked.cancelled().await;
    simulator.stop().await;
    Ok(())
}
