//! Everything there is: applications, deployments, the clock with what is due, and the settings. What happens when
//! something is due is in `builds/` and `removal.rs`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::application::{Application, host};
use super::clock::{Clock, Event, Time};
use super::deployment::{Deployment, Status};
use super::{ledger::Records, outcomes::Plans, platform::Platform, settings::Settings};

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// The rows, the clock, and what decides about both. Rows are found by their public identifiers.
#[derive(Default, Serialize, Deserialize)]
pub struct State {
    last_id: u64,
    applications: BTreeMap<String, Application>,
    /// Every deployment, orphaned ones included.
    deployments: BTreeMap<String, Deployment>,
    pub clock: Clock,
    /// What is remembered of applications.
    pub records: Records,
    #[serde(skip)]
    pub platform: Platform,
    #[serde(skip)]
    pub settings: Settings,
    /// What builds are told to do.
    #[serde(skip)]
    pub plans: Plans,
    /// Applications by the hosts of their addresses.
    #[serde(skip)]
    hosts: HashMap<String, Vec<String>>,
    /// Deployments that wait or build, by their numbers.
    #[serde(skip)]
    active: BTreeMap<u64, String>,
}

impl State {
    /// Finds hosts and active deployments again, after the rows were read from a file.
    pub fn index(&mut self) {
        let active = self.deployments.values().filter(|row| row.is_active());
        self.active = active.map(|row| (row.id, row.uuid.clone())).collect();
        let rows = std::mem::take(&mut self.applications);
        for row in rows.into_values() {
            self.add_application(row);
        }
    }

    /// A number never given before.
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// All applications, the oldest first.
    pub fn applications(&self) -> Vec<&Application> {
        let mut rows: Vec<&Application> = self.applications.values().collect();
        rows.sort_unstable_by_key(|row| row.id);
        rows
    }

    /// The application with this identifier.
    pub fn application(&self, uuid: &str) -> Option<&Application> {
        self.applications.get(uuid)
    }

    /// The same, to change anything but its addresses.
    pub fn application_mut(&mut self, uuid: &str) -> Option<&mut Application> {
        self.applications.get_mut(uuid)
    }

    /// The applications with an address at this host.
    pub fn applications_at(&self, host: &str) -> impl Iterator<Item = &Application> {
        let uuids = self.hosts.get(host).into_iter().flatten();
        uuids.filter_map(|uuid| self.application(uuid))
    }

    /// Adds an application.
    pub fn add_application(&mut self, row: Application) {
        for host in row.addresses().filter_map(host) {
            self.hosts.entry(host).or_default().push(row.uuid.clone());
        }
        self.applications.insert(row.uuid.clone(), row);
    }

    /// Removes an application's own row.
    pub fn take_application(&mut self, uuid: &str) -> Option<Application> {
        let row = self.applications.remove(uuid)?;
        for host in row.addresses().filter_map(host) {
            let uuids = self.hosts.entry(host).or_default();
            uuids.retain(|known| known != uuid);
        }
        Some(row)
    }

    /// The deployment with this identifier, as far as the API can see.
    pub fn deployment(&self, uuid: &str) -> Option<&Deployment> {
        self.deployments.get(uuid).filter(|row| !row.orphaned)
    }

    /// The deployment with this identifier, orphaned or not, and its application if that is still there.
    pub fn with_application(
        &mut self,
        deployment: &str,
    ) -> Option<(&mut Deployment, Option<&mut Application>)> {
        let row = self.deployments.get_mut(deployment)?;
        let application = self.applications.get_mut(&row.application);
        Some((row, application))
    }

    /// An application's deployments, the newest first.
    pub fn deployments_of(&self, application: u64) -> Vec<&Deployment> {
        let all = self.deployments.values();
        let mut rows: Vec<_> = all
            .filter(|row| row.application_id == application)
            .collect();
        rows.sort_unstable_by_key(|row| Reverse(row.id));
        rows
    }

    /// Identifiers, with the applications of deployments and the names of applications among them.
    pub fn names(&self, mut words: Vec<String>) -> Vec<String> {
        let deployments = words.iter().filter_map(|word| self.deployment(word));
        words.extend(
            deployments
                .map(|row| row.application.clone())
                .collect::<Vec<_>>(),
        );
        let applications = words.iter().filter_map(|word| self.application(word));
        words.extend(
            applications
                .map(|row| row.name().to_owned())
                .collect::<Vec<_>>(),
        );
        words
    }

    /// The deployments that wait or build, the oldest first, orphaned ones included.
    pub fn active(&self) -> impl Iterator<Item = &Deployment> {
        let uuids = self.active.values();
        uuids.filter_map(|uuid| self.deployments.get(uuid))
    }

    /// How many deployments the API shows in this state.
    pub fn count(&self, status: Status) -> usize {
        let counted = |row: &&Deployment| !row.orphaned && row.status == status;
        self.active().filter(counted).count()
    }

    /// Adds a deployment that waits.
    pub fn add_deployment(&mut self, row: Deployment) {
        self.active.insert(row.id, row.uuid.clone());
        self.deployments.insert(row.uuid.clone(), row);
    }

    /// Ends a deployment.
    pub fn end_deployment(&mut self, uuid: &str, status: Status, at: Time) {
        if let Some(row) = self.deployments.get_mut(uuid) {
            row.status = status;
            row.updated_at = at;
            row.finished_at = Some(at);
            self.active.remove(&row.id);
        }
    }

    /// Removes an application's deployments. One that builds goes on unseen.
    pub fn orphan_deployments(&mut self, application: u64) {
        self.deployments.retain(|_, row| {
            row.orphaned |= row.application_id == application;
            !row.orphaned || row.status == Status::InProgress
        });
        let deployments = &self.deployments;
        self.active.retain(|_, uuid| deployments.contains_key(uuid));
    }

    /// Removes an orphaned deployment that has nothing more to do.
    pub fn remove_if_over(&mut self, uuid: &str) {
        let row = self.deployments.get(uuid);
        if let Some(row) = row.filter(|row| row.orphaned && row.steps.is_empty()) {
            self.active.remove(&row.id);
            self.deployments.remove(uuid);
        }
    }

    /// Removes the containers of an application, old and new.
    pub fn remove_containers(&mut self, application: &str) {
        for uuid in self.active.values() {
            let row = self.deployments.get_mut(uuid);
            if let Some(row) = row.filter(|row| row.application == application) {
                row.fresh = None;
            }
        }
        if let Some(row) = self.applications.get_mut(application) {
            row.container = None;
        }
    }

    /// Lets something happen after so many simulated milliseconds.
    pub fn schedule(&mut self, now: Time, after: u64, event: Event) {
        let at = now.after(self.settings.lasting(after));
        self.clock.schedule(at, event);
    }
}

/// A new identifier: 24 letters and digits that begin with a letter, which fits every version.
pub fn new_uuid() -> String {
    let mut rng = rand::rng();
    let mut letter = |among: usize| char::from(ALPHABET[rng.random_range(..among)]);
    let first = letter(26);
    let rest = std::iter::repeat_with(|| letter(ALPHABET.len())).take(23);
    std::iter::once(first).chain(rest).collect()
}
