//! `…/applications/{uuid}/storages`: the named volumes of an application.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::api::{Answer, Api, Call, Input, Reply, State};
use super::applications::found;
use super::input::{Errors, require, text};
use crate::simulator::{ledger::Volume, state::new_uuid};

/// Keys of a named volume; a file's are refused like unknown ones.
const KEYS: [&str; 4] = ["type", "name", "mount_path", "host_path"];

pub fn routes(api: Api) -> Api {
    let path = "/v1/applications/{uuid}/storages";
    api.call(Call::StoragesList, "GET", path, list)
        .call(Call::StoragesAdd, "POST", path, add)
}

fn list(state: &mut State, input: &Input) -> Reply {
    let row = found(state, input, Call::StoragesList)?;
    let mut shown = row.storages.clone();
    for storage in &mut shown {
        storage["is_preview_suffix_enabled"] = json!(true);
    }
    let body = json!({ "persistent_storages": shown, "file_storages": [] });
    Ok(Answer::ok(&body))
}

/// Adds a volume. The database refuses a name given twice, which nobody catches.
fn add(state: &mut State, input: &Input) -> Reply {
    let fields = input.strict()?;
    found(state, input, Call::StoragesAdd)?;
    check(&fields)?;
    let id = state.next_id();
    let Some(row) = state.application_mut(input.uuid()) else {
        return Err(Answer::missing(Call::StoragesAdd.not_found()));
    };
    let given = |key| text(&fields, key).unwrap_or_default();
    let name = format!("{}-{}", row.uuid, given("name"));
    let mount_path = format!("/{}", given("mount_path").trim_start_matches('/'));
    if row
        .storages
        .iter()
        .any(|known| known["name"] == name.as_str())
    {
        return Err(Answer::server_error());
    }
    let storage = json!({
        "id": id, "uuid": new_uuid(), "name": name, "mount_path": mount_path,
        "host_path": text(&fields, "host_path"), "resource_id": row.id,
        "resource_type": "App\\Models\\Application",
        "created_at": input.now.column(), "updated_at": input.now.column(),
    });
    row.storages.push(storage.clone());
    let volume = Volume {
        name,
        mount_path,
        removed: false,
    };
    state
        .records
        .note(input.uuid(), |record| record.volumes.push(volume));
    Ok(Answer::json(StatusCode::CREATED, &storage))
}

fn check(fields: &Map<String, Value>) -> Result<(), Answer> {
    let mut errors = Errors::default();
    require(fields, "type", &mut errors, |kind| kind == "persistent");
    require(fields, "name", &mut errors, is_name);
    require(fields, "mount_path", &mut errors, |_| true);
    if fields.contains_key("host_path") {
        require(fields, "host_path", &mut errors, |path| {
            path.starts_with('/')
        });
    }
    for key in fields.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        errors.add(key, "This field is not allowed.");
    }
    errors.refuse()
}

fn is_name(name: &str) -> bool {
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "._-".contains(sign);
    name.starts_with(|sign: char| sign.is_ascii_alphanumeric()) && name.chars().all(plain)
}
