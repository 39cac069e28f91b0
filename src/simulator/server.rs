//! What all requests share: the state behind its lock, the faults, the counts; and what the control interface does.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
#[cfg(test)]
use std::time::Duration;

use tokio::sync::Notify;

use super::clock::{Event, Time};
use super::faults::{Fault, Held, HeldCalls};
use super::removal::{self, Change};
use super::{builds, ledger::Ledger, listener::Port, locking::lock};
use super::{outcomes::Plan, rate_limit::RateLimit, settings::Settings, state::State};

/// The server, as every handler has it.
pub type Shared = Arc<Server>;

/// The simulated Coolify.
pub struct Server {
    pub(super) state: Mutex<State>,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) faults: Mutex<Vec<Fault>>,
    pub(super) rate_limit: Mutex<RateLimit>,
    pub(super) held_calls: HeldCalls,
    /// Notified when something was changed, or may be due earlier than thought.
    pub(super) changed: Notify,
    pub(super) listener: Port,
    /// Where its state is saved; held by whoever writes the file.
    pub(super) file: Option<Mutex<PathBuf>>,
}

impl Server {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        let mut shown = self.listener.address;
        if shown.ip().is_unspecified() {
            shown.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        format!("http://{shown}")
    }

    pub fn port(&self) -> u16 {
        self.listener.address.port()
    }

    /// The state as it is now: everything has happened that is due.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = lock(&self.state);
        while let Some((at, event)) = state.clock.take_due(Time::now()) {
            self.changed.notify_one();
            let state = &mut state;
            match event {
                Event::Step(id, script) => builds::take_step(state, id, script, at),
                Event::StopContainers(uuid) => removal::stop_containers(state, &uuid, at),
                Event::RemoveRows(uuid, volumes) => removal::remove_rows(state, &uuid, volumes, at),
            }
        }
        state
    }

    pub fn fault(&self, fault: Fault) {
        lock(&self.faults).push(fault);
    }

    /// Lets nothing go wrong any more. Held calls stay held.
    pub fn clear_faults(&self) {
        lock(&self.faults).clear();
    }

    /// All faults with how often each has struck.
    pub fn faults(&self) -> Vec<Fault> {
        lock(&self.faults).clone()
    }

    pub fn outcome(&self, plan: Plan) {
        self.state().plans.push(plan);
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
        let found = removal::apply_change(&mut self.state(), application, change);
        self.changed.notify_one();
        found
    }

    pub fn release(&self) {
        self.held_calls.release();
    }

    pub fn held(&self) -> Vec<Held> {
        self.held_calls.list()
    }

    /// Refuses connections for so long, from the moment this returns, and resets those that are open.
    #[cfg(test)]
    pub async fn down(&self, lasting: Duration) {
        self.listener.close(lasting, None).await;
    }
}
