//! A Coolify 4.3.11 over HTTP, for demonstrations and tests: its API (`routes/`), the addresses of the applications it
//! "runs" (`sites.rs`), and a control interface (`control.rs`). Builds are simulated (`builds/`): no container and no
//! repository is ever touched. Everything can be made to go wrong: see `faults.rs` for calls and `outcomes.rs` for
//! builds. The rate limit is in `rate_limit.rs`, the queue's limit in `routes/deployments.rs`, a build's log in
//! `builds/script.rs` with `data/scripts.json`, an application's own address in `sites.rs`.
//!
//! It knows Coolify's contract; it must not know our client of it, nor anything else of ours.

mod access;
mod application;
mod builds;
pub mod calls;
mod clock;
mod control;
mod deployment;
mod env;
pub mod faults;
mod inject;
pub mod ledger;
mod listener;
mod locking;
pub mod outcomes;
mod persistence;
pub mod platform;
mod rate_limit;
pub mod removal;
mod response;
mod routes;
mod server;
pub mod settings;
mod sites;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use faults::HeldCalls;
use listener::Port;
use persistence::Saved;
use platform::Platform;
use server::{Server, Shared};
use settings::Settings;

/// How a simulator is started. Everything else has Coolify's defaults: see [`Settings`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 for any that is free.
    pub listen: SocketAddr,
    pub token: String,
    pub project: String,
    pub server: String,
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

/// A running simulator. Copies of the handle mean the same one. What it can do is in [`Server`].
#[derive(Clone)]
pub struct Simulator {
    server: Shared,
    serving: AbortHandle,
}

impl Deref for Simulator {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Simulator {
    /// Starts listening, with everything that `ledger_file` remembers.
    ///
    /// # Errors
    /// When the address is taken or the file cannot be understood.
    pub async fn start(options: Options) -> io::Result<Self> {
        let Saved { mut state, ledger } = persistence::load(options.ledger_file.as_deref())?;
        let listener = Port::open(options.listen).await?;
        state.settings = Settings {
            speed: options.speed,
            token_abilities: BTreeMap::from([(options.token, vec!["root".to_owned()])]),
            ..Settings::default()
        };
        state.platform = Platform {
            project: options.project,
            server: options.server,
            environment: options.environment,
        };
        let server = Arc::new(Server {
            state: Mutex::new(state),
            ledger: Mutex::new(ledger),
            faults: Mutex::default(),
            rate_limit: Mutex::default(),
            held_calls: HeldCalls::default(),
            changed: Notify::new(),
            listener,
            file: options.ledger_file.map(Mutex::new),
        });
        let serving = tokio::spawn(serve(Arc::clone(&server))).abort_handle();
        Ok(Self { server, serving })
    }

    /// Stops for good, having written down everything.
    pub async fn stop(self) {
        self.serving.abort();
        self.server.listener.close(Duration::MAX, None).await;
        persistence::write(&self.server).await;
    }
}

async fn serve(server: Shared) {
    let sites = from_fn_with_state(Arc::clone(&server), sites::by_host);
    let router = routes::router(&server).merge(control::router(&server));
    let serving = server.listener.serve(router.layer(sites));
    tokio::join!(serving, persistence::follow(&server));
}
