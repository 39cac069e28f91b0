//! `…/applications/{uuid}/envs`: the variables of an application.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::api::{Answer, Api, Call, Input, Reply, State};
use super::applications::found;
use super::input::{Errors, boolean, flag, require, spoken, text};
use crate::simulator::{
    application::Application, clock::Time, env, settings::Profile, state::new_uuid,
};

const FLAGS: &str = "is_preview is_literal is_multiline is_shown_once is_runtime is_buildtime";
const TEXTS: [&str; 3] = ["key", "value", "comment"];

type Row = Map<String, Value>;

pub fn routes(api: Api) -> Api {
    let path = "/v1/applications/{uuid}/envs";
    api.call(Call::EnvsList, "GET", path, list).call(
        Call::Envs,
        "PATCH",
        &format!("{path}/bulk"),
        bulk,
    )
}

/// All variables, previews' twins among them.
fn list(state: &mut State, input: &Input) -> Reply {
    let row = found(state, input, Call::EnvsList)?;
    let shown = row.envs.iter().map(|env| env::shown(env, input.sensitive));
    Ok(Answer::ok(&shown.collect()))
}

/// Adds or changes many. What came before a bad one stays saved.
fn bulk(state: &mut State, input: &Input) -> Reply {
    let fields = input.strict()?;
    found(state, input, Call::Envs)?;
    let items = fields.get("data").and_then(Value::as_array);
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        return Err(Answer::bad_request("Bulk data is required."));
    };
    let profile = state.settings.profile;
    let Some(row) = state.application_mut(input.uuid()) else {
        return Err(Answer::missing(Call::Envs.not_found()));
    };
    // Rows are looked up among those there were: the same name twice becomes two rows.
    let before = row.envs.len();
    let mut shown = Vec::new();
    for item in items {
        let fields = item.as_object().cloned().unwrap_or_default();
        check(&fields, profile)?;
        let env = match position(&row.envs[..before], &fields) {
            Some(index) => {
                change(&mut row.envs[index], &fields, input.now)?;
                row.envs[index].clone()
            }
            None => insert(row, &fields, profile, input.now),
        };
        shown.push(env::shown(&env, input.sensitive));
    }
    Ok(Answer::json(StatusCode::CREATED, &shown.into()))
}

/// Checks what it knows; other keys are dropped without a word.
fn check(fields: &Row, profile: Profile) -> Result<(), Answer> {
    let mut errors = Errors::default();
    let any_key = |key: &str| profile == Profile::V4_0_0 || is_key(key);
    require(fields, "key", &mut errors, any_key);
    for (key, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        if ["value", "comment"].contains(&key.as_str()) && !value.is_string() {
            errors.add(key, format!("The {key} field must be a string."));
        }
        if FLAGS.split(' ').any(|flag| flag == key) && boolean(value).is_none() {
            errors.add(
                key,
                format!("The {} field must be true or false.", spoken(key)),
            );
        }
    }
    errors.refuse()
}

fn is_key(key: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '.';
    let begins = |sign: char| sign.is_ascii_alphabetic() || sign == '_';
    key.starts_with(begins) && key.chars().all(plain) && key.len() <= 255
}

fn position(envs: &[Row], fields: &Row) -> Option<usize> {
    let preview = flag(fields, "is_preview").unwrap_or(false);
    let same = |env: &Row| env["key"] == fields["key"] && env::is(env, "is_preview") == preview;
    envs.iter().position(same)
}

/// Adds a row, and to one of production its twin for previews.
fn insert(row: &mut Application, fields: &Row, profile: Profile, now: Time) -> Row {
    let mut env = env::new_row(&new_uuid(), profile.version(), now);
    set(&mut env, fields);
    row.envs.push(env.clone());
    if !env::is(&env, "is_preview") {
        let mut twin = env.clone();
        twin.insert("uuid".into(), new_uuid().into());
        twin.insert("is_preview".into(), true.into());
        twin.insert("is_shown_once".into(), false.into());
        row.envs.push(twin);
    }
    env
}

/// Two flags that are left out become null, which their columns refuse when the stored flag was set.
fn change(env: &mut Row, fields: &Row, now: Time) -> Result<(), Answer> {
    let refused = |name: &&str| env::is(env, name) && flag(fields, name).is_none();
    if ["is_multiline", "is_shown_once"].iter().any(refused) {
        return Err(Answer::server_error());
    }
    for name in ["is_literal", "is_multiline", "is_shown_once"] {
        env.insert(name.into(), false.into());
    }
    env.insert("value".into(), Value::Null);
    env.insert("updated_at".into(), now.column().into());
    set(env, fields);
    Ok(())
}

/// Writes what is given.
fn set(env: &mut Row, fields: &Row) {
    let texts = TEXTS.map(|name| (name, text(fields, name).map(Value::from)));
    let flags = FLAGS
        .split(' ')
        .map(|name| (name, flag(fields, name).map(Value::from)));
    for (name, value) in texts.into_iter().chain(flags) {
        if let Some(value) = value {
            env.insert(name.into(), value);
        }
    }
}
