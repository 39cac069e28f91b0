//! Each request: its id, its span in the log, its line there once it is answered, and how long that took. It must not know
//! what is asked for.

use super::forwarded::{self, Proxies, REQUEST_ID};
use crate::metrics::Metrics;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{Instrument, Span};
use uuid::Uuid;

/// The route of an address that has none.
const NO_ROUTE: &str = "none";
/// What pages and proxies ask for by themselves, over and over.
const OFTEN: [&str; 3] = ["/healthz", "/readyz", "/environments/new/preview"];

/// An answered request, with nothing of its address but the route.
struct Answered<'a> {
    method: &'static str,
    route: &'a str,
    status: StatusCode,
    took: Duration,
}

/// Gives the request an id, which its answer carries, and with it every line that is logged until then. The span has no more
/// fields: they are written out for every poll, and the line of the answer names the rest.
pub async fn observe(
    State((metrics, proxies)): State<(Metrics, Arc<Proxies>)>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let id = forwarded::request_id(&parts, &proxies).unwrap_or_else(new_id);
    let matched = parts.extensions.get::<MatchedPath>().cloned();
    let (method, id_shown) = (word(&parts.method), id.to_str().unwrap_or_default());
    let span = span(
        id_shown,
        method,
        matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str),
    );
    let answer = async {
        let response = next.run(Request::from_parts(parts, body)).await;
        let answered = Answered {
            method,
            route: matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str),
            status: response.status(),
            took: began.elapsed(),
        };
        log(&answered);
        let Answered { route, took, .. } = answered;
        metrics.request(method, route, answered.status.as_u16(), took);
        response
    };
    let mut response = answer.instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The span of a request. Whoever reads traces needs its name; the log would repeat that on every line.
fn span(id: &str, method: &str, route: &str) -> Span {
    if cfg!(feature = "otlp") {
        tracing::error_span!("request", %id, otel.name = format!("{method} {route}"))
    } else {
        tracing::error_span!("request", %id)
    }
}

fn new_id() -> HeaderValue {
    let id = Uuid::now_v7().to_string();
    HeaderValue::try_from(id).expect("it has only digits, letters and hyphens")
}

/// The method, or one word for all that are not ours: a client may invent any number of them.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

fn log(answered: &Answered<'_>) {
    let Answered { method, route, .. } = answered;
    let (status, milliseconds) = (answered.status.as_u16(), answered.took.as_millis());
    if is_asked_often(route) && !answered.status.is_server_error() {
        tracing::debug!(%method, %route, status, milliseconds, "answered");
    } else {
        tracing::info!(%method, %route, status, milliseconds, "answered");
    }
}

/// Polls and assets would hide what people do.
fn is_asked_often(route: &str) -> bool {
    let is_of_pages = ["/changes", "/row", "/log"]
        .iter()
        .any(|part| route.ends_with(part));
    (is_of_pages && !route.starts_with("/api/"))
        || route.starts_with("/assets/")
        || OFTEN.contains(&route)
}
