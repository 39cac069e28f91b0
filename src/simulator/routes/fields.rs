//! The fields that creating an application accepts. Which they are, with the type of each, is in `data/fields.json`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::input::{Errors, boolean, spoken};
use crate::simulator::settings::Profile;

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let text = include_str!("../data/fields.json");
    serde_json::from_str(text).expect("the fields are well formed")
});

/// Fields of one type.
#[derive(Deserialize)]
struct Group {
    kind: Kind,
    /// They are refused before 4.2.0.
    #[serde(default)]
    since_4_2: bool,
    names: Vec<String>,
}

/// What a value must be.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Text,
    NullableText,
    Boolean,
    Number,
    /// A whole number of at least and at most so much, or null.
    Whole(i64, i64),
    OneOf(Vec<String>),
    List,
    /// Judged later or never.
    Whatever,
}

/// The first validator: types, and every key that this version does not accept.
pub fn check(fields: &Map<String, Value>, profile: Profile, errors: &mut Errors) {
    for (key, value) in fields {
        let old = profile == Profile::V4_0_0;
        let accepted = group(key).filter(|group| !(group.since_4_2 && old));
        match accepted.map(|group| complaint(&group.kind, value)) {
            None => errors.add(key, "This field is not allowed."),
            Some(Some(wrong)) => errors.add(key, format!("The {} field {wrong}.", spoken(key))),
            Some(None) => {}
        }
    }
}

/// Whether a field is a switch of the nested settings and not a column.
pub fn is_setting(key: &str) -> bool {
    let columns = [
        "max_restart_count",
        "preview_url_template",
        "tags",
        "noindex_domains",
    ];
    let young = group(key).is_some_and(|group| group.since_4_2) && !columns.contains(&key);
    let switch = key.starts_with("is_") && key != "is_http_basic_auth_enabled";
    young || switch || key == "connect_to_docker_network"
}

fn group(key: &str) -> Option<&'static Group> {
    let has = |group: &&Group| group.names.iter().any(|name| name == key);
    GROUPS.iter().find(has)
}

/// What is wrong with a value, if something is.
fn complaint(kind: &Kind, value: &Value) -> Option<&'static str> {
    let text = value.as_str();
    let number = || value.as_i64().or_else(|| text?.parse().ok());
    let float = || value.is_number() || text.is_some_and(|text| text.parse::<f64>().is_ok());
    let (good, wrong) = match kind {
        Kind::NullableText | Kind::Whole(..) if value.is_null() => return None,
        Kind::Whatever => return None,
        Kind::Text | Kind::NullableText => (text.is_some(), "must be a string"),
        Kind::Boolean => (boolean(value).is_some(), "must be true or false"),
        Kind::Number => (float(), "must be a number"),
        Kind::Whole(least, most) => {
            let within = number().is_some_and(|number| (*least..=*most).contains(&number));
            (within, "must be an integer within its range")
        }
        Kind::OneOf(words) => {
            let known = text.is_some_and(|text| words.iter().any(|word| word == text));
            (known, "is invalid")
        }
        Kind::List => (value.is_array(), "must be an array"),
    };
    (!good).then_some(wrong)
}
