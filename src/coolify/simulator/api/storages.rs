//! The named volumes of an application.
//!
//! It knows how they are added; it must not know when they are mounted or removed.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Ask;
use super::applications::found;
use super::create::require;
use super::input::{self, Errors};
use crate::coolify::simulator::answer::Answer;
use crate::coolify::simulator::application::Storage;
use crate::coolify::simulator::ledger::Volume;
use crate::coolify::simulator::world::{World, new_uuid};

/// Keys of a named volume; a file's are refused like unknown ones.
const KEYS: [&str; 4] = ["type", "name", "mount_path", "host_path"];

/// All volumes.
pub fn list(world: &World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let row = found(world, ask, "Application not found")?;
    let shown = row.storages.iter().map(|storage| {
        let mut shown = storage.shown(row.id);
        shown["is_preview_suffix_enabled"] = json!(true);
        shown
    });
    let shown: Value = shown.collect();
    let body = json!({ "persistent_storages": shown, "file_storages": [] });
    Ok(Answer::ok(&body))
}

/// Adds a volume. The database refuses a name given twice, which nobody catches.
pub fn add(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    let fields = input::strict(ask)?;
    found(world, ask, "Application not found.")?;
    judge(&fields)?;
    let id = world.next_id();
    let Some(row) = world.application_mut(ask.subject()) else {
        return Err(Answer::missing("Application not found."));
    };
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let path = text("mount_path").unwrap_or_default();
    let storage = Storage {
        id,
        uuid: new_uuid(),
        name: format!("{}-{}", row.uuid, text("name").unwrap_or_default()),
        mount_path: format!("/{}", path.trim_start_matches('/')),
        host_path: text("host_path").map(str::to_owned),
        created_at: ask.now,
    };
    if row.storages.iter().any(|known| known.name == storage.name) {
        return Err(Answer::server_error());
    }
    let shown = storage.shown(row.id);
    row.storages.push(storage.clone());
    remember(world, ask.subject(), storage);
    Ok(Answer::json(StatusCode::CREATED, &shown))
}

fn judge(fields: &Map<String, Value>) -> Result<(), Answer> {
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

fn remember(world: &mut World, application: &str, storage: Storage) {
    world.records.note(application, |record| {
        record.volumes.push(Volume {
            name: storage.name,
            mount_path: storage.mount_path,
            removed: false,
        });
    });
}
