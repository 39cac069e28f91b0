//! Renders errors as pages in one style.

use super::error::Saying;
use super::page::{self, Page};
use super::session::Visitor;
use super::state::Web;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

#[derive(Serialize)]
struct Context {
    page: Page,
    #[serde(flatten)]
    saying: Saying,
}

/// Replaces errors with pages. Without a database the visitor counts as signed out, and the page still renders.
pub async fn pages(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut asked = parts.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let Some(saying) = response.extensions_mut().remove::<Saying>() else {
        return response;
    };
    let known = if saying.has_database {
        Visitor::from_request_parts(&mut asked, &web).await.ok()
    } else {
        None
    };
    let visitor = known.unwrap_or_else(|| Visitor::unknown(&asked, &web));
    dressed(&visitor, saying)
}

/// The same for polls, which have no visitor: a page takes the sentence from it.
pub async fn of_polls(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Saying>() {
        Some(saying) => {
            let (parts, ()) = axum::http::Request::new(()).into_parts();
            dressed(&Visitor::unknown(&parts, &web), saying)
        }
        None => response,
    }
}

fn dressed(visitor: &Visitor, saying: Saying) -> Response {
    let status = StatusCode::from_u16(saying.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let context = Context {
        page: Page::bare(visitor, saying.heading),
        saying,
    };
    let mut response = page::html_with(status, "error.html", &context);
    if let Some(seconds) = context.saying.retry_after_seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
