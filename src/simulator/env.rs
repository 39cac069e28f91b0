//! A variable of an application: how it is written, shown, and seen by the container.

use super::clock::Time;
use super::platform::row;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A variable's row, of production or of previews. Of what a call gives, other keys are dropped without a word.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns")]
pub struct Variable {
    #[serde(default)]
    pub uuid: String,
    pub key: String,
    pub value: Option<String>,
    #[serde(default)]
    pub is_preview: bool,
    #[serde(default)]
    pub is_literal: bool,
    #[serde(default)]
    pub is_multiline: bool,
    #[serde(default)]
    pub is_shown_once: bool,
    #[serde(default = "yes")]
    pub is_runtime: bool,
    #[serde(default = "yes")]
    pub is_buildtime: bool,
    #[serde(default)]
    pub created_at: Time,
    #[serde(default)]
    pub updated_at: Time,
}

fn yes() -> bool {
    true
}

impl Variable {
    /// The row as the API shows it. `real_value` carries the quotes that Coolify writes.
    pub fn shown(&self, sensitive: bool) -> Value {
        let mut shown = json!(row("variable", json!(self)));
        shown["created_at"] = self.created_at.column().into();
        shown["updated_at"] = self.updated_at.column().into();
        if sensitive {
            let written = self.value.as_deref().map(|value| self.written(value));
            shown["real_value"] = written.into();
        } else if let Some(columns) = shown.as_object_mut() {
            columns.remove("value");
        }
        shown
    }

    /// A literal value stands between single quotes, and no sign in it is escaped.
    fn written(&self, value: &str) -> String {
        if self.is_literally() {
            return format!("'{value}'");
        }
        let escaped = value.replace('\\', "\\\\");
        escaped.replace('"', "\\\"").replace('\'', "\\'")
    }

    /// What the container sees. A literal value ends at a quote inside it; any other is a template in which Docker
    /// Compose replaces `$NAME` by nothing.
    fn seen(&self) -> Option<String> {
        let value = self.value.as_deref()?;
        if self.is_literally() {
            return value.split('\'').next().map(str::to_owned);
        }
        let name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
        let (first, rest) = value.split_once('$').unwrap_or((value, ""));
        let rest = rest.split('$').map(|piece| piece.trim_start_matches(name));
        Some(std::iter::once(first).chain(rest).collect())
    }

    fn is_literally(&self) -> bool {
        self.is_literal || self.is_multiline
    }
}

/// What the container sees of a variable, if it has a value.
pub fn in_container(all: &[Variable], key: &str) -> Option<String> {
    let given = |one: &&Variable| one.key == key && one.is_runtime && !one.is_preview;
    let seen = all.iter().rfind(given)?.seen()?;
    Some(seen).filter(|seen| !seen.is_empty())
}
