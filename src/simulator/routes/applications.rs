//! `…/applications/{uuid}`: showing and deleting applications, and their volumes.

use axum::http::StatusCode;
use serde_json::json;

use super::api::{Answer, Call, Input, Reply, State, found};
use super::input::{Errors, NOT_ALLOWED, text};
use crate::simulator::ledger::{Record, Volume, note};
use crate::simulator::{platform::Columns, removal, state::new_uuid};

/// Keys of a named volume; a file's are refused like unknown ones.
const KEYS: [&str; 4] = ["type", "name", "mount_path", "host_path"];

pub fn show(state: &mut State, input: &Input) -> Reply {
    let row = found(state.applications.get(input.uuid()), Call::Application)?;
    let (platform, sensitive) = (&state.platform, input.sensitive);
    let destination = platform.nested_destination(&state.settings, sensitive);
    Ok(Answer::ok(row.alone(platform, &destination, sensitive)))
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

pub fn list_storages(state: &mut State, input: &Input) -> Reply {
    let row = found(state.applications.get(input.uuid()), Call::StoragesList)?;
    let mut shown = row.storages.clone();
    for storage in &mut shown {
        storage["is_preview_suffix_enabled"] = json!(true);
    }
    let body = json!({ "persistent_storages": shown, "file_storages": [] });
    Ok(Answer::ok(body))
}

/// Adds a volume. The database refuses a name given twice, which nobody catches.
pub fn add_storage(state: &mut State, input: &Input) -> Reply {
    let fields = input.fields()?;
    let id = state.next_id();
    let row = found(state.applications.get_mut(input.uuid()), Call::StoragesAdd)?;
    check_storage(&fields)?;
    let given = |key| text(&fields, key).unwrap_or_default();
    let name = format!("{}-{}", row.uuid, given("name"));
    let mount_path = format!("/{}", given("mount_path").trim_start_matches('/'));
    if row.storages.iter().any(|known| known["name"] == *name) {
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
    let mounted = |record: &mut Record| record.volumes.push(volume);
    note(&mut state.records, input.uuid(), mounted);
    Ok(Answer::json(StatusCode::CREATED, storage))
}

fn check_storage(fields: &Columns) -> Result<(), Answer> {
    let begins = |sign: char| sign.is_ascii_alphanumeric();
    let mut errors = Errors::default();
    errors.require(fields, "type", |kind| kind == "persistent");
    errors.require(fields, "name", |name| name.starts_with(begins));
    errors.require(fields, "mount_path", |_| true);
    for key in fields.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        errors.add(key, NOT_ALLOWED);
    }
    errors.refuse()
}
