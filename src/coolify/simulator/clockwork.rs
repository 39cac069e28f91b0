//! How the world moves: what each due event does to applications and deployments.
//!
//! It knows deployments' and deletions' course; it must not know HTTP or who asked.

use super::container::{Container, Lock};
use super::deployment::{Deployment, Entry, Progress};
use super::moment::Moment;
use super::outcome::Outcome;
use super::script::{self, Act, Scene};
use super::world::{Event, World, new_uuid};

/// Simulated milliseconds in which a freshly started container answers 502.
const WARMING_UP: u64 = 1_000;

impl World {
    /// Lets one event happen at the moment it was due.
    pub fn happen(&mut self, event: Event, at: Moment) {
        match event {
            Event::Beat(deployment, take) => self.play(deployment, take, at),
            Event::Halt {
                application,
                deleting,
            } => self.halt(&application, deleting, at),
            Event::Erase {
                application,
                volumes,
            } => self.erase(&application, volumes, at),
        }
    }

    /// Lets every waiting deployment begin whose turn has come: one for each application, and no more at once
    /// than the server builds.
    pub fn begin_waiting(&mut self, at: Moment) {
        while self.count(Progress::Building) < self.settings.concurrent_builds {
            let may_begin = |found: &&Deployment| {
                found.progress == Progress::Queued
                    && found.outcome != Outcome::StuckQueued
                    && !self.is_building(&found.application)
            };
            let Some(next) = self.deployments.iter().find(may_begin).map(|next| next.id) else {
                return;
            };
            self.begin(next, at);
        }
    }

    /// Writes an application's status and the time of it.
    pub fn write_status(&mut self, application: &str, status: &str, at: Moment) {
        if let Some(row) = self.application_mut(application) {
            status.clone_into(&mut row.status);
            row.updated_at = at;
        }
    }

    /// A container with the variables as they are now.
    pub fn container(&mut self, application: &str) -> Container {
        let id = self.next_id();
        let row = self.application(application);
        let lock = row.map_or(Lock::Unknown, |row| Lock::of(&row.envs));
        let old = row.and_then(|row| row.container.as_ref());
        // code-server's cookie depends on the password alone, so it outlives a redeployment.
        let session = old
            .filter(|old| old.lock == lock)
            .map_or_else(new_uuid, |old| old.session.clone());
        Container {
            id,
            lock,
            session,
            answers_from: None,
            crashed: false,
            heartbeat: None,
        }
    }

    /// Calls a deployment off.
    pub fn cancel(&mut self, deployment: u64, at: Moment) {
        let Some(row) = self.row(deployment) else {
            return;
        };
        row.fresh = None;
        row.script = script::of_cancelled(&row.uuid);
        row.take += 1;
        self.end(deployment, Progress::Cancelled, at);
        self.schedule_beat(deployment, at);
    }

    fn is_building(&self, application: &str) -> bool {
        self.active_of(application)
            .any(|found| found.progress == Progress::Building)
    }

