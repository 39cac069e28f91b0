//! The parameters of an address. Of those that are repeated the last one counts; a wrong one is told by its name.

use super::problem::{FieldError, Problem};
use super::state::Api;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::RangeInclusive;
use url::form_urlencoded;

/// What was sent, and what of it is wrong.
pub struct Parameters {
    sent: BTreeMap<String, String>,
    errors: Vec<FieldError>,
}

impl FromRequestParts<Api> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        let sent = form_urlencoded::parse(query.as_bytes()).into_owned();
        Ok(Self {
            sent: sent.collect(),
            errors: vec![],
        })
    }
}

impl Parameters {
    /// A text; empty when it was not sent.
    pub fn text(&mut self, name: &str) -> String {
        self.sent.remove(name).unwrap_or_default()
    }

    /// A whole number in these bounds; `None` when it was not sent, or is wrong.
    pub fn number(&mut self, name: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let wanted = format!("Send a number from {} to {}.", bounds.start(), bounds.end());
        self.parsed(name, &wanted, |sent| {
            sent.parse().ok().filter(|number| bounds.contains(number))
        })
    }

    /// One of some words; `None` when it was not sent, or is wrong.
    pub fn word<T>(
        &mut self,
        name: &str,
        words: &[&str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let wanted = format!("Send one of these: {}.", words.join(", "));
        self.parsed(name, &wanted, parse)
    }

    /// What can be parsed; `None` when it was not sent, or is wrong.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let sent = self.sent.remove(name)?;
        let parsed = parse(&sent);
        if parsed.is_none() {
            self.errors.push(FieldError {
                field: name.to_owned(),
                detail: wanted.to_owned(),
            });
        }
        parsed
    }

    /// Fails if any was wrong.
    ///
    /// # Errors
    /// All that are.
    pub fn check(self) -> Result<(), Problem> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Problem::wrong(self.errors))
        }
    }
}
