//! Mischief at Coolify, as stories ask for it. It knows the simulator's knobs.

use super::harness::{Dashboard, Made};
use crate::coolify::Error;
use crate::simulator::Options;
use crate::simulator::calls::Call;
use crate::simulator::faults::{Fault, FaultKind};
use crate::simulator::outcomes::{Outcome, Plan};
use crate::simulator::removal::Change;
use serde_json::json;
use std::time::Duration;

impl Dashboard {
    /// Lets a call go wrong until the faults are cleared.
    pub fn fault(&self, call: Call, fault: FaultKind) {
        self.simulator.fault(Fault::new(call, fault));
    }

    /// Lets a call go wrong once.
    pub fn fault_once(&self, call: Call, fault: FaultKind) {
        self.simulator.fault(Fault::new(call, fault).times(1));
    }

    /// Nobody reaches Coolify any more.
    pub async fn out_of_reach(&self) {
        self.simulator.down(Duration::from_hours(1)).await;
    }

    /// Everybody reaches Coolify again.
    pub async fn within_reach(&self) {
        self.simulator.down(Duration::ZERO).await;
    }

    /// What Coolify is asked to delete stays until `let_go`.
    pub fn keep_what_is_deleted(&self) {
        self.simulator
            .settings(|settings| settings.delete_seconds = Some(1e6));
    }

    /// Waits until Coolify was asked to delete it, and lets it go: it is asked once more, and now it hurries.
    pub async fn let_go(&self, made: &Made) {
        self.until("Coolify was asked to delete it", async || {
            (self.calls("delete", "200") > 0).then_some(())
        })
        .await;
        self.simulator
            .settings(|settings| settings.delete_seconds = Some(0.0));
        let uuid = self.column(made, "application_uuid").await.unwrap();
        let asked = self.app.coolify.remove(&uuid).await;
        // The dashboard may have asked again meanwhile, and it is gone already.
        assert!(matches!(asked, Ok(()) | Err(Error::NotFound)), "{asked:?}");
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

    /// An application is made behind our back at the environment's address, under this name. Under the environment's own name
    /// it has its mark, too, as one has that a lost request of ours made.
    pub async fn squat(&self, made: &Made, name: &str) {
        let options = Options::default();
        let description = if name == made.subdomain {
            format!("vps-claude {}", made.id)
        } else {
            "somebody else's".to_owned()
        };
        let order = json!({
            "project_uuid": options.project,
            "server_uuid": options.server,
            "environment_name": options.environment,
            "git_repository": "https://github.com/somebody/else",
            "git_branch": "main",
            "build_pack": "dockerfile",
            "ports_exposes": "80",
            "name": name,
            "description": description,
            "domains": self.app.domain.fqdn(&made.subdomain),
        });
        let request = reqwest::Client::new()
            .post(format!(
                "{}/api/v1/applications/public",
                self.simulator.url()
            ))
            .bearer_auth(options.token)
            .json(&order);
        assert_eq!(request.send().await.unwrap().status(), 201);
    }
}
