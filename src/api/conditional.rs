//! Reads that are answered only when something changed: every answer to a read has an entity tag (RFC 9110, section 8.8.3),
//! its handler's or a digest of what is answered.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use ring::digest::{SHA256, digest};

/// How much of a digest tells answers apart.
const DIGEST_BYTES: usize = 16;

/// Answers 304 to whoever has what is answered already.
pub async fn reads(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get_all(header::IF_NONE_MATCH);
    let known: Vec<HeaderValue> = known.iter().cloned().collect();
    let response = next.run(request).await;
    if !is_read || response.status() != StatusCode::OK {
        return response;
    }
    let Some((tag, mut response)) = tagged(response).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.clone());
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache, no-transform"),
    );
    if is_among(&tag, &known) {
        return unchanged(response.headers());
    }
    response
}

/// An answer with its tag. No answer is larger than a part of a log.
async fn tagged(response: Response) -> Option<(HeaderValue, Response)> {
    if let Some(tag) = response.headers().get(header::ETAG) {
        return Some((tag.clone(), response));
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.ok()?;
    let tag = tag("", &body);
    Some((tag, Response::from_parts(parts, Body::from(body))))
}

/// Weak and strong tags are compared alike (RFC 9110, section 13.1.2).
fn is_among(tag: &HeaderValue, known: &[HeaderValue]) -> bool {
    let tag = tag.to_str().unwrap_or_default();
    let lines = known.iter().filter_map(|line| line.to_str().ok());
    let mut tags = lines.flat_map(|line| line.split(',')).map(str::trim);
    tags.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// 304 has the headers of the answer but for those of its content.
fn unchanged(headers: &HeaderMap) -> Response {
    let mut headers = headers.clone();
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

/// The tag of an answer: the version of what is answered, if it has one, and a digest of the answer.
pub fn tag(version: &str, body: &[u8]) -> HeaderValue {
    let digest = digest(&SHA256, body);
    let digest = hex::encode(&digest.as_ref()[..DIGEST_BYTES]);
    let tag = HeaderValue::try_from(format!("\"{version}-{digest}\""));
    tag.unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_those_that_are_known() {
        let tag = HeaderValue::from_static("\"12u\"");
        for (known, found) in [
            ("\"12u\"", true),
            ("W/\"12u\"", true),
            ("\"1\", \"12u\"", true),
            ("*", true),
            ("\"12\"", false),
            ("12u", false),
            ("", false),
        ] {
            let known = [known.parse().unwrap()];
            assert_eq!(is_among(&tag, &known), found, "{known:?}");
        }
    }
}
