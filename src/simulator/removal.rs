//! Removing applications: containers first, then rows. Also changes made to them outside Coolify's API.

use std::time::Duration;

use serde::Deserialize;

use super::clock::{Event, Time};
use super::deployment::{Deployment, Status};
use super::ledger::{Record, note};
use super::{application::Application, builds, state::State};

/// What is done to an application behind Coolify's back.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Its status becomes this: a state, or state and health with a colon between them.
    State(String),
    Vanish,
    /// Its address stops answering, or answers again.
    Unreachable(bool),
}

/// Asks for everything to be removed, later. Asking twice makes two jobs, of which one finds nothing.
pub fn delete_later(state: &mut State, uuid: &str, volumes: bool, cleanup: bool, now: Time) {
    let seconds = state.settings.delete_seconds;
    let seconds = seconds.unwrap_or_else(|| rand::random_range(2.0..=4.0));
    let wait = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let pruned = |record: &mut Record| record.docker_cleanup |= cleanup;
    note(&mut state.records, uuid, pruned);
    state.schedule(now, wait / 4, Event::StopContainers(uuid.to_owned()));
    state.schedule(now, wait, Event::RemoveRows(uuid.to_owned(), volumes));
}

/// Removes the containers, if the server can be reached.
pub fn stop_containers(state: &mut State, application: &str, at: Time) {
    if state.settings.server_reachable {
        remove_containers(state, application);
        if let Some(row) = state.applications.get_mut(application) {
            row.report("exited:unhealthy", at);
        }
    }
}

/// Removes the containers of an application, old and new.
fn remove_containers(state: &mut State, application: &str) {
    let all = state.deployments.values_mut();
    all.filter(|row| row.is_active() && row.application == application)
        .for_each(|row| row.fresh = None);
    if let Some(row) = state.applications.get_mut(application) {
        row.container = None;
    }
}

/// Removes the rows. A build under way is not stopped by that; nothing shows it any more.
pub fn remove_rows(state: &mut State, application: &str, volumes: bool, at: Time) {
    let Some(gone) = state.applications.remove(application) else {
        return;
    };
    let of_it = |row: &Deployment| row.application == application;
    let runs =
        gone.container.is_some() || state.active().any(|row| of_it(row) && row.fresh.is_some());
    let volumes = volumes && state.settings.server_reachable;
    note(&mut state.records, application, |record| {
        record.deleted_at = Some(at.column());
        record.orphan_container |= runs;
        record.volumes_removed = volumes;
        for volume in &mut record.volumes {
            volume.removed = volumes;
        }
    });
    state.deployments.retain(|_, row| {
        row.orphaned |= of_it(row);
        !row.orphaned || row.status == Status::InProgress
    });
    builds::begin_waiting(state, at);
}

/// Changes an application behind Coolify's back, known by its name or identifier. Says whether there is one.
pub fn apply_change(state: &mut State, word: &str, change: &Change) -> bool {
    let mut all = state.applications.values_mut();
    let Some(row) = all.find(|row| row.uuid == word || row.name() == word) else {
        return false;
    };
    let now = Time::now();
    match change {
        Change::State(status) => force_status(row, status, now),
        Change::Unreachable(unreachable) => row.unreachable = *unreachable,
        Change::Vanish => {
            let uuid = row.uuid.clone();
            remove_containers(state, &uuid);
            remove_rows(state, &uuid, true, now);
            note(&mut state.records, &uuid, |record| record.vanished = true);
        }
    }
    true
}

fn force_status(row: &mut Application, status: &str, now: Time) {
    let health = match status {
        "running" => ":healthy",
        "exited" | "degraded" => ":unhealthy",
        word if word.contains(':') => "",
        _ => ":unknown",
    };
    row.report(&format!("{status}{health}"), now);
    let runs = status.starts_with("running");
    if runs && row.container.is_none() {
        row.container = Some(row.new_container(0));
    }
    if let Some(container) = &mut row.container {
        container.crashed = !runs;
        container.answers_from = container.answers_from.or(Some(now).filter(|_| runs));
    }
}
