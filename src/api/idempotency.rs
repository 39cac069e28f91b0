//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that carries it may be sent again,
//! and is answered as it was the first time. A refusal is not kept: it changed nothing.

use super::caller::{Known, bearer};
use super::problem::Problem;
use super::state::Api;
use crate::actions::idempotency::{self, Begun, Keyed};
use crate::domain::environment::Suffix;
use crate::http::error::RequestError;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::panic;
use std::time::Duration;
use time::OffsetDateTime;
use tracing::Instrument;

/// The header's name.
const HEADER: &str = "idempotency-key";
/// The longest key, in characters.
const LONGEST: usize = 255;
/// When it is worth asking again for what is under way.
const AGAIN: Duration = Duration::from_secs(2);
/// The headers that are kept with an answer.
const KEPT: [HeaderName; 3] = [CONTENT_TYPE, ETAG, LOCATION];

/// The suffix of the environment that a request with a key creates.
#[derive(Clone)]
pub struct KeySuffix(Suffix);

impl KeySuffix {
    /// Its four characters.
    pub fn word(&self) -> String {
        self.0.as_str().to_owned()
    }
}

/// An answer that is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Carries out a request once, however often it is sent with its key.
pub async fn once(State(api): State<Api>, request: Request, next: Next) -> Response {
    let sent = request.headers().get(HEADER);
    let Some(sent) = sent.filter(|_| *request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let Some(key) = parse(sent) else {
        let detail =
            "The header Idempotency-Key needs 1 to 255 visible characters, such as a UUID.";
        return Problem::new(StatusCode::BAD_REQUEST, detail).into_response();
    };
    let (parts, body) = request.into_parts();
    let known = parts.extensions.get::<Known>();
    let (Some(known), Some(token)) = (known, bearer(&parts.headers)) else {
        return Problem::no_token().into_response();
    };
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::from(RequestError::Unreadable).into_response();
    };
    let address = parts.uri.path_and_query();
    let address = address.map_or(parts.uri.path(), PathAndQuery::as_str);
    let keyed = known.keyed(token, &key, &[address.as_bytes(), &bytes]);
    let request = Request::from_parts(parts, Body::from(bytes));
    match idempotency::begin(&api.app, &keyed).await {
        Ok(Begun::First(began_at)) => first(api, keyed, began_at, request, next).await,
        Ok(Begun::Answered(answer)) => again(&answer),
        Ok(Begun::UnderWay) => under_way().into_response(),
        Ok(Begun::Other) => other().into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// A key is a string of structured fields (RFC 9651), in quotation marks; most programs leave these out.
fn parse(sent: &HeaderValue) -> Option<String> {
    let text = sent.to_str().ok()?.trim();
    let quoted = text.strip_prefix('"').map(|rest| rest.strip_suffix('"'));
    let key = quoted.unwrap_or(Some(text))?;
    let is_visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    (is_visible && (1..=LONGEST).contains(&key.len())).then(|| key.to_owned())
}

/// Carries out a request and keeps its answer, even when the client has hung up meanwhile.
async fn first(
    api: Api,
    keyed: Keyed,
    began_at: OffsetDateTime,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(KeySuffix(keyed.suffix()));
    let carried_out = async move {
        let (answer, kept) = kept(next.run(request).await).await;
        idempotency::end(&api.app, &keyed, began_at, kept.as_deref()).await;
        answer
    };
    match tokio::spawn(carried_out.in_current_span()).await {
        Ok(answer) => answer,
        Err(error) => panic::resume_unwind(error.into_panic()),
    }
}

/// An answer, and what is kept of it if it is a success.
async fn kept(answer: Response) -> (Response, Option<Vec<u8>>) {
    if !answer.status().is_success() {
        return (answer, None);
    }
    let (parts, body) = answer.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        let broken = Problem::from(RequestError::Broken);
        return (broken.into_response(), None);
    };
    let header = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    let kept = Kept {
        status: parts.status.as_u16(),
        headers: KEPT.iter().filter_map(header).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let kept = serde_json::to_vec(&kept).ok();
    (Response::from_parts(parts, Body::from(body)), kept)
}

/// The answer that was kept.
fn again(kept: &[u8]) -> Response {
    let Ok(kept) = serde_json::from_slice::<Kept>(kept) else {
        return Problem::from(RequestError::Broken).into_response();
    };
    let status = StatusCode::from_u16(kept.status);
    let mut answer = (status.unwrap_or(StatusCode::OK), kept.body).into_response();
    for (name, value) in kept.headers {
        let pair = (HeaderName::try_from(name), HeaderValue::try_from(value));
        if let (Ok(name), Ok(value)) = pair {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

fn under_way() -> Problem {
    let detail = "The same request is still under way. Send it again in a moment.";
    Problem::new(StatusCode::CONFLICT, detail).retry_after(AGAIN)
}

fn other() -> Problem {
    let detail = "Another request had this Idempotency-Key. Use a new key for each request that is not a repetition.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_string_with_or_without_quotation_marks() {
        let long = "k".repeat(LONGEST + 1);
        for (sent, key) in [
            ("8e03978e-40d5", Some("8e03978e-40d5")),
            ("\"8e03978e-40d5\"", Some("8e03978e-40d5")),
            ("\"open", None),
            ("\"\"", None),
            ("", None),
            ("two words", None),
            (long.as_str(), None),
        ] {
            let sent = HeaderValue::from_str(sent).unwrap();
            assert_eq!(parse(&sent).as_deref(), key, "{sent:?}");
        }
    }
}
