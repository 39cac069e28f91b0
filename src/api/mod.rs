//! HTTP in, JSON out: what programs do, over the same actions as the pages. It has no sessions, reads and sets no cookies,
//! and knows no pages.

mod account;
mod audit;
mod body;
mod caller;
mod conditional;
mod deployments;
pub mod document;
mod environment;
mod environments;
mod heir;
mod id;
mod idempotency;
mod invitations;
mod list;
mod log;
mod negotiation;
mod new_environment;
mod orphans;
mod parameters;
mod patterns;
mod people;
mod person_removal;
mod problem;
mod resources;
mod state;
mod variables;
mod words;

pub use state::Api;

use crate::http::error::RequestError;
use crate::http::limits::{self, Refuse};
use crate::http::requests;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get, post, put};
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// Everything of the API is below it.
pub const PATH: &str = "/api";

/// The answer to a request that no handler gets.
pub fn refused(error: &RequestError, secure: bool) -> Response {
    let mut response = problem::refused(error);
    add_headers(response.headers_mut(), secure);
    response
}

/// The router with its middleware: everything below `/api/`.
pub fn router(api: Api) -> Router {
    let refuse: Refuse = problem::refused;
    let watched = (api.app.metrics.clone(), Arc::clone(&api.proxies));
    let once = || from_fn_with_state(api.clone(), idempotency::once);
    // A role ends at once, also for an answer that is kept.
    let of_administrators = of_administrators()
        .route_layer(once())
        .route_layer(from_fn(caller::administers));
    let of_callers = of_everybody()
        .route_layer(once())
        .merge(of_administrators)
        .route_layer(from_fn(negotiation::takes_json))
        .route_layer(from_fn_with_state(api.clone(), caller::known));
    Router::new()
        .merge(of_callers)
        .route("/api/v1/openapi.json", get(document::serve))
        .route("/api/", any(problem::no_such_address))
        .route("/api/{*rest}", any(problem::no_such_address))
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(from_fn(conditional::reads))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(refuse, limits::head))
        .layer(from_fn_with_state(
            (limits::BODY_TIMEOUT, refuse),
            limits::whole_body,
        ))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(from_fn_with_state(api.secure, headers))
        .layer(from_fn_with_state(watched, requests::observe))
        .with_state(api)
}

fn of_everybody() -> Router<Api> {
    of_environments()
        .merge(of_deployments())
        .merge(variables::routes())
        .merge(resources::routes())
        .route("/api/v1/account", get(account::read))
}

fn of_environments() -> Router<Api> {
    let at = |part: &str| format!("/api/v1/environments{part}");
    Router::new()
        .route(&at(""), get(environments::list).post(environments::create))
        .route(
            &at("/{id}"),
            get(environments::read).delete(environments::delete),
        )
        .route(&at("/{id}/cancel"), post(environments::cancel))
        .route(&at("/{id}/password"), put(environments::set_password))
        .route(
            &at("/{id}/deployments"),
            get(deployments::list).post(deployments::deploy),
        )
}

fn of_deployments() -> Router<Api> {
    Router::new()
        .route("/api/v1/deployments/{id}", get(deployments::read))
        .route("/api/v1/deployments/{id}/log", get(log::read))
}

fn of_administrators() -> Router<Api> {
    people::routes()
        .merge(invitations::routes())
        .merge(audit::routes())
        .merge(orphans::routes())
}

/// Sets the headers of every answer. Nothing of it is for a browser to show.
async fn headers(State(secure): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add_headers(response.headers_mut(), secure);
    response
}

fn add_headers(headers: &mut HeaderMap, secure: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        let value = HeaderValue::from_static(value);
        headers.entry(name).or_insert(value);
    };
    set(header::CACHE_CONTROL, "no-store, no-transform");
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    );
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}
