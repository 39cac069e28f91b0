//! A Coolify 4.3.11 over HTTP, for demonstrations and tests: its API, the addresses of the applications it
//! "runs", and a control interface under `/simulator/` through which everything can be made to go wrong.
//!
//! It knows Coolify's contract; it must not know our client of it, nor anything else of ours. Builds are played
//! and not made: no container and no repository is ever touched.

mod address;
mod answer;
mod api;
mod application;
pub mod call;
mod clockwork;
mod container;
mod control;
mod defaults;
mod deployment;
mod entrance;
mod fate;
pub mod fault;
mod gate;
pub mod hold;
mod inner;
mod keep;
pub mod ledger;
mod moment;
pub mod outcome;
mod pages;
mod removal;
mod script;
pub mod settings;
mod site;
mod socket;
#[cfg(test)]
mod tests;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::task::JoinHandle;

use self::fault::{Fault, Posted};
use self::hold::Held;
use self::inner::Inner;
use self::ledger::Ledger;
use self::moment::Moment;
use self::outcome::Plan;
use self::settings::Settings;
use self::site::Site;
use self::socket::{Doorway, Lines, Peer};

/// Between two tries to get the port back.
const RETRY: Duration = Duration::from_millis(20);

/// How a simulator is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 for any that is free.
    pub listen: SocketAddr,
    /// The token that may do everything.
    pub token: String,
    /// The project's identifier.
    pub project: String,
    /// The server's identifier.
    pub server: String,
    /// The environment's name.
    pub environment: String,
    /// How many times faster than life builds and removals go.
    pub speed: f64,
    /// Where applications outlive the process; nowhere when absent.
    pub ledger_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: "1|simulated-token".to_owned(),
            project: "zdoc9is0j8ht9lgmxg9edn58".to_owned(),
            server: "s0ce9uvw53efr4edt2sywb3w".to_owned(),
            environment: "production".to_owned(),
            speed: 1.0,
            ledger_file: None,
        }
    }
}

/// What is done to an application behind everybody's back.
#[derive(Clone, Debug)]
pub enum Change {
    /// Its status becomes this: a state, or state and health with a colon between them.
    State(String),
    /// It is gone, containers and rows.
    Vanish,
    /// Its address stops answering, or answers again.
    Deaf(bool),
}

/// A running simulator. Copies of the handle mean the same one.
#[derive(Clone)]
pub struct Simulator(Arc<Inner>);

impl Simulator {
    /// Starts listening, with everything that `ledger_file` remembers.
    ///
    /// # Errors
    /// When the address is taken or the file cannot be understood.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (world, traffic) = keep::load(options.ledger_file.as_deref())?;
        let lines = Lines::default();
        let doorway = Doorway::open(options.listen, lines.clone()).await?;
        let address = doorway.address()?;
        let world = world.at(site(&options), settings(&options));
        let inner = Inner::new(world, traffic, address, lines, options.ledger_file);
        let simulator = Self(Arc::new(inner));
        *simulator.0.door.lock().await = Some(simulator.serve(doorway));
        tokio::spawn(keep::run(Arc::clone(&simulator.0)));
        Ok(simulator)
    }

    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        let ip = self.0.address.ip();
        let shown = if ip.is_unspecified() {
            Ipv4Addr::LOCALHOST.into()
        } else {
            ip
        };
        format!("http://{}", SocketAddr::new(shown, self.port()))
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.0.address.port()
    }

    /// Lets calls go wrong.
    pub fn fault(&self, fault: Fault) {
        self.0.state().faults.add(fault);
    }

    /// Lets nothing go wrong any more. Parked calls stay parked.
    pub fn clear_faults(&self) {
        self.0.state().faults.clear();
    }

    /// All faults with how often each has struck.
    pub fn faults(&self) -> Vec<Posted> {
        self.0.state().faults.list()
    }

    /// Tells the next builds what to do.
    pub fn outcome(&self, plan: Plan) {
        self.0.state().world.plans.add(plan);
    }

    /// Turns knobs. `change` must not use the simulator itself, which waits meanwhile.
    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        let world = &mut self.0.state().world;
        change(&mut world.settings);
        world.site.server_reachable = world.settings.server_reachable;
        world.begin_waiting(Moment::now());
        self.0.ring();
    }

    /// Everything that ever happened, without values of variables and without tokens.
    pub fn ledger(&self) -> Ledger {
        let mut state = self.0.state();
        let records = state.world.records.all();
        state.traffic.ledger(records)
    }

    /// Changes an application, known by its name or identifier. Says whether there is one.
    pub fn set_state(&self, application: &str, change: &Change) -> bool {
        let found = self.0.state().world.tamper(application, change);
        self.0.ring();
        found
    }

    /// Lets every parked call go on.
    pub fn release(&self) {
        self.0.holds.release();
    }

    /// The calls parked now.
    pub fn held(&self) -> Vec<Held> {
        self.0.holds.list()
    }

    /// Refuses connections for so long, from the moment this returns, and severs those that are open.
    #[cfg(test)]
    pub async fn down(&self, lasting: Duration) {
        self.close(lasting, None).await;
    }

    /// Stops for good, having written down everything.
    pub async fn stop(self) {
        self.0.stopping.cancel();
        if let Some(door) = self.0.door.lock().await.take() {
            shut(door).await;
        }
        self.0.lines.sever_all(None);
        keep::write(&self.0).await;
    }

    fn inner(&self) -> &Inner {
        &self.0
    }

    /// Writes down what a call has changed, before it is answered.
    async fn keep(&self) {
        keep::write(&self.0).await;
    }

    async fn close(&self, lasting: Duration, spared: Option<&Peer>) {
        let mut door = self.0.door.lock().await;
        if let Some(open) = door.take() {
            shut(open).await;
        }
        self.0.lines.sever_all(spared);
        let simulator = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(lasting).await;
            let stopping = simulator.0.stopping.clone();
            stopping.run_until_cancelled(simulator.reopen()).await;
        });
    }

    async fn reopen(&self) {
        let mut door = self.0.door.lock().await;
        while door.is_none() {
            match Doorway::open(self.0.address, self.0.lines.clone()).await {
                Ok(doorway) => *door = Some(self.serve(doorway)),
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        }
    }

    fn serve(&self, doorway: Doorway) -> JoinHandle<()> {
        let router = Router::new()
            .fallback(entrance::receive)
            .with_state(self.clone());
        let service = router.into_make_service_with_connect_info::<Peer>();
        tokio::spawn(async move {
            if let Err(error) = axum::serve(doorway, service).await {
                tracing::error!(%error, "simulator stopped listening");
            }
        })
    }
}

async fn shut(door: JoinHandle<()>) {
    door.abort();
    // Only once the task is gone is its socket closed; that it was aborted is no news.
    door.await.ok();
}

fn site(options: &Options) -> Site {
    Site {
        project: options.project.clone(),
        server: options.server.clone(),
        environment: options.environment.clone(),
        server_reachable: true,
        since: Moment::now(),
    }
}

fn settings(options: &Options) -> Settings {
    let everything = vec!["root".to_owned()];
    Settings {
        speed: options.speed,
        token_abilities: BTreeMap::from([(options.token.clone(), everything)]),
        ..Settings::default()
    }
}
