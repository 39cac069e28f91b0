//! Requests to the API. The token goes to one dashboard, and no redirect is followed with it.

use super::address::Address;
use super::failure::{Exit, Failure};
use super::plain;
use super::wire::{Problem, parse};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::error::Error;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::sleep;
use uuid::Uuid;

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long an answer may take; the API waits up to a minute for a change.
const ANSWERING: Duration = Duration::from_secs(90);
/// The pause before the first other attempt, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How often it is tried again for somebody who waits for the answer alone, and for somebody who follows something.
const FEW: u32 = 3;
const MANY: u32 = 12;

/// A dashboard, with a token.
pub struct Client {
    http: reqwest::Client,
    address: Address,
    retries: u32,
}

/// A request to the API.
pub struct Request<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(&'a str, String)>,
    body: Option<Value>,
    key: Option<String>,
}

/// An answer that is no refusal.
pub struct Reply {
    /// `null` if there is no content.
    pub json: Value,
    /// When it was sent, by the dashboard's clock.
    pub date: Option<OffsetDateTime>,
}

/// Why there is no such answer, and whether another attempt may help.
pub struct Trouble {
    pub failure: Failure,
    again: Again,
    /// How long to wait before that, if the dashboard says so.
    after: Option<Duration>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    /// Only if doing it twice is the same as once: it may have been done.
    IfRepeatable,
    /// It was not done.
    Always,
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

    fn is_repeatable(&self) -> bool {
        self.method != Method::POST || self.key.is_some()
    }
}

impl Client {
    /// The dashboard at this address, with this token.
    ///
    /// # Errors
    /// When it is no token, or TLS cannot be configured.
    pub fn new(address: Address, token: &SecretString) -> Result<Self, Failure> {
        let header = format!("Bearer {}", token.expose_secret().trim());
        let header = HeaderValue::try_from(header);
        let mut header = header.map_err(|_| {
            Failure::usage("This is no token: it has characters that no token has.")
        })?;
        header.set_sensitive(true);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("vps-claude/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, header)]))
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECTING)
            .timeout(ANSWERING);
        if address.is_here() {
            // A proxy would get the token in readable form, and has another localhost.
            builder = builder.no_proxy();
        }
        let http = builder.build();
        let http = http
            .map_err(|error| Failure::failed(format!("TLS cannot be used: {}.", cause(&error))))?;
        Ok(Self {
            http,
            address,
            retries: FEW,
        })
    }

    /// The same, which tries for a minute or two to reach a dashboard that went away.
    pub fn persistent(self) -> Self {
        Self {
            retries: MANY,
            ..self
        }
    }

    /// Sends a request, and again if that may help.
    ///
    /// # Errors
    /// When it is refused, or cannot be sent.
    pub async fn send(&self, request: &Request<'_>) -> Result<Reply, Failure> {
        let mut tries = 0;
        loop {
            let trouble = match self.attempt(request).await {
                Ok(reply) => return Ok(reply),
                Err(trouble) => trouble,
            };
            let pause = trouble.pause(request, tries);
            let is_soon = |pause: &Duration| tries < self.retries && *pause <= LONGEST_PAUSE;
            match pause.filter(is_soon) {
                Some(pause) => sleep(pause).await,
                None => return Err(trouble.failure),
            }
            tries += 1;
        }
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// When it is refused, or cannot be sent.
    pub async fn attempt(&self, request: &Request<'_>) -> Result<Reply, Trouble> {
        let mut url = self.address.of_api(&request.path);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut sent = self.http.request(request.method.clone(), url);
        if let Some(key) = &request.key {
            sent = sent.header("idempotency-key", key);
        }
        if let Some(body) = &request.body {
            sent = sent.json(body);
        }
        let unreached = |error: reqwest::Error| self.unreached(&error);
        let answer = sent.send().await.map_err(unreached)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.map_err(unreached)?;
        let json = is_json(&headers)
            .then(|| serde_json::from_slice(&bytes).ok())
            .flatten();
        match json {
            Some(json) if status.is_success() => Ok(Reply::new(json, &headers)),
            None if status == StatusCode::NO_CONTENT => Ok(Reply::new(Value::Null, &headers)),
            Some(problem) if !status.is_success() => Err(refused(status, &headers, problem)),
            _ => Err(self.foreign(status, &headers)),
        }
    }

    fn unreached(&self, error: &reqwest::Error) -> Trouble {
        let url = self.address.text();
        let sentence = format!("{url} cannot be reached: {}.", cause(error));
        let again = if error.is_connect() {
            Again::Always
        } else {
            Again::IfRepeatable
        };
        Trouble {
            failure: Failure::new(Exit::Unreachable, sentence),
            again,
            after: None,
        }
    }

    /// What is no JSON is not from the dashboard: a proxy before it may say so, or something else altogether.
    fn foreign(&self, status: StatusCode, headers: &HeaderMap) -> Trouble {
        let (url, code) = (self.address.text(), status.as_u16());
        let place = headers.get(LOCATION).and_then(|it| it.to_str().ok());
        let sentence = match place {
            Some(place) if status.is_redirection() => format!(
                "{url} leads to {}. If you trust that, run vps-claude login with it.",
                plain::line(place)
            ),
            _ => format!(
                "{url} does not answer as a dashboard does (status {code}). Check the address."
            ),
        };
        let is_away = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Trouble {
            failure: Failure::new(Exit::Unreachable, sentence),
            again: if is_away {
                Again::IfRepeatable
            } else {
                Again::Never
            },
            after: pause_of(headers),
        }
    }
}

impl Reply {
    fn new(json: Value, headers: &HeaderMap) -> Self {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        Self {
            json,
            date: date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok()),
        }
    }
}

impl Trouble {
    /// How long to wait before the request is sent again, after so many other attempts; `None` if that cannot help.
    pub fn pause(&self, request: &Request<'_>, tries: u32) -> Option<Duration> {
        let may_help = match self.again {
            Again::Never => false,
            Again::IfRepeatable => request.is_repeatable(),
            Again::Always => true,
        };
        let longer = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries));
        may_help.then(|| self.after.unwrap_or(longer.min(LONGEST_PAUSE)))
    }
}

/// What the API refuses, in its own words.
fn refused(status: StatusCode, headers: &HeaderMap, json: Value) -> Trouble {
    let exit = match status.as_u16() {
        401 | 403 => Exit::NotAllowed,
        404 | 410 => Exit::NotFound,
        429 | 500.. => Exit::Unreachable,
        _ => Exit::Refused,
    };
    let again = match status.as_u16() {
        429 => Again::Always,
        502..=504 => Again::IfRepeatable,
        _ => Again::Never,
    };
    let sentence = match parse::<Problem>(&json) {
        Ok(problem) => problem.sentence(),
        Err(_) => format!("The dashboard refuses it (status {}).", status.as_u16()),
    };
    Trouble {
        failure: Failure::new(exit, sentence).told_as(json),
        again,
        after: pause_of(headers),
    }
}

fn pause_of(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    ["application/json", "application/problem+json"].contains(&kind.trim())
}

/// The innermost reason, which is the one that helps.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer in time".to_owned();
    }
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    plain::line(&innermost.to_string())
}

#[cfg(test)]
pub mod tests;