    fn row(&mut self, deployment: u64) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|row| row.id == deployment)
    }

    fn begin(&mut self, deployment: u64, at: Moment) {
        let Some(index) = self.deployments.iter().position(|row| row.id == deployment) else {
            return;
        };
        let script = self.script_for(&self.deployments[index]);
        let row = &mut self.deployments[index];
        row.progress = Progress::Building;
        row.updated_at = at;
        row.script = script;
        row.take += 1;
        let application = row.application.clone();
        let building = |found: &&Deployment| found.progress == Progress::Building;
        let at_once = self.active_of(&application).filter(building).count();
        self.records.note(&application, |record| {
            record.builds_started += 1;
            record.builds_at_once = record.builds_at_once.max(at_once);
        });
        self.schedule_beat(deployment, at);
    }

    fn script_for(&self, row: &Deployment) -> std::collections::VecDeque<script::Beat> {
        let Some(application) = self.application(&row.application) else {
            return std::collections::VecDeque::new();
        };
        let repository = application.text("git_repository");
        let commit = head_of(repository, application.text("git_branch"));
        let source = format!("{repository}:{}", application.text("git_branch"));
        let retries = application.columns["health_check_retries"].as_u64();
        script::of(&Scene {
            outcome: row.outcome,
            source: &source,
            application: &application.uuid,
            deployment: &row.uuid,
            commit: &commit,
            retries: application
                .is_health_checked()
                .then_some(retries.unwrap_or(10)),
            image_exists: !row.force && application.image.as_ref() == Some(&commit),
            server_usable: self.settings.server_reachable,
        })
    }

    fn schedule_beat(&mut self, deployment: u64, at: Moment) {
        let Some(row) = self.row(deployment) else {
            return;
        };
        if let Some(after) = row.script.front().map(|beat| beat.after) {
            let event = Event::Beat(deployment, row.take);
            self.schedule(at, after, event);
        }
    }

    fn play(&mut self, deployment: u64, take: u32, at: Moment) {
        let row = self.row(deployment).filter(|row| row.take == take);
        let Some(beat) = row.and_then(|row| row.script.pop_front()) else {
            return;
        };
        self.act(deployment, beat.act, at);
        self.schedule_beat(deployment, at);
        self.bury(deployment);
    }

    fn act(&mut self, deployment: u64, act: Act, at: Moment) {
        match act {
            Act::Say(output) => self.log(deployment, None, output, false, at),
            Act::Run {
                command,
                output,
                stderr,
            } => self.log(deployment, Some(command), output, stderr, at),
            Act::Resolve => self.resolve(deployment, at),
            Act::Built => self.built(deployment),
            Act::Start => self.start(deployment),
            Act::Swap(status) => self.swap(deployment, status.as_deref(), at),
            Act::Discard => self.discard(deployment),
            Act::End(progress) => self.end(deployment, progress, at),
            Act::Status(status) => self.settle(deployment, &status, at),
            Act::Crash => self.crash(deployment, at),
        }
    }

    fn log(&mut self, id: u64, command: Option<String>, output: String, stderr: bool, at: Moment) {
        if let Some(row) = self.row(id) {
            row.updated_at = at;
            row.entries.push(Entry {
                hidden: command.is_some(),
                command,
                output,
                stderr,
                timestamp: at,
            });
        }
    }

    fn resolve(&mut self, deployment: u64, at: Moment) {
        let Some(application) = self.row(deployment).map(|row| row.application.clone()) else {
            return;
        };
        let source = self.application(&application);
        let commit = source.map(|row| head_of(row.text("git_repository"), row.text("git_branch")));
        if let (Some(row), Some(commit)) = (self.row(deployment), commit) {
            row.commit = commit;
            row.updated_at = at;
        }
    }

    fn built(&mut self, deployment: u64) {
        let Some((application, commit)) = self
            .row(deployment)
            .map(|row| (row.application.clone(), row.commit.clone()))
        else {
            return;
        };
        if let Some(row) = self.application_mut(&application) {
            row.image = Some(commit);
        }
    }

    fn start(&mut self, deployment: u64) {
        let Some(application) = self.row(deployment).map(|row| row.application.clone()) else {
            return;
        };
        let container = self.container(&application);
        let gone = self.application(&application).is_none();
        if let Some(row) = self.row(deployment) {
            row.brought = Some(container.id);
            row.fresh = Some(container);
        }
        if gone {
            self.records
                .note(&application, |record| record.orphan_container = true);
        }
    }

    fn swap(&mut self, deployment: u64, status: Option<&str>, at: Moment) {
        let ready = at.after(self.settings.lasting(WARMING_UP));
        let Some(row) = self.row(deployment) else {
            return;
        };
        let application = row.application.clone();
        let silent = matches!(row.outcome, Outcome::NeverAnswers | Outcome::Unhealthy);
        let Some(mut container) = row.fresh.take() else {
            return;
        };
        container.answers_from = (!silent).then_some(ready);
        if let Some(row) = self.application_mut(&application) {
            row.container = Some(container);
        }
        if let Some(status) = status {
            self.write_status(&application, status, at);
        }
    }

    fn discard(&mut self, deployment: u64) {
        let Some(row) = self.row(deployment) else {
            return;
        };
        row.fresh = None;
        if row.ghost {
            let application = row.application.clone();
            self.records
                .note(&application, |record| record.orphan_container = false);
        }
    }

    fn end(&mut self, deployment: u64, progress: Progress, at: Moment) {
        if let Some(row) = self.row(deployment) {
            row.progress = progress;
            row.updated_at = at;
            row.finished_at = Some(at);
        }
        self.begin_waiting(at);
    }

    /// The application, if the container this deployment brought is still the one it runs.
    fn still_running(&self, deployment: u64) -> Option<String> {
        let row = self.deployments.iter().find(|row| row.id == deployment)?;
        let application = self.application(&row.application)?;
        let present = application.container.as_ref().map(|running| running.id);
        (present == row.brought && present.is_some()).then(|| application.uuid.clone())
    }

    fn settle(&mut self, deployment: u64, status: &str, at: Moment) {
        if let Some(application) = self.still_running(deployment) {
            self.write_status(&application, status, at);
        }
    }

    fn crash(&mut self, deployment: u64, at: Moment) {
        let Some(application) = self.still_running(deployment) else {
            return;
        };
        if let Some(row) = self.application_mut(&application) {
            row.restart_count = row.columns["max_restart_count"].as_u64().unwrap_or(10);
            if let Some(container) = &mut row.container {
                container.crashed = true;
            }
        }
        self.write_status(&application, "degraded:unhealthy", at);
    }

    /// Forgets a deployment without rows once it has nothing more to do.
    fn bury(&mut self, deployment: u64) {
        self.deployments
            .retain(|row| row.id != deployment || !row.ghost || !row.script.is_empty());
    }
}

/// The commit at the head of a branch: always the same for the same branch.
fn head_of(repository: &str, branch: &str) -> String {
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in repository.bytes().chain(branch.bytes()) {
        sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let low = u32::try_from(sum.rotate_left(17) & 0xffff_ffff).unwrap_or_default();
    format!("{sum:016x}{:016x}{low:08x}", !sum)
}
