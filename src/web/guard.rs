//! What every request passes: the same-origin guard, and the headers of every answer.

use super::error::PageError;
use super::page::Web;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Nothing from elsewhere, nothing inline, nothing framed.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses unsafe requests that a browser says come from another site. A client that sends neither header is no browser
/// and brings no one else's cookies.
pub async fn same_origin(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_same_origin(request.headers(), request.uri()) {
        next.run(request).await
    } else {
        PageError::CrossSite.into_response()
    }
}

fn is_same_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let host =
        text(header::HOST).or_else(|| uri.authority().map(axum::http::uri::Authority::as_str));
    let from = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, host)| host);
    from.is_some() && from == host
}

/// The usual headers, on every answer.
pub async fn headers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "same-origin");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    );
    set(header::CACHE_CONTROL, "no-store");
    if web.secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        is_same_origin(&headers, &Uri::from_static("/login"))
    }

    #[test]
    fn another_site_may_not_send_forms() {
        assert!(
            allowed(&[("sec-fetch-site", "same-origin")]) && allowed(&[("sec-fetch-site", "none")])
        );
        assert!(
            !allowed(&[("sec-fetch-site", "cross-site")])
                && !allowed(&[("sec-fetch-site", "same-site")])
        );
        assert!(allowed(&[("origin", "https://a.b"), ("host", "a.b")]));
        assert!(!allowed(&[("origin", "https://evil.b"), ("host", "a.b")]));
        assert!(!allowed(&[("origin", "null"), ("host", "a.b")]));
        assert!(
            allowed(&[("host", "a.b")]),
            "a client without these headers is no browser"
        );
    }
}
