//! HTTP in, HTML out: the routes, and the middleware of every response.

mod account;
mod account_removal;
mod accounts;
mod admin;
mod administrator;
mod allowances;
mod api_page;
mod assets;
mod back;
mod calls;
mod changes;
mod connection;
mod container;
mod cookies;
mod deployment;
mod deployment_view;
mod doctor;
mod environments;
mod error;
mod error_page;
mod fields;
mod groups;
mod guard;
mod history;
mod index;
mod list_changes;
mod log;
mod log_file;
mod log_sections;
mod new;
mod origin;
mod page;
mod people;
mod reference;
mod reference_types;
mod registration;
mod removal;
mod report;
mod reset;
mod row;
mod scrape;
mod search;
mod serving;
mod session;
mod state;
#[cfg(test)]
mod tests;
mod token_view;
mod tokens;
mod updates;
mod variable_view;
mod variables;
mod view;
mod words;

pub use reference::Reference;
pub use scrape::router as metrics;
pub use state::{Setting, Web};

use crate::app::App;
use crate::http::{limits, requests};
pub use serving::{Below, Refused};

use connection::Timeouts;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

/// The router with its middleware. A path that accepts a form redirects a GET to the form's page, so that reloading
/// after a refused submission shows a page.
pub fn router(web: Web) -> Router {
    let pages = of_accounts()
        .merge(of_environments())
        .merge(of_sources_and_variables())
        .merge(of_deployments())
        .merge(of_administrators())
        .route("/", get(root))
        .route("/api", get(api_page::show))
        .fallback(error::no_such_page)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(from_fn_with_state(web.clone(), guard::same_origin))
        .layer(from_fn_with_state(web.clone(), error_page::pages))
        .layer(session::layer(&web))
        .layer(from_fn_with_state(web.clone(), error_page::of_sessions))
        .layer(DefaultBodyLimit::disable());
    let refuse: limits::Refuse = error_page::without_visitor;
    let watched = (web.app.metrics.clone(), web.proxies.clone());
    Router::new()
        .merge(without_visitor())
        .merge(pages)
        .layer(from_fn_with_state(web.secure, cookies::only_ours))
        .layer(from_fn_with_state(refuse, limits::head))
        .layer(from_fn_with_state(
            (limits::BODY_TIMEOUT, refuse),
            limits::whole_body,
        ))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(from_fn_with_state(web.secure, guard::headers))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(watched, requests::observe))
        .with_state(web)
}

/// What needs neither the session's data nor a visitor, and has no layer that looks these up: the polls of pages, which
/// are asked far more often than anything else, the assets, and the process itself.
fn without_visitor() -> Router<Web> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/assets/{file}", get(assets::serve))
        .route("/environments/changes", get(list_changes::list))
        .route("/environments/{id}/changes", get(changes::page))
        .route(
            "/environments/{id}/container/changes",
            get(container::changes),
        )
        .route(
            "/environments/{id}/deployments/{deployment}/changes",
            get(deployment::page_changes),
        )
        .method_not_allowed_fallback(error::no_such_method)
        .layer(from_fn(error_page::of_polls))
}

fn of_accounts() -> Router<Web> {
    Router::new()
        .route(
            "/register",
            get(registration::form).post(registration::register),
        )
        .route("/login", get(accounts::login_form).post(accounts::login))
        .route("/reset", get(reset::form).post(reset::set))
        .route("/logout", get(root).post(accounts::logout))
        .route("/theme", get(root).post(accounts::theme))
        .route("/account", get(account::show))
        .route("/account/name", get(account::page).post(account::rename))
        .route(
            "/account/password",
            get(account::page).post(account::change_password),
        )
        .route(
            "/account/sessions/end",
            get(account::page).post(account::end_sessions),
        )
        .route(
            "/account/sessions/{id}/end",
            get(account::page).post(account::end_session),
        )
        .route("/account/tokens", get(account::page).post(tokens::make))
        .route(
            "/account/tokens/{id}/revoke",
            get(account::page).post(tokens::revoke),
        )
        .route("/account/delete", get(account::page).post(account::delete))
}

