//! A host of repositories over HTTP, which tells the newest commit of a branch and compares two.

use crate::coolify::Branch;
use crate::domain::repository::Host;
use axum::extract::Request;
use axum::routing::Router;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use url::Url;

/// A host of repositories: the newest commit of its only branch, how often it was asked to compare, and to say anything.
#[derive(Clone, Default)]
pub struct Repositories {
    head: Arc<Mutex<String>>,
    compared: Arc<Mutex<usize>>,
    asked: Arc<Mutex<usize>>,
}

impl Repositories {
    /// What it answers to a request for this path.
    fn answer(&self, path: &str) -> String {
        *self.asked.lock().unwrap() += 1;
        if path == "/a/b/info/refs" {
            let line = format!("{} refs/heads/main\n", self.head.lock().unwrap());
            return format!("{:04x}{line}0000", line.len() + 4);
        }
        assert!(path.starts_with("/repos/a/b/compare/"), "{path}");
        *self.compared.lock().unwrap() += 1;
        r#"{"commits":[{"commit":{"message":"Add a shell\n\nLong."}},{"commit":{"message":"Mend <it>"}}]}"#.to_owned()
    }

    /// Sets its newest commit.
    pub fn set(&self, commit: String) {
        *self.head.lock().unwrap() = commit;
    }

    /// How often it was asked to compare.
    pub fn compared(&self) -> usize {
        *self.compared.lock().unwrap()
    }

    /// How often it was asked anything.
    pub fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    /// Serves it; returns its only branch.
    pub async fn start(&self) -> Branch {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let host = self.clone();
        let router =
            Router::new().fallback(async move |request: Request| host.answer(request.uri().path()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let at = |path: &str| Url::parse(&format!("http://{address}/{path}")).unwrap();
        Branch::at(at("a/b"), "main", Some((Host::GitHub, at("")))).unwrap()
    }
}
