//! `…/applications/{uuid}`: showing and deleting applications, and what their containers print.

use serde_json::json;

use super::api::{Answer, Api, Call, Input, Reply, State};
use crate::simulator::application::{Application, View};
use crate::simulator::removal;

pub fn routes(api: Api) -> Api {
    let path = "/v1/applications/{uuid}";
    api.call(Call::Application, "GET", path, show)
        .call(Call::Delete, "DELETE", path, delete)
        .call(Call::Logs, "GET", &format!("{path}/logs"), logs)
}

/// The application in the path.
pub fn found<'a>(state: &'a State, input: &Input, call: Call) -> Result<&'a Application, Answer> {
    let row = state.application(input.uuid());
    row.ok_or_else(|| Answer::missing(call.not_found()))
}

fn show(state: &mut State, input: &Input) -> Reply {
    let row = found(state, input, Call::Application)?;
    let view = View::new(&state.platform, &state.settings, input.sensitive);
    Ok(Answer::ok_text(row.alone(&view)))
}

/// Asks for the deletion, which takes its time.
fn delete(state: &mut State, input: &Input) -> Reply {
    found(state, input, Call::Delete)?;
    let wanted = |name| !matches!(input.parameter(name), Some("0" | "false" | "off" | "no"));
    let (volumes, cleanup) = (wanted("delete_volumes"), wanted("docker_cleanup"));
    removal::delete_later(state, input.uuid(), volumes, cleanup, input.now);
    let message = "Application deletion request queued.";
    Ok(Answer::ok(&json!({ "message": message })))
}

/// The last lines that the container printed.
fn logs(state: &mut State, input: &Input) -> Reply {
    let row = found(state, input, Call::Logs)?;
    if !state.settings.server_reachable {
        return Err(Answer::server_error());
    }
    if row.container.as_ref().is_none_or(|running| running.crashed) {
        return Err(Answer::bad_request("Application is not running."));
    }
    let asked = input
        .parameter("lines")
        .and_then(|lines| lines.parse().ok());
    let lines = asked.filter(|lines| *lines > 0).unwrap_or(100_usize);
    let at = row.updated_at.precise();
    let log = [
        "Setting up persistent directories...\n".to_owned(),
        format!("[{at}] info  code-server is simulated\n"),
        format!("[{at}] info  HTTP server listening on http://0.0.0.0:8080/\n"),
    ];
    let tail = log[log.len().saturating_sub(lines)..].concat();
    Ok(Answer::ok(&json!({ "logs": tail })))
}
