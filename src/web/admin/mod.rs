//! The administrators' pages, besides those of people, updates and the doctor. To anybody else none of them exists.

mod audit;
mod audit_csv;
mod audit_view;
mod environment;
mod environments;
mod form;
mod orphan;
mod orphans;
mod queue;
mod settings;

use crate::web::administrator::Administrator;
use crate::web::page::{Page, html};
use crate::web::state::Web;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

/// The pages and their forms.
pub fn router() -> Router<Web> {
    Router::new()
        .route("/admin", get(index))
        .route("/admin/audit", get(audit::show))
        .route("/admin/audit.csv", get(audit_csv::download))
        .route("/admin/settings", get(settings::show))
        .route("/admin/queue", get(queue::show))
        .route(
            "/admin/queue/{id}/up",
            get(queue::page).post(queue::move_up),
        )
        .merge(of_environments())
        .merge(of_orphans())
}

fn of_environments() -> Router<Web> {
    Router::new()
        .route("/admin/environments", get(environments::list))
        .route("/admin/environments/{id}", get(environment::show))
        .route(
            "/admin/environments/{id}/changes",
            get(environment::changes),
        )
        .route(
            "/admin/environments/{id}/cancel",
            get(environment::page).post(environment::cancel),
        )
        .route(
            "/admin/environments/{id}/hand-over",
            get(environment::page).post(environment::hand_over),
        )
        .route(
            "/admin/environments/{id}/delete",
            get(environment::page).post(environment::delete),
        )
}

fn of_orphans() -> Router<Web> {
    Router::new()
        .route("/admin/orphans", get(orphans::list))
        .route("/admin/orphans/{uuid}", get(orphan::show))
        .route(
            "/admin/orphans/{uuid}/adopt",
            get(orphan::page).post(orphan::adopt),
        )
        .route(
            "/admin/orphans/{uuid}/delete",
            get(orphan::page).post(orphan::delete),
        )
        .route(
            "/admin/orphans/{uuid}/ignore",
            get(orphan::page).post(orphan::ignore),
        )
        .route(
            "/admin/orphans/{uuid}/list-again",
            get(orphans::page).post(orphans::list_again),
        )
}

#[derive(Serialize)]
struct Index {
    page: Page,
}

/// What there is for administrators.
async fn index(Administrator(me): Administrator) -> Response {
    let page = Page::new(&me.visitor, "Administration").await;
    html("admin/index.html", Index { page })
}
