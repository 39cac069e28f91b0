//! What a build does over time: it waits for its turn, follows its script step by step, and changes its application.

mod script;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::application::{Application, Container};
use super::clock::{Event, Time};
use super::deployment::{Action, Deployment, Status, Step};
use super::ledger::{Record, note};
use super::outcomes::{self, Outcome};
use super::state::{State, new_uuid};

/// The simulated time in which a freshly started container answers 502.
const STARTING_UP: Duration = Duration::from_secs(1);

/// Puts a deployment into the queue, from which it may begin at once, and says its identifier.
pub fn queue(state: &mut State, application: &Application, force: bool, now: Time) -> String {
    let name = application.name();
    let named = Outcome::of_name(name).filter(|_| state.settings.outcomes_by_name);
    let row = Deployment {
        id: state.next_id(),
        uuid: new_uuid(),
        application: application.uuid.clone(),
        outcome: named.unwrap_or_else(|| outcomes::next(&mut state.plans, name, &application.uuid)),
        commit: "HEAD".to_owned(),
        force,
        created_at: now,
        updated_at: now,
        ..Deployment::default()
    };
    let uuid = row.uuid.clone();
    state.deployments.insert(row.id, row);
    let of_it = |row: &&Deployment| row.application == application.uuid;
    let at_once = state.active().filter(of_it).count();
    note(&mut state.records, &application.uuid, |record| {
        record.deployments_requested += 1;
        record.deployments_at_once = record.deployments_at_once.max(at_once);
    });
    begin_waiting(state, now);
    uuid
}

/// Lets every waiting deployment begin whose turn has come: one for each application, and no more at once than the
/// server builds.
pub fn begin_waiting(state: &mut State, at: Time) {
    let shown = |row: &&Deployment| !row.orphaned;
    while building(state).filter(shown).count() < state.settings.concurrent_builds {
        let busy: Vec<&str> = building(state).map(|row| &*row.application).collect();
        let may_begin = |row: &&Deployment| {
            let stuck = row.outcome == Outcome::StuckQueued;
            row.status == Status::Queued && !stuck && !busy.contains(&&*row.application)
        };
        let Some(next) = state.active().find(may_begin).map(|row| row.id) else {
            return;
        };
        begin(state, next, at);
    }
}

fn building(state: &State) -> impl Iterator<Item = &Deployment> {
    let builds = |row: &&Deployment| row.status == Status::InProgress;
    state.active().filter(builds)
}

fn begin(state: &mut State, deployment: u64, at: Time) {
    let usable = state.settings.server_reachable && !state.settings.force_disabled;
    let Some(row) = state.deployments.get_mut(&deployment) else {
        return;
    };
    let uuid = row.application.clone();
    row.status = Status::InProgress;
    row.updated_at = at;
    row.script += 1;
    if let Some(application) = state.applications.get(&uuid) {
        row.steps = script::steps(row, application, &head_of(application), usable);
    }
    let of_it = |row: &&Deployment| row.application == uuid;
    let at_once = building(state).filter(of_it).count();
    note(&mut state.records, &uuid, |record| {
        record.builds_started += 1;
        record.builds_at_once = record.builds_at_once.max(at_once);
    });
    schedule_step(state, deployment, at);
}

/// Calls a deployment off. The old container, if there is one, runs on.
pub fn cancel(state: &mut State, deployment: u64, at: Time) {
    if let Some(row) = state.deployments.get_mut(&deployment) {
        row.fresh = None;
        row.steps = script::after_cancelling(&row.uuid);
        row.script += 1;
    }
    end(state, deployment, Status::Cancelled, at);
    schedule_step(state, deployment, at);
}

/// Takes a deployment's next step, if it still follows that script.
pub fn take_step(state: &mut State, deployment: u64, script: u32, at: Time) {
    let row = state.deployments.get_mut(&deployment);
    let row = row.filter(|row| row.script == script);
    match row.and_then(|row| row.steps.pop_front()) {
        None => return,
        Some(Step(_, Action::End(status))) => end(state, deployment, status, at),
        Some(Step(_, action)) => act(state, deployment, action, at),
    }
    schedule_step(state, deployment, at);
}

fn schedule_step(state: &mut State, deployment: u64, at: Time) {
    let row = state.deployments.get(&deployment);
    let next = row.and_then(|row| Some((row.script, row.steps.front()?.0)));
    if let Some((script, millis)) = next {
        let event = Event::Step(deployment, script);
        state.schedule(at, Duration::from_millis(millis), event);
    }
}

/// Ends a deployment, so that another may begin. An orphaned one has nothing more to do.
fn end(state: &mut State, deployment: u64, status: Status, at: Time) {
    let Some(row) = state.deployments.get_mut(&deployment) else {
        return;
    };
    row.status = status;
    row.updated_at = at;
    row.finished_at = Some(at);
    if row.orphaned {
        state.deployments.remove(&deployment);
    }
    begin_waiting(state, at);
}

/// Whatever concerns the deployment and its application alone, which may be gone meanwhile.
fn act(state: &mut State, deployment: u64, action: Action, at: Time) {
    let ready = at.after(state.settings.lasting(STARTING_UP));
    let Some(row) = state.deployments.get_mut(&deployment) else {
        return;
    };
    row.updated_at = at;
    let Some(application) = state.applications.get_mut(&row.application) else {
        let runs = matches!(action, Action::Start);
        if runs || matches!(action, Action::Discard) {
            let orphan = |record: &mut Record| record.orphan_container = runs;
            note(&mut state.records, &row.application, orphan);
        }
        return;
    };
    let container = application.container.as_ref();
    let runs = container.is_some_and(|running| running.deployment == deployment);
    match action {
        Action::Log(line) => row.log(&line, at),
        Action::Resolve => row.commit = head_of(application),
        Action::Built => application.image = Some(row.commit.clone()),
        Action::Start => row.fresh = Some(application.new_container(deployment)),
        Action::Discard => row.fresh = None,
        Action::Replace(status) => {
            let answers = row.outcome != Outcome::NeverAnswers;
            application.container = row.fresh.take().map(|fresh| Container {
                answers_from: answers.then_some(ready),
                ..fresh
            });
            if let Some(status) = status {
                application.report(&status, at);
            }
        }
        Action::ReportStatus(status) if runs => application.report(&status, at),
        Action::Crash if runs => application.crash(at),
        Action::ReportStatus(_) | Action::Crash | Action::End(_) => {}
    }
}

/// The commit at the head of a branch: always the same for the same branch.
fn head_of(application: &Application) -> String {
    let mut hasher = DefaultHasher::new();
    let source = ["git_repository", "git_branch"].map(|column| application.text(column));
    source.hash(&mut hasher);
    let hash = hasher.finish();
    format!("{hash:016x}{:016x}{:08x}", !hash, hash >> 32)
}
