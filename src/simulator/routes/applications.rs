//! `…/applications/{uuid}`: showing and deleting applications.

use serde_json::json;

use super::api::{Answer, Call, Input, Reply, State, found};
use crate::simulator::{application::View, removal};

pub fn show(state: &mut State, input: &Input) -> Reply {
    let row = found(state.applications.get(input.uuid()), Call::Application)?;
    let view = View::new(&state.platform, &state.settings, input.sensitive);
    Ok(Answer::ok(row.alone(&view)))
}

/// Asks for the deletion, which takes its time.
pub fn delete(state: &mut State, input: &Input) -> Reply {
    found(state.applications.get(input.uuid()), Call::Delete)?;
    let wanted = |name| !matches!(input.parameter(name), Some("0" | "false" | "off" | "no"));
    let (volumes, cleanup) = (wanted("delete_volumes"), wanted("docker_cleanup"));
    removal::delete_later(state, input.uuid(), volumes, cleanup, input.now);
    let message = "Application deletion request queued.";
    Ok(Answer::ok(json!({ "message": message })))
}
