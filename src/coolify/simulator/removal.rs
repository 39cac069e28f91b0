//! How applications stop and go: containers first, then rows, and what is left behind.
//!
//! It knows a deletion's two steps; it must not know HTTP or who asked.

use rand::RngExt;

use super::Change;
use super::container::Container;
use super::deployment::Progress;
use super::ledger::Record;
use super::moment::Moment;
use super::world::{Event, World};

/// Simulated milliseconds until a stop has removed the containers.
const STOPPING: u64 = 1_000;

impl World {
    /// Asks for the containers to be removed, soon.
    pub fn stop_later(&mut self, application: &str, now: Moment) {
        let event = Event::Halt {
            application: application.to_owned(),
            deleting: false,
        };
        self.schedule(now, STOPPING, event);
    }

    /// Asks for everything to be removed, later. Asking twice makes two jobs, of which one finds nothing.
    pub fn delete_later(&mut self, application: &str, volumes: bool, cleanup: bool, now: Moment) {
        let millis = self.deletion_millis();
        let application = application.to_owned();
        self.records
            .note(&application, |record| record.docker_cleanup |= cleanup);
        let halt = Event::Halt {
            application: application.clone(),
            deleting: true,
        };
        self.schedule(now, millis / 4, halt);
        let erase = Event::Erase {
            application,
            volumes,
        };
        self.schedule(now, millis, erase);
    }

    /// Removes the containers, if the server can be reached.
    pub fn halt(&mut self, application: &str, deleting: bool, at: Moment) {
        if self.settings.server_reachable {
            self.remove_containers(application);
            self.write_status(application, "exited:unhealthy", at);
        }
        if let Some(row) = self.application_mut(application) {
            row.halted |= deleting;
        }
    }

    /// Removes the rows. A build under way is not stopped by that; nothing shows it any more.
    pub fn erase(&mut self, application: &str, volumes: bool, at: Moment) {
        let Some(index) = self.index_of(application) else {
            return;
        };
        let gone = self.applications.remove(index);
        let reachable = self.settings.server_reachable;
        let fresh = self.active_of(application).any(|row| row.fresh.is_some());
        let runs = gone.container.is_some() || fresh;
        self.records.note(application, |record| {
            record.leave(volumes && reachable, at);
            record.orphan_container |= runs;
        });
        self.forget_deployments(application);
        self.begin_waiting(at);
    }

    /// Removes an application at once and whole, as somebody with a shell on the server would.
    pub fn vanish(&mut self, application: &str, at: Moment) {
        self.remove_containers(application);
        self.erase(application, true, at);
        self.records
            .note(application, |record| record.vanished = true);
    }

    /// Does what was asked for behind everybody's back. Says whether there is such an application.
    pub fn tamper(&mut self, word: &str, change: &Change) -> bool {
        let Some(uuid) = self
            .applications
            .iter()
            .find(|row| row.is(word))
            .map(|row| row.uuid.clone())
        else {
            return false;
        };
        let now = Moment::now();
        match change {
            Change::Vanish => self.vanish(&uuid, now),
            Change::State(state) => self.force(&uuid, state, now),
            Change::Deaf(deaf) => {
                if let Some(row) = self.application_mut(&uuid) {
                    row.deaf = *deaf;
                }
            }
        }
        true
    }

    fn force(&mut self, uuid: &str, state: &str, now: Moment) {
        let health = match state {
            "running" => ":healthy",
            "exited" | "degraded" => ":unhealthy",
            word if word.contains(':') => "",
            _ => ":unknown",
        };
        self.write_status(uuid, &format!("{state}{health}"), now);
        let runs = state.starts_with("running");
        let fresh = self.container(uuid);
        let Some(row) = self.application_mut(uuid) else {
            return;
        };
        if runs && row.container.is_none() {
            row.container = Some(Container {
                answers_from: Some(now),
                ..fresh
            });
        }
        if let Some(container) = &mut row.container {
            container.crashed = !runs;
        }
    }

    fn remove_containers(&mut self, application: &str) {
        for row in &mut self.deployments {
            if row.application == application {
                row.fresh = None;
            }
        }
        if let Some(row) = self.application_mut(application) {
            row.container = None;
        }
    }

    fn index_of(&self, application: &str) -> Option<usize> {
        self.applications
            .iter()
            .position(|row| row.uuid == application)
    }

    fn forget_deployments(&mut self, application: &str) {
        self.deployments
            .retain(|row| row.application != application || row.progress == Progress::Building);
        for row in &mut self.deployments {
            row.ghost |= row.application == application;
        }
    }

    fn deletion_millis(&self) -> u64 {
        let told = self.settings.delete_seconds;
        let told = told.and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok());
        told.map_or_else(
            || rand::rng().random_range(2_000..=8_000),
            |told| u64::try_from(told.as_millis()).unwrap_or(u64::MAX),
        )
    }
}

impl Record {
    fn leave(&mut self, volumes: bool, at: Moment) {
        self.deleted_at = Some(at.column());
        for volume in &mut self.volumes {
            volume.removed = volumes;
        }
        self.volumes_removed = volumes;
    }
}
