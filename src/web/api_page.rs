//! The readable page of the API.

use super::origin::Base;
use super::page::{Page, html};
use super::reference::Reference;
use super::session::Visitor;
use super::state::Web;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

#[derive(Serialize)]
struct Show<'a> {
    page: Page,
    base: String,
    reference: &'a Reference,
}

/// The page. Whoever may read the description may read it here: it needs no account.
pub async fn show(State(web): State<Web>, visitor: Visitor, Base(base): Base) -> Response {
    let show = Show {
        page: Page::new(&visitor, "API").await,
        base,
        reference: &web.reference,
    };
    html("api/show.html", show)
}
