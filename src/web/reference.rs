//! The readable page of the API, made of its own description (`OpenAPI`), which is all that it knows of it.

use super::origin::Base;
use super::page::{Page, html};
use super::session::Visitor;
use super::state::Web;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The methods in the order in which they are told.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// What each operation tells of itself; all other codes mean the same everywhere.
const OF_ITS_OWN: [&str; 6] = ["200", "201", "202", "204", "409", "412"];

/// The description of the API, as its page tells it.
#[derive(Debug, Serialize)]
pub struct Reference {
    sections: Vec<Section>,
    /// What any request may be answered with: code and meaning.
    common: BTreeMap<String, String>,
    types: Vec<Type>,
}

#[derive(Debug, Serialize)]
struct Section {
    name: String,
    words: String,
    operations: Vec<Operation>,
}

#[derive(Debug, Serialize)]
struct Operation {
    id: String,
    method: String,
    path: String,
    words: String,
    scope: Option<String>,
    fields: Vec<Field>,
    answers: Vec<Answered>,
}

/// A parameter, or a field of an object.
#[derive(Debug, Serialize)]
struct Field {
    name: String,
    /// Where it is sent: path, query, header or body; nothing for the field of an object.
    place: Option<String>,
    kind: Kind,
    required: bool,
    words: String,
}

#[derive(Debug, Serialize)]
struct Answered {
    status: String,
    words: String,
    kind: Option<Kind>,
}

/// What a value is, and the type of this page that says more.
#[derive(Debug, Default, Serialize)]
struct Kind {
    words: String,
    of: Option<String>,
}

#[derive(Debug, Serialize)]
struct Type {
    name: String,
    words: String,
    /// The words that it may be, if it is one of several.
    among: Vec<String>,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Show<'a> {
    page: Page,
    base: String,
    reference: &'a Reference,
}

/// The page. Whoever may read the description may read it here: it needs no account.
pub async fn show(State(web): State<Web>, visitor: Visitor, Base(base): Base) -> Response {
    let show = Show {
        page: Page::new(&visitor, "API").await,
        base,
        reference: &web.reference,
    };
    html("api/show.html", show)
}

impl Reference {
    /// Reads a description. What it lacks is not told.
    pub fn of(document: &Value) -> Self {
        let mut operations = operations(document);
        let mut common = BTreeMap::new();
        for (_, operation) in &mut operations {
            let (own, other) = std::mem::take(&mut operation.answers)
                .into_iter()
                .partition(|answer| OF_ITS_OWN.contains(&answer.status.as_str()));
            operation.answers = own;
            common.extend(other.into_iter().map(|it: Answered| (it.status, it.words)));
        }
        let sections = list(document, "tags").iter().map(|tag| Section {
            name: text(tag, "name"),
            words: text(tag, "description"),
            operations: operations
                .extract_if(.., |(name, _)| *name == text(tag, "name"))
                .map(|(_, operation)| operation)
                .collect(),
        });
        Self {
            sections: sections.collect(),
            common,
            types: object(&document["components"], "schemas")
                .map(|(name, schema)| named(name, schema))
                .collect(),
        }
    }
}

/// Every operation with its tag.
fn operations(document: &Value) -> Vec<(String, Operation)> {
    let root = text(&document["servers"][0], "url");
    let mut found = vec![];
    for (path, item) in object(document, "paths") {
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            let path = format!("{root}{path}");
            found.push((tag.to_owned(), self::operation(method, path, operation)));
        }
    }
    found
}

fn operation(method: &str, path: String, operation: &Value) -> Operation {
    let summary = text(operation, "summary");
    let more = text(operation, "description");
    let parameters = list(operation, "parameters").iter().map(parameter);
    let body = &operation["requestBody"];
    let body = body["content"]["application/json"]
        .get("schema")
        .map(|schema| Field {
            name: String::new(),
            place: Some("body".to_owned()),
            kind: kind(schema),
            required: body["required"] == true,
            words: text(body, "description"),
        });
    let scope = operation["security"][0]["token"][0].as_str();
    Operation {
        id: text(operation, "operationId"),
        method: method.to_uppercase(),
        path,
        words: [summary, more].join(" ").trim().to_owned(),
        scope: scope.map(str::to_owned),
        fields: parameters.chain(body).collect(),
        answers: object(operation, "responses").map(answered).collect(),
    }
}

fn parameter(one: &Value) -> Field {
    Field {
        name: text(one, "name"),
        place: Some(text(one, "in")),
        kind: kind(&one["schema"]),
        required: one["required"] == true,
        words: text(one, "description"),
    }
}

fn answered((status, answer): (&String, &Value)) -> Answered {
    Answered {
        status: status.clone(),
        words: text(answer, "description"),
        kind: answer["content"]["application/json"]
            .get("schema")
            .map(kind),
    }
}

fn named(name: &str, schema: &Value) -> Type {
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
fn kind(schema: &Value) -> Kind {
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
        (Some("string"), _) => "text",
        (Some("integer"), _) => "whole number",
        (Some("boolean"), _) => "true or false",
        (Some(other), _) => other,
        (None, _) => "",
    };
    Kind {
        words: words.to_owned(),
        of: None,
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().replace('\n', " ")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn object<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value[field].as_object().into_iter().flat_map(Map::iter)
}
