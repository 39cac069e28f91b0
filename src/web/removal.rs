//! Deleting an environment: the confirmation page, and abandoning a removal that cannot be confirmed.

use super::error::PageError;
use super::fields::{Errors, Fields, Id, errors};
use super::page::{Page, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::view::Row;
use crate::actions::environments::{self, Refusal, Removal};
use crate::domain::id::EnvironmentId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize)]
struct Form {
    confirmation: String,
    errors: Errors,
}

/// The name, typed as confirmation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    confirmation: String,
}

#[derive(Serialize)]
struct Delete {
    page: Page,
    row: Row,
    form: Form,
}

/// Asks for the name as confirmation.
pub async fn delete_form(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    delete_page(&web, &me, id, StatusCode::OK, Form::default()).await
}

async fn delete_page(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    form: Form,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let page = Page::new(&me.visitor, &format!("Delete {}", found.name)).await;
    let row = Row::new(&web.app, &found, None);
    Ok(html_with(
        status,
        "environments/delete.html",
        Delete { page, row, form },
    ))
}

/// Requests the removal.
pub async fn delete(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let done = environments::delete(&web.app, me.user.id, id, &typed.confirmation).await;
    let said = match done {
        Ok(Removal::Done) => "It is deleted.",
        _ => "It is being removed. The row leaves when Coolify has confirmed it.",
    };
    confirmed(&web, &me, id, typed, done.map(drop), said).await
}

/// Abandons a removal that Coolify does not confirm.
pub async fn forget(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let done = environments::forget(&web.app, me.user.id, id, &typed.confirmation).await;
    confirmed(
        &web,
        &me,
        id,
        typed,
        done,
        "Given up. Look in Coolify whether something of it is left.",
    )
    .await
}

async fn confirmed(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    typed: Typed,
    done: Result<(), Refusal>,
    said: &str,
) -> Result<Response, PageError> {
    match done {
        Ok(()) => {
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to("/environments").into_response())
        }
        Err(Refusal::Wrong(wrongs)) => {
            let form = Form {
                confirmation: typed.confirmation,
                errors: errors(&wrongs),
            };
            delete_page(web, me, id, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}
