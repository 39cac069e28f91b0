//! `GET /servers/…`: the server with its settings, and its destinations.

use serde_json::Value;

use super::api::{Answer, Api, Call, Input, Reply, State};
use crate::simulator::settings::Profile;

pub fn routes(api: Api) -> Api {
    let path = "/v1/servers/{uuid}";
    api.call(Call::Server, "GET", path, show).call(
        Call::Destinations,
        "GET",
        &format!("{path}/destinations"),
        destinations,
    )
}

fn show(state: &mut State, input: &Input) -> Reply {
    known(state, input)?;
    let server = state.platform.server(&state.settings, input.sensitive);
    Ok(Answer::ok(&server.into()))
}

/// The destinations, which are not shown before 4.2.0.
fn destinations(state: &mut State, input: &Input) -> Reply {
    if state.settings.profile == Profile::V4_0_0 {
        return Err(Answer::no_such_route());
    }
    known(state, input)?;
    let numbers = 0..state.settings.destinations;
    let shown: Vec<_> = numbers
        .map(|number| state.platform.destination(number))
        .collect();
    Ok(Answer::ok(&Value::from(shown)))
}

fn known(state: &State, input: &Input) -> Result<(), Answer> {
    let known = input.uuid() == state.platform.server;
    let missing = || Answer::missing(Call::Server.not_found());
    known.then_some(()).ok_or_else(missing)
}
