//! The ledger: what ever happened here, for tests and for whoever watches a demonstration. It never holds a variable's
//! value, a token or a body.

use super::calls::Call;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Everything that ever happened. It counts calls as they come and go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    /// Every application there ever was, oldest first.
    pub applications: Vec<Record>,
    /// How often each call got each answer: a status, or `reset`, `hang` or `left`.
    pub calls: BTreeMap<String, BTreeMap<String, u64>>,
    pub calls_total: u64,
    /// The most calls that were ever under way at once.
    pub highest_concurrent: usize,
    pub calls_last_minute: usize,
    pub most_calls_in_a_minute: usize,
    #[serde(skip)]
    under_way: usize,
    #[serde(skip)]
    recent: VecDeque<Instant>,
}

impl Ledger {
    /// A call begins. Requests to applications are not counted.
    pub fn begin(&mut self, call: Call) {
        if call == Call::Address {
            return;
        }
        self.calls_total += 1;
        self.under_way += 1;
        self.highest_concurrent = self.highest_concurrent.max(self.under_way);
        self.recent.push_back(Instant::now());
        self.forget_old();
        self.most_calls_in_a_minute = self.most_calls_in_a_minute.max(self.recent.len());
    }

    /// A call is over, with an answer or without.
    pub fn end(&mut self, call: Call, answer: String) {
        if call == Call::Address {
            return;
        }
        tracing::debug!(?call, answer, "simulated Coolify answered");
        self.under_way = self.under_way.saturating_sub(1);
        let answers = self.calls.entry(call.name()).or_default();
        *answers.entry(answer).or_default() += 1;
    }

    /// The ledger as it stands, with these applications.
    pub fn with(&mut self, applications: &[Record]) -> Self {
        self.forget_old();
        Self {
            applications: applications.to_vec(),
            calls_last_minute: self.recent.len(),
            ..self.clone()
        }
    }

    fn forget_old(&mut self) {
        let old = |at: &Instant| at.elapsed() >= Duration::from_mins(1);
        while self.recent.front().is_some_and(old) {
            self.recent.pop_front();
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Record {
    pub uuid: String,
    pub name: String,
    pub fqdn: String,
    pub description: Option<String>,
    pub created_at: String,
    pub deleted_at: Option<String>,
    /// It was removed behind Coolify's back and not by a call.
    pub vanished: bool,
    pub volumes: Vec<Volume>,
    pub volumes_removed: bool,
    /// Its deletion pruned the whole server's build cache.
    pub docker_cleanup: bool,
    pub deployments_requested: u32,
    pub builds_started: u32,
    pub builds_at_once: usize,
    /// The most deployments that waited or built at once.
    pub deployments_at_once: usize,
    /// A container of it runs although its rows are gone.
    pub orphan_container: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Volume {
    /// Docker's name of it.
    pub name: String,
    pub mount_path: String,
    pub removed: bool,
}

/// Writes into the record of an application.
pub fn note(records: &mut [Record], uuid: &str, change: impl FnOnce(&mut Record)) {
    // What changes is young, mostly.
    let mut newest_first = records.iter_mut().rev();
    if let Some(record) = newest_first.find(|record| record.uuid == uuid) {
        change(record);
    }
}
