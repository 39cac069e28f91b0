//! What the page of the API tells: its own description (`OpenAPI`), in sections.

use super::reference_types::{Field, Kind, Type, kind, list, object, text, types};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The methods in the order in which they are told.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

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

#[derive(Debug, Serialize)]
struct Answered {
    status: String,
    words: String,
    kind: Option<Kind>,
}

impl Reference {
    /// Reads a description. What it lacks is not told.
    pub fn of(document: &Value) -> Self {
        let mut operations = operations(document);
        let common = common(&operations);
        for (_, operation) in &mut operations {
            let is_own = |answer: &Answered| common.get(&answer.status) != Some(&answer.words);
            operation.answers.retain(is_own);
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
            types: types(document),
        }
    }
}

/// What every operation may be answered with, in the same words.
fn common(operations: &[(String, Operation)]) -> BTreeMap<String, String> {
    let told = |(_, operation): &(String, Operation)| {
        let answers = operation.answers.iter();
        let words = answers.map(|it| (it.status.clone(), it.words.clone()));
        words.collect::<BTreeMap<_, _>>()
    };
    let mut all = operations.iter().map(told);
    let mut common = all.next().unwrap_or_default();
    for one in all {
        common.retain(|status, words| one.get(status) == Some(words));
    }
    common
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
