//! What all requests share: the state behind its lock, the faults, the counts. Everything the control interface and
//! the handle can do is here.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
#[cfg(test)]
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::clock::{Event, Time};
use super::faults::{Fault, Faults};
use super::holds::{Held, Holds};
use super::ledger::Ledger;
use super::removal::{self, Change};
use super::{
    builds, calls::Call, listener::Door, locking::lock, outcomes::Plan, rate_limit::RateLimits,
    settings::Settings, state::State,
};

/// The server, as every handler has it.
pub type Shared = Arc<Server>;

/// The simulated Coolify.
pub struct Server {
    pub(super) state: Mutex<State>,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) faults: Mutex<Faults>,
    pub(super) rate_limits: Mutex<RateLimits>,
    pub(super) holds: Holds,
    /// Notified when something was changed, or may be due earlier than thought.
    pub(super) changed: Notify,
    pub(super) door: Door,
    /// Ends all tasks.
    pub(super) stopping: CancellationToken,
    pub(super) address: SocketAddr,
    /// Where its state is kept.
    pub(super) file: Option<PathBuf>,
    /// Held by whoever writes the file.
    pub(super) writing: Mutex<()>,
}

impl Server {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        let ip = self.address.ip();
        let any = ip.is_unspecified();
        let shown = if any { Ipv4Addr::LOCALHOST.into() } else { ip };
        format!("http://{}", SocketAddr::new(shown, self.port()))
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The state as it is now, with nothing overdue.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        if catch_up(&mut state, Time::now()) {
            self.changed.notify_one();
        }
        state
    }

    /// Lets calls go wrong.
    pub fn fault(&self, fault: Fault) {
        lock(&self.faults).0.push(fault);
    }

    /// Lets nothing go wrong any more. Held calls stay held.
    pub fn clear_faults(&self) {
        lock(&self.faults).0.clear();
    }

    /// All faults with how often each has struck.
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).0.clone()
    }

    /// Tells the next builds what to do.
    pub fn outcome(&self, plan: Plan) {
        self.state().plans.add(plan);
    }

    /// Changes the settings. `change` must not use the simulator itself, which is locked meanwhile.
    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut state = self.state();
        change(&mut state.settings);
        builds::begin_waiting(&mut state, Time::now());
        self.changed.notify_one();
    }

    /// Everything that ever happened, without values of variables and without tokens.
    pub fn ledger(&self) -> Ledger {
        let state = self.state();
        lock(&self.ledger).with(&state.records)
    }

    /// Changes an application behind Coolify's back, known by its name or identifier. Says whether there is one.
    pub fn set_state(&self, application: &str, change: &Change) -> bool {
        let found = removal::tamper(&mut self.state(), application, change);
        self.changed.notify_one();
        found
    }

    /// Lets every held call go on.
    pub fn release(&self) {
        self.holds.release();
    }

    /// The calls held now.
    pub fn held(&self) -> Vec<Held> {
        self.holds.list()
    }

    /// Refuses connections for so long, from the moment this returns, and resets those that are open.
    #[cfg(test)]
    pub async fn down(&self, lasting: Duration) {
        self.door.close(lasting, None).await;
    }
}

/// Lets everything happen that is due by now, in its order. Says whether anything did.
fn catch_up(state: &mut State, now: Time) -> bool {
    let mut happened = false;
    while let Some((at, event)) = state.clock.take_due(now) {
        happen(state, &event, at);
        happened = true;
    }
    happened
}

fn happen(state: &mut State, event: &Event, at: Time) {
    match event {
        Event::Step { deployment, script } => builds::take_step(state, deployment, *script, at),
        Event::StopContainers { application } => removal::stop_containers(state, application, at),
        Event::RemoveRows {
            application,
            volumes,
        } => removal::remove_rows(state, application, *volumes, at),
    }
}

/// Counts a call from now until this is dropped. Requests to applications are not counted.
pub struct Count {
    server: Shared,
    call: Call,
    answer: String,
}

impl Count {
    /// Begins to count a call; until something else is noted its caller has left.
    pub fn new(server: &Shared, call: Call) -> Self {
        if call != Call::Address {
            lock(&server.ledger).begin();
        }
        Self {
            server: Arc::clone(server),
            call,
            answer: "left".to_owned(),
        }
    }

    /// Notes what the call was answered.
    pub fn note(&mut self, answer: &str) {
        answer.clone_into(&mut self.answer);
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        if self.call != Call::Address {
            let (call, answer) = (self.call.name(), std::mem::take(&mut self.answer));
            tracing::debug!(call, answer, "simulated Coolify answered");
            lock(&self.server.ledger).end(call, answer);
        }
    }
}
