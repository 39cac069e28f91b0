//! One exchange with Coolify: sends a request, separates success from refusal, and parses the response as it arrives,
//! so that long responses need little memory. It knows none of Coolify's calls; bodies are never logged.

use super::error::{Error, Rejection, transport_words};
use super::recorder::Recording;
use super::refusal::Refusal;
use super::short_strings::{Keep, ShortStrings};
use reqwest::header::{self, HeaderMap};
use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use std::io::{self, BufReader, Read};
use std::marker::PhantomData;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::sync::mpsc;

/// The upper bound for a wait that a response asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(5);
/// How many bytes of a refusal are read.
const REFUSAL_LIMIT_BYTES: usize = 64 * 1024;
/// The maximum length of a response about one thing, after its long strings are shortened.
const ANSWER_LIMIT_BYTES: u64 = 4 * 1024 * 1024;
/// How many chunks of a response may wait for the parser.
const WAITING_PARTS: usize = 4;

/// A request before it is sent.
pub struct Request {
    pub builder: RequestBuilder,
    pub recording: Recording,
}

impl Request {
    /// The same with a body.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    /// The same with parameters.
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        self.builder = self.builder.query(parameters);
        self
    }
}

/// A response with a success status, not read yet.
pub struct Answer {
    response: Response,
    /// Ends when the response was read.
    _recording: Recording,
}

impl Answer {
    /// The first bytes of the response, until the limit or an error.
    pub async fn beginning(self, limit: usize) -> Vec<u8> {
        beginning(self.response, limit).await
    }
}

/// Sends a request once; a response without a success status is an error. `changes` says whether it is to change
/// something.
pub async fn send(request: Request, changes: bool) -> Result<Answer, Error> {
    exchange(request, changes)
        .await?
        .map_err(|rejection| Error::from_rejection(rejection, changes))
}

/// Sends a request once, for a caller that treats some refusals as success.
pub async fn exchange(request: Request, changes: bool) -> Result<Result<Answer, Rejection>, Error> {
    let Request {
        builder,
        mut recording,
    } = request;
    let response = builder.send().await;
    match &response {
        Ok(response) => recording.answered(response.status().as_str()),
        Err(error) => recording.answered(transport_words(error)),
    }
    let response = response.map_err(|error| Error::from_transport(&error, changes))?;
    if response.status().is_success() {
        return Ok(Ok(Answer {
            response,
            _recording: recording,
        }));
    }
    Ok(Err(Rejection {
        status: response.status().as_u16(),
        redirects: response.status().is_redirection()
            && response.headers().contains_key(header::LOCATION),
        retry_after: retry_after(response.headers()),
        refusal: Refusal::read(&beginning(response, REFUSAL_LIMIT_BYTES).await),
    }))
}

/// Reads a response about one thing.
pub async fn read<T>(answer: Answer, changes: bool) -> Result<T, Error>
where
    T: DeserializeOwned + Send + 'static,
{
    read_with(answer, changes, PhantomData::<T>, ANSWER_LIMIT_BYTES).await
}

/// Reads a response of any length, keeping only what the seed keeps.
pub async fn read_list<S, T>(answer: Answer, seed: S) -> Result<T, Error>
where
    S: for<'de> DeserializeSeed<'de, Value = T> + Send + 'static,
    T: Send + 'static,
{
    read_with(answer, false, seed, u64::MAX).await
}

/// Parses on a blocking thread, because the parser cannot suspend.
async fn read_with<S, T>(mut answer: Answer, changes: bool, seed: S, limit: u64) -> Result<T, Error>
where
    S: for<'de> DeserializeSeed<'de, Value = T> + Send + 'static,
    T: Send + 'static,
{
    let (parts, receiver) = mpsc::channel(WAITING_PARTS);
    let parser = tokio::task::spawn_blocking(move || parse(receiver, seed, limit));
    while let Some(part) = answer
        .response
        .chunk()
        .await
        .map_err(|error| Error::from_transport(&error, changes))?
    {
        if parts.send(part.to_vec()).await.is_err() {
            break;
        }
    }
    drop(parts);
    match parser.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) | Err(_) => Err(Error::unreadable(changes)),
    }
}

fn parse<S, T>(parts: mpsc::Receiver<Vec<u8>>, seed: S, limit: u64) -> serde_json::Result<T>
where
    S: for<'de> DeserializeSeed<'de, Value = T>,
{
    let parts = Parts {
        parts,
        current: io::Cursor::default(),
    };
    let json = BufReader::new(ShortStrings::new(parts, Keep::LOG).take(limit));
    let mut deserializer = serde_json::Deserializer::from_reader(json);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A reader over the chunks of a response as they arrive.
struct Parts {
    parts: mpsc::Receiver<Vec<u8>>,
    current: io::Cursor<Vec<u8>>,
}

impl Read for Parts {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(wanted)?;
            if count > 0 || wanted.is_empty() {
                return Ok(count);
            }
            match self.parts.blocking_recv() {
                Some(part) => self.current = io::Cursor::new(part),
                None => return Ok(0),
            }
        }
    }
}

/// The first bytes of a response, until the limit or an error.
pub async fn beginning(mut answer: Response, limit: usize) -> Vec<u8> {
    let mut body = vec![];
    while let Ok(Some(part)) = answer.chunk().await {
        let room = limit - body.len();
        body.extend_from_slice(&part[..part.len().min(room)]);
        if body.len() == limit {
            break;
        }
    }
    body
}

/// The wait that the response asks for, capped: seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(date(text)?, headers),
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The time until a date, by the responder's clock.
fn until(then: OffsetDateTime, headers: &HeaderMap) -> Duration {
    let now = headers.get(header::DATE);
    let now = now.and_then(|now| date(now.to_str().ok()?));
    let wait = then - now.unwrap_or_else(OffsetDateTime::now_utc);
    wait.try_into().unwrap_or_default()
}

fn date(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text.trim(), &Rfc2822).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(headers: &[(&'static str, &str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_in_seconds_or_until_a_date_and_never_long() {
        let at = |value| {
            wait(&[
                ("retry-after", value),
                ("date", "Wed, 25 Nov 2026 10:00:00 GMT"),
            ])
        };
        assert_eq!(at("60"), Some(60));
        assert_eq!(at(" 0 "), Some(0));
        assert_eq!(at("86400"), Some(300));
        assert_eq!(at("18446744073709551615"), Some(300));
        assert_eq!(at("Wed, 25 Nov 2026 10:00:42 GMT"), Some(42));
        assert_eq!(at("Wed, 25 Nov 2026 09:00:00 GMT"), Some(0));
        assert_eq!(at("Thu, 26 Nov 2026 10:00:00 GMT"), Some(300));
        assert_eq!(
            wait(&[("retry-after", "Thu, 01 Jan 2099 10:00:00 GMT")]),
            Some(300)
        );
        for odd in ["", "soon", "-5", "1.5"] {
            assert_eq!(at(odd), None, "{odd}");
        }
        assert_eq!(wait(&[]), None);
    }
}
