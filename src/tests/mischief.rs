//! Mischief at Coolify, as stories ask for it. It knows the simulator's knobs.

use super::harness::{Dashboard, Made};
use crate::coolify::simulator::Change;
use crate::coolify::simulator::call::Call;
use crate::coolify::simulator::fault::{Fault, FaultKind};
use crate::coolify::simulator::outcome::{Outcome, Plan};

impl Dashboard {
    /// Lets a call go wrong until the faults are cleared.
    pub fn fault(&self, call: Call, fault: FaultKind) {
        self.simulator.fault(Fault::new(call, fault));
    }

    /// Lets a call go wrong once.
    pub fn fault_once(&self, call: Call, fault: FaultKind) {
        self.simulator.fault(Fault::new(call, fault).times(1));
    }

    /// Waits until a call of this kind is parked.
    pub async fn until_held(&self, call: Call) {
        self.until(&format!("{call:?} is parked"), async || {
            let held = self.simulator.held();
            held.iter().any(|held| held.call == call).then_some(())
        })
        .await;
    }

    /// What the next build does.
    pub fn next_build(&self, outcome: Outcome) {
        self.simulator.outcome(Plan {
            application: None,
            outcome,
            times: Some(1),
        });
    }

    /// What every build does from now on.
    pub fn every_build(&self, outcome: Outcome) {
        self.simulator.outcome(Plan {
            application: None,
            outcome,
            times: None,
        });
    }

    /// Something happens to the environment's application behind everybody's back.
    pub fn tamper(&self, made: &Made, change: &Change) {
        assert!(self.simulator.set_state(&made.subdomain, change));
    }
}
