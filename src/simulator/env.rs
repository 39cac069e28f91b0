//! A variable of an application: how it is written, shown, and seen by the container.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::clock::Time;
use super::columns::{CONSTANT, row};

/// What a call says about a variable; keys that it does not know are dropped without a word.
#[derive(Deserialize)]
pub struct Given {
    pub key: String,
    pub value: Option<String>,
    #[serde(default)]
    pub is_preview: bool,
    pub is_literal: Option<bool>,
    pub is_multiline: Option<bool>,
    pub is_shown_once: Option<bool>,
    pub is_runtime: Option<bool>,
    pub is_buildtime: Option<bool>,
}

/// A variable's row, of production or of previews.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent columns")]
pub struct Variable {
    pub uuid: String,
    pub key: String,
    pub value: Option<String>,
    pub is_preview: bool,
    pub is_literal: bool,
    pub is_multiline: bool,
    pub is_shown_once: bool,
    pub is_runtime: bool,
    pub is_buildtime: bool,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Variable {
    /// A variable about which nothing was said but its name.
    pub fn new(uuid: String, given: &Given, now: Time) -> Self {
        Self {
            uuid,
            key: given.key.clone(),
            value: None,
            is_preview: given.is_preview,
            is_literal: false,
            is_multiline: false,
            is_shown_once: false,
            is_runtime: true,
            is_buildtime: true,
            created_at: now,
            updated_at: now,
        }
    }

    /// Writes what is given; what is left out is false or null, but for where the variable is used.
    pub fn set(&mut self, given: &Given, now: Time) {
        self.value.clone_from(&given.value);
        self.is_literal = given.is_literal.unwrap_or(false);
        self.is_multiline = given.is_multiline.unwrap_or(false);
        self.is_shown_once = given.is_shown_once.unwrap_or(false);
        self.is_runtime = given.is_runtime.unwrap_or(self.is_runtime);
        self.is_buildtime = given.is_buildtime.unwrap_or(self.is_buildtime);
        self.updated_at = now;
    }

    /// The row as the API shows it. `real_value` carries the quotes that Coolify writes.
    pub fn shown(&self, version: &str, sensitive: bool) -> Value {
        let mut shown = row(&CONSTANT.variable, json!(self));
        shown.insert("version".into(), version.into());
        shown.insert("created_at".into(), self.created_at.column().into());
        shown.insert("updated_at".into(), self.updated_at.column().into());
        if !sensitive || self.is_shown_once {
            shown.remove("value");
        } else {
            let written = self.value.as_deref().map(|value| self.written(value));
            shown.insert("real_value".into(), written.into());
        }
        shown.into()
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
