//! The settings in force, as `vps-claude config` prints them: without secrets.

use crate::web::administrator::Administrator;
use crate::web::page::{Page, html};
use crate::web::state::{Setting, Web};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Show {
    page: Page,
    settings: Arc<[Setting]>,
}

/// The page.
pub async fn show(State(web): State<Web>, Administrator(me): Administrator) -> Response {
    let show = Show {
        page: Page::new(&me.visitor, "Settings").await,
        settings: Arc::clone(&web.settings),
    };
    html("admin/settings.html", show)
}
