//! Setting a new password with a link.

use super::error::{PageError, wrong_fields};
use super::fields::{Errors, Fields, Query, Rules, errors};
use super::page::{Page, html, html_with};
use super::session::Visitor;
use super::state::Web;
use crate::actions::accounts::Refusal;
use crate::actions::forgotten;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The template of the form.
const TEMPLATE: &str = "accounts/reset.html";

#[derive(Serialize)]
struct Context {
    page: Page,
    form: Form,
    rules: Rules,
}

#[derive(Debug, Default, Serialize)]
struct Form {
    /// The token; empty when it does not work.
    link: String,
    email: String,
    errors: Errors,
}

/// The token of the link, and the new password.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    link: String,
    new_password: SecretString,
}

/// The form.
pub async fn form(
    State(web): State<Web>,
    visitor: Visitor,
    Query(asked): Query<Typed>,
) -> Result<Response, PageError> {
    match forgotten::open_link(&web.app, &visitor.sender, &asked.link).await {
        Ok(email) => {
            let form = Form {
                link: asked.link,
                email,
                ..Form::default()
            };
            Ok(html(TEMPLATE, context(&visitor, form).await))
        }
        Err(refusal) => refused(&visitor, asked, refusal).await,
    }
}

/// Sets the password. Whoever did it signs in with it.
pub async fn set(
    State(web): State<Web>,
    visitor: Visitor,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let new = typed.new_password.expose_secret();
    match forgotten::set_password(&web.app, &visitor.sender, &typed.link, new).await {
        Ok(()) => Ok(Redirect::to("/login?ended=password").into_response()),
        Err(refusal) => refused(&visitor, typed, refusal).await,
    }
}

async fn refused(visitor: &Visitor, typed: Typed, refusal: Refusal) -> Result<Response, PageError> {
    let (status, form) = match refusal {
        Refusal::Link => (StatusCode::FORBIDDEN, Form::default()),
        other => {
            let form = Form {
                link: typed.link,
                email: String::new(),
                errors: errors(&wrong_fields(other)?),
            };
            (StatusCode::UNPROCESSABLE_ENTITY, form)
        }
    };
    Ok(html_with(status, TEMPLATE, context(visitor, form).await))
}

async fn context(visitor: &Visitor, form: Form) -> Context {
    Context {
        page: Page::new(visitor, "New password")
            .await
            .refused(form.errors.any()),
        form,
        rules: Rules::default(),
    }
}