fn of_environments() -> Router<Web> {
    Router::new()
        .route("/environments", get(index::index).post(new::create))
        .route("/environments/groups", get(root).post(groups::change))
        .route("/environments/new", get(new::new))
        .route("/environments/new/preview", get(new::preview))
        .route("/environments/{id}", get(environments::show))
        .route("/environments/{id}/row", get(row::row))
        .route("/environments/{id}/log", get(log::more))
        .route("/environments/{id}/log.txt", get(log_file::text))
        .route("/environments/{id}/container", get(container::show))
        .route(
            "/environments/{id}/deploy",
            get(environments::deploy_form).post(environments::deploy),
        )
        .route(
            "/environments/{id}/cancel",
            get(environments::page).post(environments::cancel),
        )
        .route(
            "/environments/{id}/password",
            get(environments::page).post(environments::set_password),
        )
        .route(
            "/environments/{id}/password/discard",
            get(environments::page).post(environments::discard_password),
        )
        .route(
            "/environments/{id}/resources",
            get(environments::page).post(environments::set_resources),
        )
        .route(
            "/environments/{id}/delete",
            get(removal::delete_form).post(removal::delete),
        )
        .route(
            "/environments/{id}/forget",
            get(environments::page).post(removal::forget),
        )
}

fn of_sources_and_variables() -> Router<Web> {
    Router::new()
        .route("/environments/new/source", get(new::page).post(new::source))
        .route(
            "/environments/{id}/variables",
            get(environments::page).post(variables::give),
        )
        .route(
            "/environments/{id}/variables/remove",
            get(environments::page).post(variables::remove),
        )
        .route(
            "/environments/{id}/variables/discard",
            get(environments::page).post(variables::discard),
        )
}

fn of_administrators() -> Router<Web> {
    admin::router()
        .route("/updates", get(updates::show).post(updates::begin))
        .route("/updates/stop", get(updates::page).post(updates::stop))
        .route("/doctor", get(doctor::show).post(doctor::check))
        .route("/people", get(people::show))
        .route(
            "/people/invitations",
            get(people::page).post(people::invite),
        )
        .route(
            "/people/invitations/{id}/revoke",
            get(people::page).post(people::revoke),
        )
        .route(
            "/people/{id}/role",
            get(people::page).post(people::set_role),
        )
        .route(
            "/people/{id}/disable",
            get(people::page).post(people::disable),
        )
        .route(
            "/people/{id}/enable",
            get(people::page).post(people::enable),
        )
        .route(
            "/people/{id}/limits",
            get(allowances::form).post(allowances::set),
        )
        .route("/people/{id}/reset", get(people::page).post(people::reset))
        .route(
            "/people/{id}/delete",
            get(account_removal::form).post(account_removal::delete),
        )
}

fn of_deployments() -> Router<Web> {
    let at = |part: &str| format!("/environments/{{id}}/deployments/{{deployment}}{part}");
    Router::new()
        .route(&at(""), get(deployment::show))
        .route(&at("/log.txt"), get(deployment::log_text))
        .route(&at("/report.txt"), get(deployment::report_text))
}

/// Serves until asked to stop, then lets open requests finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    refused: Refused,
    stop: CancellationToken,
) {
    serving::serve(listener, router, refused, Timeouts::default(), stop).await;
}

/// Serves metrics until asked to stop.
pub async fn serve_metrics(listener: TcpListener, app: App, stop: CancellationToken) {
    let refused = Refused {
        secure: false,
        below: None,
    };
    serving::serve(listener, metrics(app), refused, Timeouts::default(), stop).await;
}

async fn root() -> Redirect {
    Redirect::to("/environments")
}

/// Readiness: checks that the database can be written, which is required, Redis, which is optional, and the worker's loops, none of which
/// may hang.
async fn ready(State(web): State<Web>) -> Response {
    let postgres = crate::actions::readiness::database_works(&web.app).await;
    let redis = web.app.redis.answers().await;
    let hanging = web.app.loops.hanging(web.app.pace.hang);
    let status = if postgres && hanging.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        axum::Json(serde_json::json!({ "postgres": postgres, "redis": redis, "hanging": hanging })),
    )
        .into_response()
}
