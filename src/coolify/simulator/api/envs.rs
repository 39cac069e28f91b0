//! The variables of an application.
//!
//! It knows how they are added and changed; it must not know what the container makes of them.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Ask;
use super::applications::found;
use super::input::{self, Errors, boolean};
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::application::{Application, Env};
use crate::coolify::simulator::moment::Moment;
use crate::coolify::simulator::settings::Profile;
use crate::coolify::simulator::world::{World, new_uuid};

const MISSING: &str = "Application not found";
const FLAGS: [&str; 6] = [
    "is_preview",
    "is_literal",
    "is_multiline",
    "is_shown_once",
    "is_runtime",
    "is_buildtime",
];

/// All variables, previews' twins among them.
pub fn list(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let row = found(world, ask, MISSING)?;
    let profile = world.settings.profile;
    let shown = row.envs.iter().map(|env| env.shown(profile, ask.sensitive));
    Ok(Answer::ok(&shown.collect::<Value>()))
}

/// Adds one variable.
pub fn add(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    found(world, ask, MISSING)?;
    let fields = input::lenient(ask);
    judge(&fields, world.settings.profile, true)?;
    let row = world.application_mut(ask.subject());
    let Some(row) = row else {
        return Err(Answer::missing(MISSING));
    };
    if position(&row.envs, &fields).is_some() {
        let message = "Environment variable already exists. Use PATCH request to update it.";
        return Err(Answer::refusal(StatusCode::CONFLICT, message));
    }
    let uuid = insert(row, &fields, ask.now).uuid;
    Ok(Answer::json(StatusCode::CREATED, &json!({ "uuid": uuid })))
}

/// Changes one variable, known by its name.
pub fn update(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let fields = input::strict(ask)?;
    found(world, ask, MISSING)?;
    let profile = world.settings.profile;
    judge(&fields, profile, true)?;
    let row = world.application_mut(ask.subject());
    let env = row.and_then(|row| {
        let index = position(&row.envs, &fields)?;
        row.envs.get_mut(index)
    });
    let Some(env) = env else {
        return Err(Answer::missing("Environment variable not found."));
    };
    change(env, &fields, ask.now)?;
    Ok(Answer::json(
        StatusCode::CREATED,
        &env.shown(profile, ask.sensitive),
    ))
}

/// Adds or changes many. What came before a bad one stays saved.
pub fn bulk(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let fields = input::strict(ask)?;
    found(world, ask, MISSING)?;
    let Some(items) = fields.get("data").and_then(Value::as_array) else {
        let message = "Bulk data is required.";
        return Err(Answer::refusal(StatusCode::BAD_REQUEST, message));
    };
    let profile = world.settings.profile;
    let Some(row) = world.application_mut(ask.subject()) else {
        return Err(Answer::missing(MISSING));
    };
    // Rows are looked up among those there were: the same name twice becomes two rows.
    let before = row.envs.len();
    let mut shown = Vec::new();
    for item in items {
        let fields = item.as_object().cloned().unwrap_or_default();
        judge(&fields, profile, false)?;
        let env = match position(&row.envs[..before], &fields) {
            Some(index) => {
                change(&mut row.envs[index], &fields, ask.now)?;
                row.envs[index].clone()
            }
            None => insert(row, &fields, ask.now),
        };
        shown.push(env.shown(profile, ask.sensitive));
    }
    Ok(Answer::json(StatusCode::CREATED, &shown.into()))
}

fn judge(fields: &Map<String, Value>, profile: Profile, strict: bool) -> Result<(), Answer> {
    let mut errors = Errors::default();
    match fields.get("key") {
        None | Some(Value::Null) => errors.add("key", "The key field is required."),
        Some(Value::String(key)) if profile == Profile::V4_0_0 || is_key(key) => {}
        Some(Value::String(_)) => errors.add("key", "The key field format is invalid."),
        Some(_) => errors.add("key", "The key field must be a string."),
    }
    let given = |key: &str| fields.get(key).filter(|value| !value.is_null());
    for text in ["value", "comment"] {
        if given(text).is_some_and(|value| !value.is_string()) {
            errors.add(text, format!("The {text} field must be a string."));
        }
    }
    for flag in FLAGS {
        if given(flag).is_some_and(|value| boolean(value).is_none()) {
            let name = input::spoken(flag);
            errors.add(flag, format!("The {name} field must be true or false."));
        }
    }
    let known = |key: &str| ["key", "value", "comment"].contains(&key) || FLAGS.contains(&key);
    for key in fields.keys().filter(|key| strict && !known(key)) {
        errors.add(key, "This field is not allowed.");
    }
    errors.refuse()
}

fn is_key(key: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '.';
    let begins = |sign: char| sign.is_ascii_alphabetic() || sign == '_';
    key.starts_with(begins) && key.chars().all(plain) && key.len() <= 255
}

fn flag(fields: &Map<String, Value>, name: &str) -> Option<bool> {
    fields.get(name).and_then(boolean)
}

fn owned(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn position(envs: &[Env], fields: &Map<String, Value>) -> Option<usize> {
    let key = fields.get("key").and_then(Value::as_str)?;
    let preview = flag(fields, "is_preview").unwrap_or(false);
    envs.iter()
        .position(|env| env.key == key && env.is_preview == preview)
}

/// Adds a row, and to one of production its twin for previews.
fn insert(row: &mut Application, fields: &Map<String, Value>, now: Moment) -> Env {
    let env = Env {
        uuid: new_uuid(),
        key: owned(fields, "key").unwrap_or_default(),
        value: owned(fields, "value"),
        comment: owned(fields, "comment"),
        is_preview: flag(fields, "is_preview").unwrap_or(false),
        is_literal: flag(fields, "is_literal").unwrap_or(false),
        is_multiline: flag(fields, "is_multiline").unwrap_or(false),
        is_shown_once: flag(fields, "is_shown_once").unwrap_or(false),
        is_runtime: flag(fields, "is_runtime").unwrap_or(true),
        is_buildtime: flag(fields, "is_buildtime").unwrap_or(true),
        created_at: now,
        updated_at: now,
    };
    row.envs.push(env.clone());
    if !env.is_preview {
        row.envs.push(Env {
            uuid: new_uuid(),
            is_preview: true,
            is_shown_once: false,
            ..env.clone()
        });
    }
    env
}

/// Two flags that are left out become null, which their columns refuse when the stored flag was set.
fn change(env: &mut Env, fields: &Map<String, Value>, now: Moment) -> Result<(), Answer> {
    let multiline = flag(fields, "is_multiline");
    let shown_once = flag(fields, "is_shown_once");
    if env.is_multiline && multiline.is_none() || env.is_shown_once && shown_once.is_none() {
        return Err(Answer::server_error());
    }
    env.value = owned(fields, "value");
    env.is_literal = flag(fields, "is_literal").unwrap_or(false);
    env.is_multiline = multiline.unwrap_or(false);
    env.is_shown_once = shown_once.unwrap_or(false);
    env.is_runtime = flag(fields, "is_runtime").unwrap_or(env.is_runtime);
    env.is_buildtime = flag(fields, "is_buildtime").unwrap_or(env.is_buildtime);
    env.comment = owned(fields, "comment").or(env.comment.take());
    env.updated_at = now;
    Ok(())
}
