//! Parsing forms and ids: bad input leads to an error page, never to a bare status code.

use super::error::PageError;
use super::state::Web;
use crate::domain::invalid::{Invalid, Wrong};
use axum::extract::{self, Form, FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::str::FromStr;
use url::form_urlencoded;

/// The fields of a form. A missing one is empty.
pub struct Fields<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Web> for Fields<T> {
    type Rejection = PageError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Self::Rejection> {
        let Form(fields) = Form::from_request(request, web)
            .await
            .map_err(|_| PageError::Unreadable)?;
        Ok(Self(fields))
    }
}

/// The parameters of an address. Of those that are repeated the last one counts; a missing one is empty.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Query<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Self::Rejection> {
        let sent = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let once: BTreeMap<_, _> = sent.collect();
        let query = form_urlencoded::Serializer::new("/?".to_owned())
            .extend_pairs(once)
            .finish();
        let parsed = query.parse().ok();
        let read = parsed.and_then(|uri| extract::Query::try_from_uri(&uri).ok());
        let extract::Query(read) = read.ok_or(PageError::Unreadable)?;
        Ok(Self(read))
    }
}

/// The id in the path. An invalid one is treated as not found.
pub struct Id<T>(pub T);

impl<T: FromStr> FromRequestParts<Web> for Id<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let Path(text) = Path::<String>::from_request_parts(parts, web)
            .await
            .map_err(|_| PageError::NotFound)?;
        text.parse().map(Self).map_err(|_| PageError::NotFound)
    }
}

/// The two ids in the path. An invalid one is treated as not found.
pub struct Ids<T, U>(pub T, pub U);

impl<T: FromStr, U: FromStr> FromRequestParts<Web> for Ids<T, U> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, web)
            .await
            .map_err(|_| PageError::NotFound)?;
        let parsed = first.parse().ok().zip(second.parse().ok());
        let (first, second) = parsed.ok_or(PageError::NotFound)?;
        Ok(Self(first, second))
    }
}

/// Every field whose error a template may read; `form` is the form as a whole.
const FIELDS: [&str; 21] = [
    "form",
    "name",
    "email",
    "password",
    "repository",
    "source_repository",
    "source_branch",
    "variables",
    "variable",
    "value",
    "environments",
    "deployments",
    "memory",
    "cpus",
    "current_password",
    "new_password",
    "token_name",
    "scopes",
    "expires",
    "heir",
    "confirmation",
];

/// The error of each field, and under `first` which field is the first wrong one. It contains every field, so that templates may read any of them; most have no error.
#[derive(Debug, Default)]
pub struct Errors(BTreeMap<&'static str, String>);

impl Errors {
    /// Sets a field's error.
    pub fn insert(&mut self, field: &'static str, sentence: String) {
        debug_assert!(FIELDS.contains(&field), "no template would show {field}");
        self.0.insert(field, sentence);
    }

    /// Whether anything is wrong.
    pub fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// The first field that is wrong, in the order of the forms.
    fn first(&self) -> Option<&'static str> {
        let mut fields = FIELDS.into_iter().skip(1);
        fields.find(|field| self.has(field))
    }

    /// Whether the field has an error.
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }
}

impl Serialize for Errors {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let first = self.first().map(str::to_owned);
        let each = FIELDS.map(|field| (field, self.0.get(field)));
        serializer.collect_map(each.into_iter().chain([("first", first.as_ref())]))
    }
}

/// Groups the errors by field.
pub fn errors(wrongs: &[Wrong]) -> Errors {
    let mut errors = Errors::default();
    for wrong in wrongs {
        errors.insert(wrong.field, wrong.invalid.to_string());
    }
    errors
}

/// The messages for the checks that the script makes before a request: the same as the server's.
#[derive(Debug, Serialize)]
pub struct Rules {
    account_password: Rule,
    environment_password: Rule,
}

impl Default for Rules {
    fn default() -> Self {
        let rule = |max, long: Invalid, edge| Rule {
            min: 8,
            max,
            short: Invalid::PasswordTooShort.to_string(),
            long: long.to_string(),
            edge,
        };
        let edge = Invalid::PasswordEdge.to_string();
        Self {
            account_password: rule(1_000, Invalid::AccountPasswordTooLong, None),
            environment_password: rule(100, Invalid::PasswordTooLong, Some(edge)),
        }
    }
}

#[derive(Debug, Serialize)]
struct Rule {
    min: usize,
    max: usize,
    short: String,
    long: String,
    edge: Option<String>,
}
