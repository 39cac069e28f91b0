//! How large a request may be, and how long its body may take. It must not know what is asked for.

use super::error::RequestError;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

/// Larger than any of our forms.
const BODY_LIMIT_BYTES: usize = 64 * 1024;
/// How much of a larger body is read and thrown away: a browser shows the answer only if it could send everything.
const DISCARDED_BYTES: usize = 8 * 1024 * 1024;
/// How long a form may take to arrive.
pub const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// Larger than any of our addresses: a poll carries the id and version of 50 rows.
const ADDRESS_LIMIT_BYTES: usize = 16 * 1024;
/// More than browsers send. Proxies commonly allow less than that.
const HEADERS_LIMIT_BYTES: usize = 32 * 1024;
/// The longest host name (RFC 1035) with a port.
const HOST_LIMIT_BYTES: usize = 260;

/// The answer that refuses a request before anybody is looked up.
pub type Refuse = fn(&RequestError) -> Response;

/// Refuses long addresses and large headers.
pub async fn head(State(refuse): State<Refuse>, request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query();
    if address.is_some_and(|address| address.as_str().len() > ADDRESS_LIMIT_BYTES) {
        return refuse(&RequestError::LongAddress);
    }
    if size(request.headers(), |_| true) > HEADERS_LIMIT_BYTES {
        return refuse(&too_large(request.headers()));
    }
    next.run(request).await
}

/// The size of the headers with these names, in bytes.
fn size(headers: &HeaderMap, counts: impl Fn(&header::HeaderName) -> bool) -> usize {
    let counted = headers.iter().filter(|(name, _)| counts(name));
    counted
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

/// Most often it is the cookies, which the sender can remove.
fn too_large(headers: &HeaderMap) -> RequestError {
    let cookies = size(headers, |name| name == header::COOKIE);
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    match host.filter(|host| host.len() <= HOST_LIMIT_BYTES) {
        Some(host) if 2 * cookies > HEADERS_LIMIT_BYTES => {
            RequestError::ManyCookies(host.to_owned())
        }
        _ => RequestError::LargeHeaders,
    }
}

/// Reads the whole body before anything else is done. A connection whose body was not read must be closed after the answer,
/// and a proxy that sends its next request there just then tells the client that the dashboard is broken. And who sends a
/// form is decided when it is complete, not when it began.
pub async fn whole_body(
    State((time, refuse)): State<(Duration, Refuse)>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match timeout(time, read(body)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, bytes.into())).await,
        Ok(Err(error)) => closing(refuse(&error)),
        Err(_) => closing(refuse(&RequestError::TooSlow)),
    }
}

/// The answer to a body of which the rest may still come: nothing can follow it on its connection.
fn closing(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

async fn read(body: Body) -> Result<Vec<u8>, RequestError> {
    let mut parts = body.into_data_stream();
    let (mut kept, mut size) = (vec![], 0);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| RequestError::Unreadable)?;
        size += part.len();
        if size <= BODY_LIMIT_BYTES {
            kept.extend_from_slice(&part);
        } else if size > DISCARDED_BYTES {
            break;
        }
    }
    if size > BODY_LIMIT_BYTES {
        return Err(RequestError::TooLarge);
    }
    Ok(kept)
}
