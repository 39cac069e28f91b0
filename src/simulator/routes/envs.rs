//! `…/applications/{uuid}/envs`: the variables of an application.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::api::{Answer, Call, Input, Reply, State};
use super::applications::{found, found_mut};
use crate::simulator::env::{Given, Variable};
use crate::simulator::{application::Application, clock::Time, state::new_uuid};

/// All variables, previews' twins among them.
pub fn list(state: &mut State, input: &Input) -> Reply {
    let row = found(state, input, Call::EnvsList)?;
    let version = state.settings.profile.version();
    let shown = row
        .envs
        .iter()
        .map(|env| env.shown(version, input.sensitive));
    Ok(Answer::ok(shown.collect::<Vec<_>>()))
}

/// Adds or changes many. What came before a bad one stays saved.
pub fn bulk(state: &mut State, input: &Input) -> Reply {
    let mut fields = input.strict()?;
    let version = state.settings.profile.version();
    let row = found_mut(state, input, Call::Envs)?;
    let Some(Value::Array(items)) = fields.remove("data").filter(|data| *data != json!([])) else {
        return Err(Answer::bad_request("Bulk data is required."));
    };
    // Rows are looked up among those there were: the same name twice becomes two rows.
    let before = row.envs.len();
    let mut shown = Vec::new();
    for item in items {
        let given: Given = serde_json::from_value(item)
            .map_err(|error| Answer::invalid(json!({ "data": [error.to_string()] })))?;
        let same = |env: &&mut Variable| env.key == given.key && env.is_preview == given.is_preview;
        let env = match row.envs[..before].iter_mut().find(same) {
            Some(env) => change(env, &given, input.now)?,
            None => insert(row, &given, input.now),
        };
        shown.push(env.shown(version, input.sensitive));
    }
    Ok(Answer::json(StatusCode::CREATED, shown))
}

/// Two flags that are left out become null, which their columns refuse when the stored flag was set.
fn change<'a>(env: &'a mut Variable, given: &Given, now: Time) -> Result<&'a Variable, Answer> {
    let multiline = env.is_multiline && given.is_multiline.is_none();
    let shown_once = env.is_shown_once && given.is_shown_once.is_none();
    if multiline || shown_once {
        return Err(Answer::server_error());
    }
    env.set(given, now);
    Ok(env)
}

/// Adds a row, and to one of production its twin for previews.
fn insert<'a>(row: &'a mut Application, given: &Given, now: Time) -> &'a Variable {
    let mut env = Variable::new(new_uuid(), given, now);
    env.set(given, now);
    let index = row.envs.len();
    row.envs.push(env.clone());
    if !env.is_preview {
        row.envs.push(Variable {
            uuid: new_uuid(),
            is_preview: true,
            is_shown_once: false,
            ..env
        });
    }
    &row.envs[index]
}
