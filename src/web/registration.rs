//! Registration, with the link of an invitation where one is needed.

use super::accounts::{
    Asked, Context, Form, Typed, again, empty_form, no_session, signed_in, why_no_session,
};
use super::error::PageError;
use super::fields::{Fields, Query};
use super::page::{html, html_with};
use super::session::Visitor;
use super::state::Web;
use crate::actions::accounts::Refusal;
use crate::actions::registration::{self, Registration};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;

/// The template of the form.
const TEMPLATE: &str = "accounts/register.html";

/// The form.
pub async fn form(
    State(web): State<Web>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let mut context = match empty_form(&web, &visitor, "Register", asked.next).await {
        Ok(context) => context,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    if asked.link.is_empty() {
        return Ok(html(TEMPLATE, context));
    }
    match registration::open_link(&web.app, &visitor.sender, &asked.link).await {
        Ok(entry) => {
            context.way_in = if entry.is_set_up { "set-up" } else { "link" };
            context.form.email = entry.email.unwrap_or_default();
            context.form.link = asked.link;
            Ok(html(TEMPLATE, context))
        }
        Err(refusal) => refused(&web, &visitor, refusal).await,
    }
}

/// Registers and signs in.
pub async fn register(
    State(web): State<Web>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    if let Some(reason) = why_no_session(&web, &visitor, &headers) {
        return no_session(&web, &visitor, "Register", TEMPLATE, typed, reason).await;
    }
    let registration = Registration {
        name: &typed.name,
        email: &typed.email,
        password: typed.password.expose_secret(),
        link: &typed.link,
    };
    match registration::register(&web.app, &visitor.sender, &registration).await {
        Ok(proved) => {
            visitor.sign_in(&web, &proved).await?;
            visitor.welcome().await?;
            Ok(signed_in(&web, &visitor, &typed).await)
        }
        Err(refusal @ Refusal::Wrong(_)) => {
            again(&web, &visitor, "Register", TEMPLATE, typed, refusal).await
        }
        Err(refusal) => refused(&web, &visitor, refusal).await,
    }
}

/// The page of somebody who may not register, or not with this link.
async fn refused(web: &Web, visitor: &Visitor, refusal: Refusal) -> Result<Response, PageError> {
    let mut context = Context::new(web, visitor, "Register", Form::default()).await;
    match refusal {
        Refusal::Closed => {}
        Refusal::Link => context.way_in = "invalid",
        other => {
            return super::error::wrong_fields(other).map(|_| PageError::Broken.into_response());
        }
    }
    Ok(html_with(StatusCode::FORBIDDEN, TEMPLATE, context))
}
