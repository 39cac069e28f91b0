//! How applications stop and go: containers first, then rows, and what is left behind. And what is done to them behind
//! Coolify's back, as by somebody with a shell on the server.

use std::time::Duration;

use rand::RngExt;

use super::clock::{Event, Time};
use super::state::{State, new_uuid};
use super::{builds, container::Container, deployment::Deployment};

/// What is done to an application behind Coolify's back.
#[derive(Clone, Debug)]
pub enum Change {
    /// Its status becomes this: a state, or state and health with a colon between them.
    State(String),
    /// It is gone, containers and rows.
    Vanish,
    /// Its address stops answering, or answers again.
    Deaf(bool),
}

/// Asks for everything to be removed, later. Asking twice makes two jobs, of which one finds nothing.
pub fn delete_later(state: &mut State, uuid: &str, volumes: bool, cleanup: bool, now: Time) {
    let seconds = state.settings.delete_seconds;
    let told = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let told = told.map(|told| u64::try_from(told.as_millis()).unwrap_or(u64::MAX));
    let millis = told.unwrap_or_else(|| rand::rng().random_range(2_000..=8_000));
    state
        .records
        .note(uuid, |record| record.docker_cleanup |= cleanup);
    let application = uuid.to_owned();
    state.schedule(now, millis / 4, Event::StopContainers { application });
    let application = uuid.to_owned();
    state.schedule(
        now,
        millis,
        Event::RemoveRows {
            application,
            volumes,
        },
    );
}

/// Removes the containers, if the server can be reached.
pub fn stop_containers(state: &mut State, application: &str, at: Time) {
    if state.settings.server_reachable {
        state.remove_containers(application);
        if let Some(row) = state.application_mut(application) {
            row.report("exited:unhealthy", at);
        }
    }
}

/// Removes the rows. A build under way is not stopped by that; nothing shows it any more.
pub fn remove_rows(state: &mut State, application: &str, volumes: bool, at: Time) {
    let Some(gone) = state.take_application(application) else {
        return;
    };
    let starting = |row: &Deployment| row.application_id == gone.id && row.fresh.is_some();
    let runs = gone.container.is_some() || state.active().any(starting);
    let volumes = volumes && state.settings.server_reachable;
    state.records.note(application, |record| {
        record.delete(volumes, at);
        record.orphan_container |= runs;
    });
    state.orphan_deployments(gone.id);
    builds::begin_waiting(state, at);
}

/// Changes an application behind Coolify's back, known by its name or identifier. Says whether there is one.
pub fn tamper(state: &mut State, word: &str, change: &Change) -> bool {
    let mut all = state.applications().into_iter();
    let found = all.find(|row| row.uuid == word || row.name() == word);
    let Some(uuid) = found.map(|row| row.uuid.clone()) else {
        return false;
    };
    let now = Time::now();
    match change {
        Change::Vanish => {
            state.remove_containers(&uuid);
            remove_rows(state, &uuid, true, now);
            state.records.note(&uuid, |record| record.vanished = true);
        }
        Change::State(status) => force_status(state, &uuid, status, now),
        Change::Deaf(deaf) => {
            if let Some(row) = state.application_mut(&uuid) {
                row.deaf = *deaf;
            }
        }
    }
    true
}

fn force_status(state: &mut State, uuid: &str, status: &str, now: Time) {
    let health = match status {
        "running" => ":healthy",
        "exited" | "degraded" => ":unhealthy",
        word if word.contains(':') => "",
        _ => ":unknown",
    };
    let id = state.next_id();
    let Some(row) = state.application_mut(uuid) else {
        return;
    };
    row.report(&format!("{status}{health}"), now);
    let runs = status.starts_with("running");
    if runs && row.container.is_none() {
        let answers_from = Some(now);
        let fresh = row.new_container(id, new_uuid());
        row.container = Some(Container {
            answers_from,
            ..fresh
        });
    }
    if let Some(container) = &mut row.container {
        container.crashed = !runs;
    }
}
