//! A host of repositories over HTTP, which tells the newest commits of branches and compares two.

use crate::coolify::Branch;
use crate::domain::repository::Host;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::Router;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use url::Url;

/// Where the repository of the settings is.
const STANDARD: &str = "/a/b";

/// A host of repositories: the newest commit of a branch of each, how often it was asked to compare, and to say anything.
#[derive(Clone, Default)]
pub struct Repositories {
    heads: Arc<Mutex<BTreeMap<String, (String, String)>>>,
    compared: Arc<Mutex<usize>>,
    asked: Arc<Mutex<usize>>,
    origin: Arc<Mutex<Option<Url>>>,
}

impl Repositories {
    /// What it answers to a request for this path.
    fn answer(&self, path: &str) -> (StatusCode, String) {
        *self.asked.lock().unwrap() += 1;
        if let Some(repository) = path.strip_suffix("/info/refs") {
            return self.references(repository);
        }
        assert!(path.starts_with("/repos/a/b/compare/"), "{path}");
        *self.compared.lock().unwrap() += 1;
        let commits = r#"{"commits":[{"commit":{"message":"Add a shell\n\nLong."}},{"commit":{"message":"Mend <it>"}}]}"#;
        (StatusCode::OK, commits.to_owned())
    }

    fn references(&self, repository: &str) -> (StatusCode, String) {
        let heads = self.heads.lock().unwrap();
        let Some((branch, commit)) = heads.get(repository) else {
            return (StatusCode::NOT_FOUND, String::new());
        };
        if let Ok(status) = commit.parse() {
            return (status, String::new());
        }
        let line = format!("{commit} refs/heads/{branch}\n");
        let list = format!("{:04x}{line}0000", line.len() + 4);
        (StatusCode::OK, list)
    }

    /// Sets the newest commit of the standard branch.
    pub fn set(&self, commit: String) {
        let head = ("main".to_owned(), commit);
        self.heads.lock().unwrap().insert(STANDARD.to_owned(), head);
    }

    /// Sets the only branch of a repository and its newest commit; a status in its place is all that it answers.
    pub fn add(&self, repository: &str, branch: &str, commit: &str) {
        let head = (branch.to_owned(), commit.to_owned());
        self.heads
            .lock()
            .unwrap()
            .insert(repository.to_owned(), head);
    }

    /// How often it was asked to compare.
    pub fn compared(&self) -> usize {
        *self.compared.lock().unwrap()
    }

    /// How often it was asked anything.
    pub fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// Where it is served, once it is.
    pub fn origin(&self) -> Url {
        self.origin.lock().unwrap().clone().unwrap()
    }

    /// Serves it; returns the standard branch.
    pub async fn start(&self) -> Branch {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let host = self.clone();
        let router =
            Router::new().fallback(async move |request: Request| host.answer(request.uri().path()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let origin = Url::parse(&format!("http://{address}")).unwrap();
        *self.origin.lock().unwrap() = Some(origin.clone());
        let repository = origin.join(STANDARD).unwrap();
        Branch::at(repository, "main", Some((Host::GitHub, origin))).unwrap()
    }
}
