//! Everything there is: applications, deployments, the clock with what is due, and the settings. What happens when
//! something is due is in `builds/` and `removal.rs`.

use super::application::Application;
use super::clock::{Clock, Event, Time};
use super::deployment::Deployment;
use super::{ledger::Record, outcomes::Plan, platform::Platform, settings::Settings};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// The rows, the clock, and what decides about both.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    last_id: u64,
    /// By their public identifiers.
    pub applications: BTreeMap<String, Application>,
    /// Every deployment by its number, orphaned ones included.
    pub deployments: BTreeMap<u64, Deployment>,
    pub clock: Clock,
    /// What is remembered of applications, oldest first.
    pub records: Vec<Record>,
    #[serde(skip)]
    pub platform: Platform,
    #[serde(skip)]
    pub settings: Settings,
    #[serde(skip)]
    pub plans: Vec<Plan>,
}

impl State {
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn applications_at(&self, host: &str) -> impl Iterator<Item = &Application> {
        let all = self.applications.values();
        all.filter(move |row| row.hosts.iter().any(|known| known == host))
    }

    /// The one that answers at a host: the oldest of those whose host it is.
    pub fn application_at(&self, host: &str) -> Option<&Application> {
        self.applications_at(host).min_by_key(|row| row.id)
    }

    /// The deployment with this identifier, as far as the API can see.
    pub fn deployment(&self, uuid: &str) -> Option<&Deployment> {
        let mut seen = self.deployments.values().filter(|row| !row.orphaned);
        seen.find(|row| row.uuid == uuid)
    }

    /// The deployments that wait or build, the oldest first, orphaned ones included.
    pub fn active(&self) -> impl Iterator<Item = &Deployment> {
        self.deployments.values().filter(|row| row.is_active())
    }

    /// Lets something happen after so much simulated time.
    pub fn schedule(&mut self, now: Time, after: Duration, event: Event) {
        let at = now.after(self.settings.lasting(after));
        self.clock.schedule(at, event);
    }
}

/// A new identifier: 24 letters and digits that begin with a letter, which fits every version.
pub fn new_uuid() -> String {
    let letter = |among: usize| char::from(ALPHABET[rand::random_range(..among)]);
    let first = std::iter::once(letter(26));
    let rest = std::iter::repeat_with(|| letter(ALPHABET.len()));
    first.chain(rest).take(24).collect()
}
