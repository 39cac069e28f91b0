//! Requests to the API. The token goes to one dashboard, and no redirect is followed with it.

mod request;
mod retries;
mod trouble;

pub use request::Request;
pub use trouble::Trouble;

use super::address::Address;
use super::failure::{Exit, Failure};
use super::plain;
use super::wire::{Problem, parse};
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, StatusCode, redirect};
use retries::Retries;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::error::Error;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::sleep;
use trouble::Again;

/// How long connecting may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// How long an answer may take; the API waits up to a minute for a change.
const ANSWERING: Duration = Duration::from_secs(90);
/// The media types of a success, and of a problem (RFC 9457).
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// A dashboard, with a token.
pub struct Client {
    http: reqwest::Client,
    address: Address,
    is_persistent: bool,
}

/// An answer that is no refusal.
pub struct Reply {
    /// `null` if there is no content.
    pub json: Value,
    /// When it was sent, by the dashboard's clock.
    pub date: Option<OffsetDateTime>,
}

impl Client {
    /// The dashboard at this address, with this token.
    ///
    /// # Errors
    /// When the token has characters that a header cannot have, or TLS cannot be configured.
    pub fn new(address: Address, token: &SecretString) -> Result<Self, Failure> {
        let header = format!("Bearer {}", token.expose_secret().trim());
        let header = HeaderValue::try_from(header);
        let mut header = header.map_err(|_| {
            Failure::usage("This is not a token. Copy it again from the page of your account.")
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
            is_persistent: false,
        })
    }

    /// The same, which tries for a minute or two to reach a dashboard that went away.
    pub fn persistent(self) -> Self {
        Self {
            is_persistent: true,
            ..self
        }
    }

    /// Sends a request, and again if that may help.
    ///
    /// # Errors
    /// When it is refused, or cannot be sent.
    pub async fn send(&self, request: &Request<'_>) -> Result<Reply, Failure> {
        let mut retries = Retries::new(request, self.is_persistent);
        loop {
            let trouble = match self.attempt(request).await {
                Ok(reply) => return Ok(reply),
                Err(trouble) => trouble,
            };
            match retries.pause(&trouble, Instant::now()) {
                Some(pause) => sleep(pause).await,
                None => return Err(retries.given_up(trouble)),
            }
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
        let is_failure = status.is_client_error() || status.is_server_error();
        let is_gone = status == StatusCode::NO_CONTENT && request.method == Method::DELETE;
        let answered = match media_type(&headers) {
            _ if is_gone => Some(Ok(Reply::new(Value::Null, &headers))),
            JSON if status.is_success() => serde_json::from_slice(&bytes)
                .ok()
                .filter(|json: &Value| !json.is_null())
                .map(|json| Ok(Reply::new(json, &headers))),
            PROBLEM if is_failure => refused(status, &headers, &bytes).map(Err),
            _ => None,
        };
        answered.unwrap_or_else(|| Err(self.foreign(status, &headers)))
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

    /// The answer of a proxy or of another server: it says nothing about what was asked for.
    fn foreign(&self, status: StatusCode, headers: &HeaderMap) -> Trouble {
        let (url, code) = (self.address.text(), status.as_u16());
        let place = headers.get(LOCATION).and_then(|it| it.to_str().ok());
        let sentence = match place {
            Some(place) if status.is_redirection() => format!(
                "{url} answers with a redirect to {}, which is not followed. Check the address.",
                plain::line(place)
            ),
            _ => format!(
                "{url} does not answer as a dashboard does (status {code}). Check the address."
            ),
        };
        let is_away = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        Trouble {
            failure: Failure::new(Exit::Unreachable, sentence),
            again: match status {
                _ if is_away => Again::IfRepeatable,
                status if status.is_redirection() => Again::Never,
                _ => Again::WhileWaiting,
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

/// What the API refuses, in its own words; `None` if it is another server's problem.
fn refused(status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> Option<Trouble> {
    let json: Value = serde_json::from_slice(bytes).ok()?;
    let problem: Problem = parse(&json).ok()?;
    let after = pause_of(headers);
    let exit = match status.as_u16() {
        401 | 403 => Exit::NotAllowed,
        404 | 410 => Exit::NotFound,
        429 | 500.. => Exit::Unreachable,
        _ => Exit::Refused,
    };
    let again = match status.as_u16() {
        409 if after.is_some() => Again::UnderWay,
        429 => Again::Always,
        502..=504 => Again::IfRepeatable,
        500.. => Again::WhileWaiting,
        _ => Again::Never,
    };
    Some(Trouble {
        failure: Failure::new(exit, problem.sentence()).told_as(json),
        again,
        after,
    })
}

fn pause_of(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

fn media_type(headers: &HeaderMap) -> &str {
    let sent = headers.get(CONTENT_TYPE);
    let sent = sent.and_then(|it| it.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim()
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
