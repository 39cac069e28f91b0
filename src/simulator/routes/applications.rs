//! `…/applications/{uuid}`: showing and deleting applications.

use serde_json::json;

use super::api::{Answer, Call, Input, Reply, State};
use crate::simulator::application::{Application, View};
use crate::simulator::removal;

/// The application in the path.
///
/// # Errors
/// The 404 of this call.
pub fn found<'a>(state: &'a State, input: &Input, call: Call) -> Result<&'a Application, Answer> {
    let row = state.applications.get(input.uuid());
    row.ok_or_else(|| Answer::missing(call.not_found()))
}

/// The same, to change it.
///
/// # Errors
/// The 404 of this call.
pub fn found_mut<'a>(
    state: &'a mut State,
    input: &Input,
    call: Call,
) -> Result<&'a mut Application, Answer> {
    let row = state.applications.get_mut(input.uuid());
    row.ok_or_else(|| Answer::missing(call.not_found()))
}

pub fn show(state: &mut State, input: &Input) -> Reply {
    let row = found(state, input, Call::Application)?;
    let view = View::new(&state.platform, &state.settings, input.sensitive);
    Ok(Answer::ok(row.alone(&view)))
}

/// Asks for the deletion, which takes its time.
pub fn delete(state: &mut State, input: &Input) -> Reply {
    found(state, input, Call::Delete)?;
    let wanted = |name| !matches!(input.parameter(name), Some("0" | "false" | "off" | "no"));
    let (volumes, cleanup) = (wanted("delete_volumes"), wanted("docker_cleanup"));
    removal::delete_later(state, input.uuid(), volumes, cleanup, input.now);
    let message = "Application deletion request queued.";
    Ok(Answer::ok(json!({ "message": message })))
}
