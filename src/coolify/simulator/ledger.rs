//! The ledger: what ever happened here, for tests and for whoever watches a demonstration.
//!
//! It knows what is worth remembering; it must not hold a variable's value, a token or a body.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Everything that ever happened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Every application there ever was, oldest first.
    pub applications: Vec<Record>,
    /// How often each call got each answer: a status, or `reset`, `hang` or `left`.
    pub calls: BTreeMap<String, BTreeMap<String, u64>>,
    /// All calls of the API together.
    pub calls_total: u64,
    /// The most calls that were ever under way at once.
    pub highest_concurrent: usize,
    /// Calls within the last 60 real seconds.
    pub calls_last_minute: usize,
    /// The most there ever were within 60 real seconds.
    pub most_calls_in_a_minute: usize,
}

/// What is remembered of one application.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct Record {
    /// Coolify's identifier.
    pub uuid: String,
    /// The name it was created with.
    pub name: String,
    /// Its addresses.
    pub fqdn: String,
    /// Its description.
    pub description: Option<String>,
    /// When it was created.
    pub created_at: String,
    /// When its rows vanished.
    pub deleted_at: Option<String>,
    /// It was removed by `vanish` and not by a call.
    pub vanished: bool,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// It is gone, and so are all of its volumes.
    pub volumes_removed: bool,
    /// Its deletion pruned the whole server's build cache.
    pub docker_cleanup: bool,
    /// Deployments that were asked for.
    pub deployments_requested: u32,
    /// Builds that began.
    pub builds_started: u32,
    /// The most builds at once.
    pub builds_at_once: usize,
    /// The most deployments that waited or built at once.
    pub deployments_at_once: usize,
    /// A container of it runs although its rows are gone.
    pub orphan_container: bool,
}

/// What is remembered of a volume.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Volume {
    /// Docker's name of it.
    pub name: String,
    /// Where it was mounted.
    pub mount_path: String,
    /// Whether it was removed from the server.
    pub removed: bool,
}

/// The ledger's part about applications, kept with them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Records(Vec<Record>);

impl Records {
    /// Begins a record.
    pub fn begin(&mut self, record: Record) {
        self.0.push(record);
    }

    /// Writes into the record of an application.
    pub fn note(&mut self, uuid: &str, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.0.iter_mut().find(|record| record.uuid == uuid) {
            change(record);
        }
    }

    /// All records.
    pub fn all(&self) -> Vec<Record> {
        self.0.clone()
    }
}

/// Counts calls as they come and go.
#[derive(Default, Serialize, Deserialize)]
pub struct Traffic {
    calls: BTreeMap<String, BTreeMap<String, u64>>,
    total: u64,
    highest: usize,
    most_in_a_minute: usize,
    #[serde(skip)]
    under_way: usize,
    #[serde(skip)]
    recent: VecDeque<Instant>,
}

impl Traffic {
    /// A call begins.
    pub fn enter(&mut self) {
        self.total += 1;
        self.under_way += 1;
        self.highest = self.highest.max(self.under_way);
        self.recent.push_back(Instant::now());
        self.most_in_a_minute = self.most_in_a_minute.max(self.last_minute());
    }

    /// A call is over, with an answer or without.
    pub fn leave(&mut self, call: String, answer: &str) {
        self.under_way = self.under_way.saturating_sub(1);
        let answers = self.calls.entry(call).or_default();
        *answers.entry(answer.to_owned()).or_default() += 1;
    }

    /// The ledger as it stands.
    pub fn ledger(&mut self, applications: Vec<Record>) -> Ledger {
        Ledger {
            applications,
            calls: self.calls.clone(),
            calls_total: self.total,
            highest_concurrent: self.highest,
            calls_last_minute: self.last_minute(),
            most_calls_in_a_minute: self.most_in_a_minute,
        }
    }

    fn last_minute(&mut self) -> usize {
        let old = |at: &Instant| at.elapsed() >= Duration::from_mins(1);
        while self.recent.front().is_some_and(old) {
            self.recent.pop_front();
        }
        self.recent.len()
    }
}
