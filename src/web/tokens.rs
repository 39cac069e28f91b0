//! The part of the account page about tokens of the API: making one, which is shown once, and revoking one.

use super::account::{Form, Shown, context};
use super::error::{PageError, wrong_fields};
use super::fields::{Fields, Id, errors};
use super::page::html_with;
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::token_view::{Made, Typed};
use crate::actions::accounts::Refusal;
use crate::actions::api_tokens;
use crate::domain::api_token::Draft;
use crate::domain::id::TokenId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

/// Makes a token. It is in this answer alone, so it does not lead to another page.
pub async fn make(
    State(web): State<Web>,
    me: SignedIn,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let draft = Draft {
        name: &typed.token_name,
        scopes: &typed.scopes(),
        expires: &typed.expires,
        until: &typed.until,
    };
    let form = Form::of(&me);
    let session = me.visitor.session_id();
    let who = (&me.user, session.as_str());
    let (status, shown) = match api_tokens::make(&web.app, &me.actor(), who, &draft).await {
        Ok(token) => {
            let name = typed.token_name;
            let made = Some(Made { name, token });
            (StatusCode::CREATED, Shown { form, made })
        }
        Err(Refusal::SignedOut) => return Ok(Redirect::to("/login").into_response()),
        Err(refusal) => {
            let errors = errors(&wrong_fields(refusal)?);
            let form = Form {
                errors,
                token: typed,
                ..form
            };
            let made = None;
            (StatusCode::UNPROCESSABLE_ENTITY, Shown { form, made })
        }
    };
    let context = context(&web, &me, shown).await?;
    Ok(html_with(status, "accounts/show.html", context))
}

/// Revokes a token. That it is gone already is no error.
pub async fn revoke(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<TokenId>,
) -> Result<Redirect, PageError> {
    if api_tokens::revoke(&web.app, &me.actor(), me.user.id, id).await? {
        me.visitor.notice(Tone::Good, "The token is revoked.").await;
    }
    Ok(Redirect::to("/account"))
}
