//! `…/applications/{uuid}`: showing and deleting applications, and their volumes.

use axum::http::StatusCode;
use serde_json::json;

use super::api::{ApiRequest, ApiResponse, Call, Reply, State, found};
use super::request::{Errors, NOT_ALLOWED, text};
use crate::simulator::ledger::{Record, Volume, note};
use crate::simulator::{platform::Columns, removal, state::new_uuid};

/// Keys of a named volume; a file's are refused like unknown ones.
const KEYS: [&str; 4] = ["type", "name", "mount_path", "host_path"];
const CONTAINER_LOG: &str = include_str!("../data/container.log");

pub fn show(state: &mut State, request: &ApiRequest) -> Reply {
    let row = found(state.applications.get(request.uuid()), Call::Application)?;
    let (platform, sensitive) = (&state.platform, request.sensitive);
    let destination = platform.nested_destination(&state.settings, sensitive);
    let shown = row.alone(platform, &destination, sensitive);
    Ok(ApiResponse::ok(shown))
}

/// The container's own log, while it runs.
pub fn logs(state: &mut State, request: &ApiRequest) -> Reply {
    let row = found(state.applications.get(request.uuid()), Call::Logs)?;
    let running = row.container.as_ref().filter(|running| !running.crashed);
    let stopped = || ApiResponse::bad_request("Application is not running.");
    running.ok_or_else(stopped)?;
    Ok(ApiResponse::ok(json!({ "logs": CONTAINER_LOG })))
}

/// Asks for the deletion, which takes its time.
pub fn delete(state: &mut State, request: &ApiRequest) -> Reply {
    found(state.applications.get(request.uuid()), Call::Delete)?;
    let wanted = |name| !matches!(request.parameter(name), Some("0" | "false" | "off" | "no"));
    let (volumes, cleanup) = (wanted("delete_volumes"), wanted("docker_cleanup"));
    removal::delete_later(state, request.uuid(), volumes, cleanup, request.now);
    let message = "Application deletion request queued.";
    Ok(ApiResponse::message(StatusCode::OK, message))
}

pub fn list_storages(state: &mut State, request: &ApiRequest) -> Reply {
    let row = found(state.applications.get(request.uuid()), Call::StoragesList)?;
    let mut shown = row.storages.clone();
    for storage in &mut shown {
        storage["is_preview_suffix_enabled"] = json!(true);
    }
    let body = json!({ "persistent_storages": shown, "file_storages": [] });
    Ok(ApiResponse::ok(body))
}

/// Adds a volume. The database refuses a name given twice, which nobody catches.
pub fn add_storage(state: &mut State, request: &ApiRequest) -> Reply {
    let fields = request.fields()?;
    let id = state.next_id();
    let row = state.applications.get_mut(request.uuid());
    let row = found(row, Call::StoragesAdd)?;
    check_storage(&fields)?;
    let given = |key| text(&fields, key).unwrap_or_default();
    let name = format!("{}-{}", row.uuid, given("name"));
    let mount_path = format!("/{}", given("mount_path").trim_start_matches('/'));
    if row.storages.iter().any(|known| known["name"] == *name) {
        return Err(ApiResponse::server_error());
    }
    let storage = json!({
        "id": id, "uuid": new_uuid(), "name": name, "mount_path": mount_path,
        "host_path": text(&fields, "host_path"), "resource_id": row.id,
        "resource_type": "App\\Models\\Application",
        "created_at": request.now.column(), "updated_at": request.now.column(),
    });
    row.storages.push(storage.clone());
    let volume = Volume {
        name,
        mount_path,
        removed: false,
    };
    let mounted = |record: &mut Record| record.volumes.push(volume);
    note(&mut state.records, request.uuid(), mounted);
    Ok(ApiResponse::json(StatusCode::CREATED, storage))
}

fn check_storage(fields: &Columns) -> Result<(), ApiResponse> {
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
