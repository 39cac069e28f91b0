//! A program that uses the API with somebody's token. Every answer that it gets is held against the API's own description.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use super::schema::wrongs;
use crate::api::document;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Where the API is.
const ROOT: &str = "/api/v1";
/// What is said of what is not there, or not theirs.
pub const NOTHING: &str = "There is nothing here, or it is not yours. It may have been deleted.";

/// A program.
pub struct Program {
    client: Person,
    /// Its token; nothing is sent if it is empty.
    pub token: String,
}

/// An answer, and the JSON in it.
#[derive(Debug)]
pub struct Reply {
    pub answer: Answer,
    pub json: Value,
}

impl Reply {
    /// Fails unless it is this code; shows what came in its place.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let answer = self.answer.expect(status);
        Self { answer, ..self }
    }

    /// The text of a field.
    #[track_caller]
    pub fn text(&self, field: &str) -> &str {
        let text = self.json[field].as_str();
        text.unwrap_or_else(|| panic!("{field} is no text in {}", self.json))
    }

    /// The sentence of a problem.
    #[track_caller]
    pub fn says(&self, sentence: &str) {
        assert_eq!(self.text("detail"), sentence);
    }

    /// Which field is wrong and why, if it is one.
    #[track_caller]
    pub fn wrong(&self) -> (&str, &str) {
        let errors = self.json["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{errors:?}");
        let text = |name: &str| errors[0][name].as_str().unwrap();
        (text("field"), text("detail"))
    }
}

impl Program {
    /// With a token of this person's that has these scopes.
    pub async fn of(dashboard: &Dashboard, owner: &Person, scopes: &[&str]) -> Self {
        let mut fields = vec![("token_name", "a program"), ("expires", "30")];
        fields.extend(scopes.iter().map(|scope| (*scope, "1")));
        let page = owner.post("/account/tokens", &fields).await.expect(201);
        Self::with(dashboard, page.value("token"))
    }

    /// With this token.
    pub fn with(dashboard: &Dashboard, token: &str) -> Self {
        Self {
            client: dashboard.stranger("Program"),
            token: token.to_owned(),
        }
    }

    /// Asks for something below the API's root.
    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    /// Sends JSON.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send_json("POST", path, &[], body).await
    }

    /// Sends JSON in any way.
    pub async fn send_json(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> Reply {
        let kind = ("content-type", "application/json");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        self.send(method, path, &headers, &body.to_string()).await
    }

    /// Asks in any way, and checks the answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(format!("{ROOT}{path}"));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.client.send_as_it_is(request, body).await;
        let json = serde_json::from_str(&answer.text).unwrap_or_default();
        let reply = Reply { answer, json };
        check(method, path, &reply);
        reply
    }
}

/// Fails unless the answer is described.
fn check(method: &str, path: &str, reply: &Reply) {
    let document = document::value();
    let answer = &reply.answer;
    let place = format!("{method} {path}: {}", answer.status);
    assert!(answer.headers.get("set-cookie").is_none(), "{place}");
    let status = answer.status.as_u16();
    let described = operation(&document, method, path).map(|operation| {
        let response = &operation["responses"][status.to_string()];
        assert!(response.is_object(), "{place} is not described");
        response.clone()
    });
    let described = described.unwrap_or_else(|| {
        assert!([404, 405].contains(&status), "{place} is at no address");
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        json!({ "content": { "application/problem+json": { "schema": schema } } })
    });
    let kind = answer.header("content-type");
    let Some(contents) = described["content"].as_object() else {
        assert_eq!((kind, answer.text.as_str()), ("", ""), "{place}");
        return;
    };
    let schema = contents.get(kind).map(|content| &content["schema"]);
    let schema = schema.unwrap_or_else(|| panic!("{place} is no {kind}"));
    let found = wrongs(&document, schema, &reply.json);
    assert!(found.is_empty(), "{place}: {found:#?}");
    if kind == "application/problem+json" {
        assert_eq!(reply.json["status"], status, "{place}");
    }
    let headers = described["headers"].as_object().into_iter().flatten();
    for (name, _) in headers {
        // A network that sent wrong tokens has none that could be counted.
        let is_of_token = name.starts_with("ratelimit") && status == 429;
        assert!(
            answer.headers.contains_key(name) || is_of_token,
            "{place}: {name}"
        );
    }
}

/// What the document says of this method of a path.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<&'a Value> {
    let path = path.split('?').next().unwrap();
    let fits = |described: &str| {
        let (one, other) = (described.split('/'), path.split('/'));
        one.clone().count() == other.clone().count()
            && one
                .zip(other)
                .all(|(one, other)| one.starts_with('{') || one == other)
    };
    let paths = document["paths"].as_object().unwrap();
    let found = paths.iter().find(|(described, _)| fits(described));
    found.and_then(|(_, item)| item.get(method.to_lowercase()))
}

/// What can be done, as the document says it.
pub struct Described {
    pub method: String,
    /// Below the API's root, with names in braces.
    pub path: String,
    /// Whether only administrators may.
    pub of_administrators: bool,
}

/// Everything that can be done.
pub fn operations() -> Vec<Described> {
    let document = document::value();
    let paths = document["paths"].as_object().unwrap();
    let mut all = vec![];
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let tag = operation["tags"][0].as_str().unwrap();
            all.push(Described {
                method: method.to_uppercase(),
                path: path.clone(),
                of_administrators: ["people", "invitations", "audit", "orphans"].contains(&tag),
            });
        }
    }
    all
}

/// What a program sends to make an environment.
pub fn named(name: &str) -> Value {
    json!({ "name": name, "password": format!("opens {name}") })
}

/// Follows an environment by its versions until it has this status.
pub async fn until(program: &Program, path: &str, status: &str) -> Reply {
    let began = Instant::now();
    let mut version = "0".to_owned();
    loop {
        let path = format!("{path}?wait=60&version={version}");
        let found = program.get(&path).await.expect(200);
        if found.text("status") == status {
            return found;
        }
        found.text("version").clone_into(&mut version);
        assert!(began.elapsed() < Duration::from_mins(3), "{}", found.json);
    }
}
