//! Renders errors as pages in one style.

use super::error::{PageError, Saying};
use super::page::{self, Page};
use super::session::Visitor;
use super::state::Web;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
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
    dressed(&visitor, saying, response.headers())
}

/// Gives a page to the bare answer of the session's layer when it could not store a session: the database did not take it.
pub async fn of_sessions(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let is_bare = response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && !response.headers().contains_key(header::CONTENT_TYPE);
    if is_bare {
        let (visitor, headers) = (Visitor::unknown(&asked, &web), response.headers());
        return dressed(&visitor, Saying::unavailable(), headers);
    }
    response
}

/// The same for polls, which have no visitor: a page takes the sentence from it.
pub async fn of_polls(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Saying>() {
        Some(saying) => dressed(&Visitor::nobody(), saying, response.headers()),
        None => response,
    }
}

/// The page of an error that is found before anybody is looked up.
pub fn without_visitor(error: &PageError) -> Response {
    dressed(&Visitor::nobody(), error.says(), &HeaderMap::new())
}

/// The error's page; the methods that its path accepts are kept from the error's headers.
fn dressed(visitor: &Visitor, saying: Saying, headers: &HeaderMap) -> Response {
    let status = StatusCode::from_u16(saying.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let context = Context {
        page: Page::bare(visitor, saying.heading),
        saying,
    };
    let mut response = page::html_with(status, "error.html", &context);
    if let Some(allowed) = headers.get(header::ALLOW) {
        response
            .headers_mut()
            .insert(header::ALLOW, allowed.clone());
    }
    if let Some(seconds) = context.saying.retry_after_seconds {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
