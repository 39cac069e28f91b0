//! What a build does over time: it waits for its turn, follows its script step by step, and changes its application.

mod script;

use std::time::Duration;

use super::application::{Application, Container};
use super::clock::{Event, Time};
use super::deployment::{Action, Deployment, Status, Step};
use super::state::{State, new_uuid};
use super::{ledger::Record, outcomes::Outcome};

/// The simulated time in which a freshly started container answers 502.
const STARTING_UP: Duration = Duration::from_secs(1);

/// Why nothing was queued.
pub enum Refused {
    /// One for the same requested commit waits or builds.
    Already,
    Full,
}

/// Puts a deployment into the queue, from which it may begin at once, and says its identifier. With `force` it builds
/// even if an image exists, and is never taken for a repetition.
///
/// # Errors
/// When it would repeat another one, and when the queue is full.
pub fn queue(
    state: &mut State,
    application: &str,
    force: bool,
    now: Time,
) -> Result<String, Refused> {
    let of_it = |row: &&Deployment| row.application == application;
    if !force && state.active().filter(of_it).any(|row| row.commit == "HEAD") {
        return Err(Refused::Already);
    }
    if state.count(Status::Queued) >= state.settings.queue_limit {
        return Err(Refused::Full);
    }
    let row = new_row(state, application, force, now);
    let uuid = row.uuid.clone();
    state.deployments.insert(row.id, row);
    let at_once = state.active().filter(of_it).count();
    state.records.note(application, |record| {
        record.deployments_requested += 1;
        record.deployments_at_once = record.deployments_at_once.max(at_once);
    });
    begin_waiting(state, now);
    Ok(uuid)
}

fn new_row(state: &mut State, application: &str, force: bool, now: Time) -> Deployment {
    let known = state.applications.get(application);
    let (number, name) = known.map_or_else(Default::default, |row| (row.id, row.name().to_owned()));
    let named = Outcome::of_name(&name).filter(|_| state.settings.outcomes_by_name);
    Deployment {
        id: state.next_id(),
        uuid: new_uuid(),
        application: application.to_owned(),
        application_id: number,
        outcome: named.unwrap_or_else(|| state.plans.next(&name, application)),
        application_name: name,
        commit: "HEAD".to_owned(),
        force,
        created_at: now,
        updated_at: now,
        ..Deployment::default()
    }
}

/// Lets every waiting deployment begin whose turn has come: one for each application, and no more at once than the
/// server builds.
pub fn begin_waiting(state: &mut State, at: Time) {
    while state.count(Status::InProgress) < state.settings.concurrent_builds {
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
    let Some((row, Some(application))) = state.with_application(deployment) else {
        return;
    };
    row.status = Status::InProgress;
    row.updated_at = at;
    row.steps = script::steps(row, application, &head_of(application), usable);
    row.script += 1;
    let uuid = row.application.clone();
    let of_it = |row: &&Deployment| row.application == uuid;
    let at_once = building(state).filter(of_it).count();
    state.records.note(&uuid, |record| {
        record.builds_started += 1;
        record.builds_at_once = record.builds_at_once.max(at_once);
    });
    schedule_step(state, deployment, at);
}

/// Calls a deployment off. The old container, if there is one, runs on.
pub fn cancel(state: &mut State, deployment: u64, at: Time) {
    if let Some((row, _)) = state.with_application(deployment) {
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
    let Some(Step(_, action)) = row.and_then(|row| row.steps.pop_front()) else {
        return;
    };
    match action {
        Action::End(status) => end(state, deployment, status, at),
        Action::Start => start(state, deployment),
        Action::Discard => discard(state, deployment),
        action => act(state, deployment, action, at),
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

/// Whatever concerns the deployment and its application alone.
fn act(state: &mut State, deployment: u64, action: Action, at: Time) {
    let ready = at.after(state.settings.lasting(STARTING_UP));
    let Some((row, application)) = state.with_application(deployment) else {
        return;
    };
    row.updated_at = at;
    match (action, application) {
        (Action::Log(line), _) => row.log.add(&line, at),
        (Action::Resolve, Some(application)) => row.commit = head_of(application),
        (Action::Built, Some(application)) => application.image = Some(row.commit.clone()),
        (Action::Replace(status), Some(application)) => {
            let deaf = matches!(row.outcome, Outcome::NeverAnswers | Outcome::Unhealthy);
            application.container = row.fresh.take().map(|fresh| Container {
                answers_from: (!deaf).then_some(ready),
                ..fresh
            });
            if let Some(status) = status {
                application.report(&status, at);
            }
        }
        (Action::ReportStatus(status), Some(application)) if application.runs(row.started) => {
            application.report(&status, at);
        }
        (Action::Crash, Some(application)) if application.runs(row.started) => {
            application.crash(at);
        }
        _ => {}
    }
}

/// Starts the new container, whose application may be gone meanwhile.
fn start(state: &mut State, deployment: u64) {
    let id = state.next_id();
    let Some((row, application)) = state.with_application(deployment) else {
        return;
    };
    row.started = Some(id);
    row.fresh = Some(match application.as_deref() {
        Some(application) => application.new_container(id, new_uuid()),
        None => Container::default(),
    });
    let (uuid, orphan) = (row.application.clone(), application.is_none());
    let note = |record: &mut Record| record.orphan_container |= orphan;
    state.records.note(&uuid, note);
}

/// Removes the new container again.
fn discard(state: &mut State, deployment: u64) {
    if let Some(row) = state.deployments.get_mut(&deployment) {
        row.fresh = None;
        let note = |record: &mut Record| record.orphan_container &= !row.orphaned;
        state.records.note(&row.application, note);
    }
}

/// The commit at the head of a branch: always the same for the same branch.
fn head_of(application: &Application) -> String {
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    let repository = application.text("git_repository").bytes();
    for byte in repository.chain(application.text("git_branch").bytes()) {
        sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{sum:016x}{:016x}{:08x}", !sum, sum >> 32)
}
