//! Everything there is: applications, deployments, and what is due to happen to them.
//!
//! It knows how to find and change rows; it must not know HTTP, tokens or faults.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::application::Application;
use super::deployment::{Deployment, Progress};
use super::ledger::Records;
use super::moment::Moment;
use super::outcome::Plans;
use super::settings::Settings;
use super::site::Site;

/// Letters of an identifier.
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Event {
    /// The next beat of a deployment's script, if it still plays that take.
    Beat(u64, u32),
    /// A deletion or a stop removes the containers.
    Halt {
        /// The application.
        application: String,
        /// Whether its rows go next.
        deleting: bool,
    },
    /// A deletion removes the rows.
    Erase {
        /// The application.
        application: String,
        /// Its volumes, too.
        volumes: bool,
    },
}

/// The rows, the agenda, and what decides about both.
#[derive(Serialize, Deserialize)]
pub struct World {
    last_id: u64,
    /// Every application whose rows exist.
    pub applications: Vec<Application>,
    /// Every deployment, ghosts included.
    pub deployments: Vec<Deployment>,
    agenda: BinaryHeap<Reverse<(Moment, u64, Event)>>,
    /// What is remembered of applications.
    pub records: Records,
    #[serde(skip, default = "nowhere")]
    /// What was there before.
    pub site: Site,
    /// The knobs.
    #[serde(skip)]
    pub settings: Settings,
    /// What builds are told to do.
    #[serde(skip)]
    pub plans: Plans,
}

/// The site before [`World::at`] has said which it is.
fn nowhere() -> Site {
    Site {
        project: String::new(),
        server: String::new(),
        environment: String::new(),
        server_reachable: true,
        since: Moment::now(),
    }
}

impl World {
    /// A world without applications.
    pub fn new() -> Self {
        Self {
            last_id: 40,
            applications: Vec::new(),
            deployments: Vec::new(),
            agenda: BinaryHeap::new(),
            records: Records::default(),
            site: nowhere(),
            settings: Settings::default(),
            plans: Plans::default(),
        }
    }

    /// The same world at this site and with these settings.
    pub fn at(self, site: Site, settings: Settings) -> Self {
        Self {
            site,
            settings,
            ..self
        }
    }

    /// A number never given before.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The application with this identifier.
    pub fn application(&self, uuid: &str) -> Option<&Application> {
        self.applications.iter().find(|found| found.uuid == uuid)
    }

    /// The same, to change it.
    pub fn application_mut(&mut self, uuid: &str) -> Option<&mut Application> {
        self.applications
            .iter_mut()
            .find(|found| found.uuid == uuid)
    }

    /// The deployment with this identifier, as far as the API can see.
    pub fn deployment(&self, uuid: &str) -> Option<&Deployment> {
        let mut seen = self.deployments.iter().filter(|found| !found.ghost);
        seen.find(|found| found.uuid == uuid)
    }

    /// The deployments of an application that wait or build.
    pub fn active_of(&self, application: &str) -> impl Iterator<Item = &Deployment> {
        let of_it = move |found: &&Deployment| found.application == application;
        self.deployments
            .iter()
            .filter(of_it)
            .filter(|found| found.is_active())
    }

    /// How many deployments the API shows in this state.
    pub fn count(&self, progress: Progress) -> usize {
        let counted = |found: &&Deployment| !found.ghost && found.progress == progress;
        self.deployments.iter().filter(counted).count()
    }

    /// Lets something happen after so many simulated milliseconds.
    pub fn schedule(&mut self, now: Moment, after: u64, event: Event) {
        let due = now.after(self.settings.lasting(after));
        let number = self.next_id();
        self.agenda.push(Reverse((due, number, event)));
    }

    /// When the next thing is due.
    pub fn next_due(&self) -> Option<Moment> {
        self.agenda.peek().map(|Reverse((due, ..))| *due)
    }

    /// Lets everything happen that is due by now, in its order. Says whether anything did.
    pub fn advance(&mut self, now: Moment) -> bool {
        let mut happened = false;
        while self.next_due().is_some_and(|due| due <= now) {
            if let Some(Reverse((due, _, event))) = self.agenda.pop() {
                self.happen(event, due);
                happened = true;
            }
        }
        happened
    }
}

/// A new identifier: 24 letters and digits that begin with a letter, which fits every version.
pub fn new_uuid() -> String {
    let mut rng = rand::rng();
    let mut letter = |among: usize| char::from(ALPHABET[rng.random_range(..among)]);
    let first = letter(26);
    std::iter::once(first)
        .chain(std::iter::repeat_with(|| letter(ALPHABET.len())).take(23))
        .collect()
}
