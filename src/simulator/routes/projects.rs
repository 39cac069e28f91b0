//! `GET /projects/…`: the project, and its environment with the applications in it.

use serde_json::json;

use super::api::{Answer, Api, Call, Input, Reply, State};
use crate::simulator::answer::{array_text, object_text};
use crate::simulator::{application::View, platform::ENVIRONMENT_UUID};

const NOTHING_ELSE: [&str; 6] = [
    "postgresqls",
    "redis",
    "mongodbs",
    "mysqls",
    "mariadbs",
    "services",
];

pub fn routes(api: Api) -> Api {
    let path = "/v1/projects/{uuid}";
    api.call(Call::Project, "GET", path, show).call(
        Call::Find,
        "GET",
        &format!("{path}/{{environment}}"),
        environment,
    )
}

fn show(state: &mut State, input: &Input) -> Reply {
    known(state, input)?;
    let environments = json!([state.platform.environment()]);
    let project = state.platform.project(("environments", environments));
    Ok(Answer::ok(&project.into()))
}

/// The environment, found by name or identifier, with every application in it and, in each, the whole server.
fn environment(state: &mut State, input: &Input) -> Reply {
    let (platform, wanted) = (&state.platform, input.second());
    if wanted.contains('/') {
        // Coolify's router decodes a path before it compares it, so there is no such route.
        return Err(Answer::no_such_route());
    }
    known(state, input)?;
    if wanted != platform.environment && wanted != ENVIRONMENT_UUID {
        return Err(Answer::missing(Call::Find.not_found()));
    }
    let view = View::new(platform, &state.settings, input.sensitive);
    let rows = state
        .applications()
        .into_iter()
        .map(|row| row.listed(&view));
    let mut environment = platform.environment();
    environment.extend(NOTHING_ELSE.map(|kind| (kind.to_owned(), json!([]))));
    let text = object_text(&environment, &[("applications", &array_text(rows))]);
    Ok(Answer::ok_text(text))
}

fn known(state: &State, input: &Input) -> Result<(), Answer> {
    let known = input.uuid() == state.platform.project;
    let missing = || Answer::missing(Call::Project.not_found());
    known.then_some(()).ok_or_else(missing)
}
