//! The types of the API's description, in words. It must not know what they are for.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A parameter, or a field of an object.
#[derive(Debug, Serialize)]
pub struct Field {
    pub name: String,
    /// Where it is sent: path, query, header or body; nothing for the field of an object.
    pub place: Option<String>,
    pub kind: Kind,
    pub required: bool,
    pub words: String,
}

/// What a value is, and the type of this page that says more.
#[derive(Debug, Default, Serialize)]
pub struct Kind {
    pub words: String,
    of: Option<String>,
}

impl Kind {
    fn of(words: String) -> Self {
        Self { words, of: None }
    }
}

#[derive(Debug, Serialize)]
pub struct Type {
    pub name: String,
    pub words: String,
    /// Whether requests bring it: in an answer, every field is there.
    sent: bool,
    /// The words that it may be, if it is one of several.
    among: Vec<String>,
    fields: Vec<Field>,
}

/// Every type, by name.
pub fn types(document: &Value) -> Vec<Type> {
    let schemas = &document["components"]["schemas"];
    let mut sent = BTreeSet::new();
    for (_, item) in object(document, "paths") {
        for operation in item.as_object().into_iter().flat_map(Map::values) {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            named_in(schemas, body, &mut sent);
        }
    }
    let all = object(&document["components"], "schemas");
    all.map(|(name, schema)| named(name, schema, sent.contains(name)))
        .collect()
}

/// Collects the names of a schema and of all that it consists of.
fn named_in(schemas: &Value, schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(keywords) => {
            if let Some(name) = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next())
                && names.insert(name.to_owned())
            {
                named_in(schemas, &schemas[name], names);
            }
            for part in keywords.values() {
                named_in(schemas, part, names);
            }
        }
        Value::Array(parts) => {
            for part in parts {
                named_in(schemas, part, names);
            }
        }
        _ => {}
    }
}

fn named(name: &str, schema: &Value, sent: bool) -> Type {
    let required = list(schema, "required");
    let among = list(schema, "enum").iter().filter_map(Value::as_str);
    let field = |(name, schema): (&String, &Value)| Field {
        name: name.clone(),
        place: None,
        kind: kind(schema),
        required: required.iter().any(|one| one == name.as_str()),
        words: described(schema),
    };
    Type {
        name: name.to_owned(),
        words: text(schema, "description"),
        sent,
        among: among.map(str::to_owned).collect(),
        fields: object(schema, "properties").map(field).collect(),
    }
}

/// What is said of a value, beside it or within its alternatives.
fn described(schema: &Value) -> String {
    let own = text(schema, "description");
    let all = list(schema, "oneOf")
        .iter()
        .map(|one| text(one, "description"));
    [own]
        .into_iter()
        .chain(all)
        .find(|words| !words.is_empty())
        .unwrap_or_default()
}

/// Whether a value is text, a number, one of some words, a list, or an object; and whether it may be null.
pub fn kind(schema: &Value) -> Kind {
    if let Some(place) = schema["$ref"].as_str() {
        let of = place.rsplit('/').next().map(str::to_owned);
        return Kind {
            words: String::new(),
            of,
        };
    }
    let choices = list(schema, "oneOf");
    if let Some(choice) = choices.iter().find(|one| one["type"] != "null") {
        return or_null(kind(choice));
    }
    match &schema["type"] {
        Value::Array(all) => match all.iter().find(|one| *one != "null") {
            Some(one) => or_null(simple(one, schema)),
            None => Kind::default(),
        },
        one => simple(one, schema),
    }
}

fn or_null(kind: Kind) -> Kind {
    let words = format!("{} or null", kind.words);
    Kind {
        words: words.trim().to_owned(),
        ..kind
    }
}

fn simple(kind: &Value, schema: &Value) -> Kind {
    let among: Vec<&str> = list(schema, "enum")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let words = match (kind.as_str(), schema["format"].as_str()) {
        (Some("array"), _) => {
            let items = self::kind(&schema["items"]);
            let words = format!("list of {}", items.words);
            return Kind {
                words: words.trim().to_owned(),
                ..items
            };
        }
        (Some("object"), _) if schema.get("additionalProperties").is_some() => "texts by name",
        (Some("string"), _) if !among.is_empty() => {
            return Kind {
                words: among.join(", "),
                of: None,
            };
        }
        (Some("string"), Some("date-time")) => "time (RFC 3339)",
        (Some("string"), _) => return Kind::of(format!("text{}", length(schema))),
        (Some("integer"), _) => return Kind::of(format!("whole number{}", range(schema))),
        (Some("boolean"), _) => "true or false",
        (Some(other), _) => other,
        (None, _) => "",
    };
    Kind {
        words: words.to_owned(),
        of: None,
    }
}

/// The lengths that a text may have.
fn length(schema: &Value) -> String {
    match (schema["minLength"].as_u64(), schema["maxLength"].as_u64()) {
        (Some(least), Some(most)) => format!(", {least} to {most} characters"),
        (None, Some(most)) => format!(", at most {most} characters"),
        _ => String::new(),
    }
}

/// The numbers that a number may be, and the one that it is when it is left out.
fn range(schema: &Value) -> String {
    let between = match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        _ => String::new(),
    };
    match schema["default"].as_i64() {
        Some(usual) => format!("{between}; {usual} if it is left out"),
        None => between,
    }
}

/// A text of an object, on one line; empty if there is none.
pub fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().replace('\n', " ")
}

/// A list of an object; empty if there is none.
pub fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// The fields of an object within an object.
pub fn object<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[field].as_object().into_iter().flat_map(Map::iter)
}
