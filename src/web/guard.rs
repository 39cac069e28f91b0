//! Applied to every request: the same-origin guard, and the headers of every response.

use super::error::PageError;
use super::page;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Allows nothing from other origins, no inline code, and no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses unsafe requests that a browser marks as cross-site. A client that sends neither header is not a browser, so
/// it cannot be abused to send a user's cookies.
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

/// Sets the build and the security headers on every response: one without the build is not ours. With `secure`, also HSTS, because the public address is https.
pub async fn headers(State(secure): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_headers(response.headers_mut(), secure);
    response
}

/// Adds them where they are not set already.
pub fn add_headers(headers: &mut HeaderMap, secure: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(HeaderName::from_static("vps-claude-build"), page::build());
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
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::get;
    use tower::ServiceExt;

    /// The headers that say where a request comes from, the address it is for, and whether it is let through. A client
    /// that sends neither `sec-fetch-site` nor `origin` is no browser.
    type Case = (&'static [(&'static str, &'static str)], &'static str, bool);

    const CASES: [Case; 13] = [
        (&[("sec-fetch-site", "same-origin")], "/login", true),
        (&[("sec-fetch-site", "none")], "/login", true),
        (&[("sec-fetch-site", "cross-site")], "/login", false),
        (&[("sec-fetch-site", "same-site")], "/login", false),
        (
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://a.b"),
                ("host", "a.b"),
            ],
            "/login",
            false,
        ),
        (
            &[("origin", "https://a.b"), ("host", "a.b")],
            "/login",
            true,
        ),
        (
            &[("origin", "https://evil.b"), ("host", "a.b")],
            "/login",
            false,
        ),
        (
            &[("origin", "https://a.b:81"), ("host", "a.b")],
            "/login",
            false,
        ),
        (&[("origin", "null"), ("host", "a.b")], "/login", false),
        (&[("origin", "null")], "/login", false),
        (&[("origin", "https://a.b")], "https://a.b/login", true),
        (&[("origin", "https://evil.b")], "https://a.b/login", false),
        (&[("host", "a.b")], "/login", true),
    ];

    #[test]
    fn another_site_may_not_send_forms() {
        for (pairs, uri, allowed) in CASES {
            let headers = pairs
                .iter()
                .map(|(name, value)| {
                    let name = HeaderName::from_static(name);
                    (name, HeaderValue::from_static(value))
                })
                .collect();
            let uri = Uri::from_static(uri);
            assert_eq!(is_same_origin(&headers, &uri), allowed, "{pairs:?} {uri}");
        }
    }

    async fn answer(router: Router, method: &str, site: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .header("sec-fetch-site", site)
            .body(Body::empty());
        router.oneshot(request.unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn only_what_changes_something_is_refused_from_another_site() {
        for (method, site, status, body) in [
            ("GET", "cross-site", StatusCode::OK, "done"),
            ("POST", "same-origin", StatusCode::OK, "done"),
            ("POST", "cross-site", StatusCode::FORBIDDEN, ""),
            ("DELETE", "cross-site", StatusCode::FORBIDDEN, ""),
        ] {
            let page = get("done").post("done").delete("done");
            let router = Router::new().route("/", page).layer(from_fn(same_origin));
            let answer = answer(router, method, site).await;
            assert_eq!(answer.status(), status, "{method} {site}");
            let shown = to_bytes(answer.into_body(), 100).await.unwrap();
            assert_eq!(shown, body, "{method} {site}");
        }
    }

    #[tokio::test]
    async fn every_answer_has_the_usual_headers_and_keeps_its_own() {
        let page = get(([("cache-control", "max-age=1")], "done"));
        for (secure, transport) in [(false, None), (true, Some("max-age=31536000"))] {
            let router = Router::new()
                .route("/", page.clone())
                .layer(from_fn_with_state(secure, headers));
            let answer = answer(router, "GET", "none").await;
            let value = |name| {
                let value = answer.headers().get(name);
                value.map(|value| value.to_str().unwrap())
            };
            assert_eq!(value("vps-claude-build"), Some(page::build()));
            assert_eq!(value("content-security-policy"), Some(POLICY));
            assert_eq!(value("x-content-type-options"), Some("nosniff"));
            assert_eq!(value("x-frame-options"), Some("DENY"));
            assert_eq!(value("referrer-policy"), Some("same-origin"));
            assert_eq!(value("cross-origin-opener-policy"), Some("same-origin"));
            assert!(value("permissions-policy").is_some());
            assert_eq!(value("cache-control"), Some("max-age=1"));
            assert_eq!(value("strict-transport-security"), transport);
        }
    }

    #[tokio::test]
    async fn an_answer_that_says_nothing_else_is_not_stored() {
        let router = Router::new()
            .route("/", get("done"))
            .layer(from_fn_with_state(false, headers));
        let answer = answer(router, "GET", "none").await;
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
}
