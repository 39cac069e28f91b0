//! A request to the API, before it is sent.

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

/// A request to the API.
pub struct Request<'a> {
    pub(super) method: Method,
    pub(super) path: Vec<&'a str>,
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) body: Option<Value>,
    pub(super) key: Option<String>,
}

impl<'a> Request<'a> {
    /// Reads something.
    pub fn get(path: &[&'a str]) -> Self {
        Self::new(Method::GET, path)
    }

    /// Sets something.
    pub fn put(path: &[&'a str], body: Value) -> Self {
        Self::new(Method::PUT, path).with(body)
    }

    /// Asks for something.
    pub fn post(path: &[&'a str]) -> Self {
        Self::new(Method::POST, path)
    }

    /// Deletes something.
    pub fn delete(path: &[&'a str]) -> Self {
        Self::new(Method::DELETE, path)
    }

    fn new(method: Method, path: &[&'a str]) -> Self {
        Self {
            method,
            path: path.to_vec(),
            query: vec![],
            body: None,
            key: None,
        }
    }

    /// With this content.
    pub fn with(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    /// With a parameter.
    pub fn asking(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// With a key of its own, by which the dashboard knows that it is sent again.
    pub fn once(self) -> Self {
        Self {
            key: Some(Uuid::new_v4().to_string()),
            ..self
        }
    }

    /// Whether it may be sent again when it is not known whether it arrived. A password is not: another one may have been
    /// set meanwhile.
    pub fn is_repeatable(&self) -> bool {
        self.reads() || self.method == Method::DELETE || self.key.is_some()
    }

    /// Whether the dashboard knows by a key that it is sent again.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether it changes nothing.
    pub fn reads(&self) -> bool {
        self.method == Method::GET
    }
}
