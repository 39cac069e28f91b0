//! `GET /servers/…`: the server with its settings, and its destinations.

use super::api::{Answer, Call, Input, Reply, State};

pub fn show(state: &mut State, input: &Input) -> Reply {
    check_server(state, input)?;
    let server = state.platform.server(&state.settings, input.sensitive);
    Ok(Answer::ok(server))
}

pub fn destinations(state: &mut State, input: &Input) -> Reply {
    check_server(state, input)?;
    let numbers = 0..state.settings.destinations;
    let shown = numbers.map(|number| state.platform.destination(number));
    Ok(Answer::ok(shown.collect::<Vec<_>>()))
}

fn check_server(state: &State, input: &Input) -> Result<(), Answer> {
    if input.uuid() == state.platform.server {
        return Ok(());
    }
    Err(Answer::missing(Call::Server.not_found()))
}
