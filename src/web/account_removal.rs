//! The administrators' page that deletes somebody else's account, and asks what becomes of their environments.

use super::administrator::Administrator;
use super::error::PageError;
use super::fields::{Errors, Fields, Id, errors};
use super::page::{Page, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use crate::actions::account_removal::{self, Estate, Refusal};
use crate::domain::id::UserId;
use crate::domain::name::isolated;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

/// The choice that removes the environments.
const REMOVE: &str = "remove";

#[derive(Serialize)]
struct Show {
    page: Page,
    id: String,
    name: String,
    email: String,
    environments: i64,
    form: Form,
}

/// What becomes of the environments, and the e-mail address as confirmation.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    confirmation: String,
    environments: String,
    heir: String,
    /// Whether that was chosen.
    #[serde(skip_deserializing)]
    removes: bool,
    #[serde(skip_deserializing)]
    errors: Errors,
}

/// Asks.
pub async fn form(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<UserId>,
) -> Result<Response, PageError> {
    if id == me.user.id {
        return Ok(own());
    }
    let form = Form {
        heir: me.user.email.clone(),
        ..Form::default()
    };
    show(&web, &me, id, StatusCode::OK, form).await
}

/// One's own account is deleted with its password, on its own page.
fn own() -> Response {
    Redirect::to("/account").into_response()
}

async fn show(
    web: &Web,
    me: &SignedIn,
    id: UserId,
    status: StatusCode,
    form: Form,
) -> Result<Response, PageError> {
    let found = account_removal::read(&web.app, id).await?;
    let title = format!("Delete the account of {}", isolated(&found.name));
    let page = Page::new(&me.visitor, &title).await;
    let show = Show {
        page: page.refused(form.errors.any()),
        id: id.to_string(),
        name: found.name,
        email: found.email,
        environments: found.environments,
        form,
    };
    Ok(html_with(status, "people/delete.html", show))
}

/// Deletes the account. What is removed becomes the administrator's first, who sees it go.
pub async fn delete(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<UserId>,
    Fields(mut form): Fields<Form>,
) -> Result<Response, PageError> {
    if id == me.user.id {
        return Ok(own());
    }
    let removes = form.environments == REMOVE;
    let heir = if removes { &me.user.email } else { &form.heir };
    let estate = Estate { heir, removes };
    match account_removal::delete(&web.app, &me.actor(), id, &form.confirmation, estate).await {
        Ok(count) => {
            let said = match (count, removes) {
                (0, _) => "The account is deleted.",
                (_, false) => "The account is deleted, and its environments are handed over.",
                (_, true) => {
                    "The account is deleted. Its environments are being removed, and are yours until then."
                }
            };
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to("/people").into_response())
        }
        Err(Refusal::Wrong(wrongs)) => {
            form.removes = removes;
            form.errors = errors(&wrongs);
            show(&web, &me, id, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
        Err(Refusal::People(refusal)) => Err(refusal.into()),
        Err(Refusal::Environments(refusal)) => Err(refusal.into()),
    }
}
