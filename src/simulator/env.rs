//! A variable's row: how it is written, shown, and seen by the container.

use serde_json::{Map, Value, json};

use super::{clock::Time, platform::object};

/// A variable about which nothing was said but its name.
pub fn new_row(uuid: &str, version: &str, now: Time) -> Map<String, Value> {
    object(json!({
        "uuid": uuid, "value": null, "comment": null, "is_buildpack_control": false, "is_buildtime": true,
        "is_coolify": false, "is_literal": false, "is_multiline": false, "is_preview": false,
        "is_really_required": false, "is_runtime": true, "is_shared": false, "is_shown_once": false,
        "version": version, "created_at": now.column(), "updated_at": now.column(),
    }))
}

/// The row as the API shows it. `real_value` carries the quotes that Coolify writes.
pub fn shown(row: &Map<String, Value>, sensitive: bool) -> Value {
    let mut row = row.clone();
    if !sensitive || is(&row, "is_shown_once") {
        row.remove("value");
    } else {
        let value = row["value"].as_str();
        let written = value.map(|value| written(value, is_literal(&row)));
        row.insert("real_value".into(), written.into());
    }
    row.into()
}

/// A literal value stands between single quotes, and no sign in it is escaped.
fn written(value: &str, literal: bool) -> String {
    if literal {
        return format!("'{value}'");
    }
    let escaped = value.replace('\\', "\\\\");
    escaped.replace('"', "\\\"").replace('\'', "\\'")
}

/// What the container sees of a variable, if it has a value. A literal value ends at a quote inside it; any other is a
/// template in which Docker Compose replaces `$NAME` by nothing.
pub fn in_container(rows: &[Map<String, Value>], key: &str) -> Option<String> {
    let given =
        |row: &&Map<_, _>| row["key"] == key && is(row, "is_runtime") && !is(row, "is_preview");
    let row = rows.iter().rfind(given)?;
    let value = row["value"].as_str()?;
    let seen = if is_literal(row) {
        let end = value.find('\'').unwrap_or(value.len());
        value[..end].to_owned()
    } else {
        let name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
        let (first, rest) = value.split_once('$').unwrap_or((value, ""));
        let rest = rest.split('$').map(|piece| piece.trim_start_matches(name));
        std::iter::once(first).chain(rest).collect()
    };
    Some(seen).filter(|seen| !seen.is_empty())
}

/// Whether a flag is set.
pub fn is(row: &Map<String, Value>, flag: &str) -> bool {
    row.get(flag) == Some(&Value::Bool(true))
}

fn is_literal(row: &Map<String, Value>) -> bool {
    is(row, "is_literal") || is(row, "is_multiline")
}
