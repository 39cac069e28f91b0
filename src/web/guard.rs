//! Applied to every request: the same-origin guard, and the headers of every response.

use super::origin;
use super::page;
use super::state::Web;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Allows nothing from other origins, no inline code, and no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses unsafe requests that do not come from our own pages.
pub async fn same_origin(State(web): State<Web>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match origin::check(&parts, &web) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refused) => refused.into_response(),
    }
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
    // A proxy that rewrites pages would break the policy above.
    set(header::CACHE_CONTROL, "no-store, no-transform");
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt;

    async fn answer(router: Router, method: &str, site: &str) -> Response {
        let request = Request::builder()
            .method(method)
            .header("sec-fetch-site", site)
            .body(Body::empty());
        router.oneshot(request.unwrap()).await.unwrap()
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
        assert_eq!(
            answer.headers()[header::CACHE_CONTROL],
            "no-store, no-transform"
        );
    }
}
