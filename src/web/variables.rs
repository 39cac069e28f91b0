//! The variables of an environment on its page: giving one, removing one, taking a change back.

use super::environments::{Form, not_now, page_of};
use super::error::PageError;
use super::fields::{Fields, Id, errors};
use super::session::SignedIn;
use super::state::{Tone, Web};
use crate::actions::environments::Refusal;
use crate::actions::variables::{self, Discarded};
use crate::domain::id::EnvironmentId;
use crate::domain::variable;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The form for a variable.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    variable: String,
    value: SecretString,
}

/// Which variable it is about.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    name: String,
}

fn page(id: EnvironmentId) -> Redirect {
    Redirect::to(&format!("/environments/{id}#variables"))
}

/// Gives a variable.
pub async fn give(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let given = variable::Typed {
        name: &typed.variable,
        value: typed.value.expose_secret(),
    };
    let errors = match variables::give(&web.app, &me.actor(), id, given).await {
        Ok(()) => {
            let said = format!("{} goes with the next deployment.", typed.variable.trim());
            me.visitor.notice(Tone::Good, &said).await;
            return Ok(page(id).into_response());
        }
        Err(Refusal::NotNow(sentence)) => return not_now(&web, &me, id, sentence.to_owned()).await,
        Err(Refusal::Wrong(wrongs)) => errors(&wrongs),
        Err(refusal) => return Err(refusal.into()),
    };
    let form = Form {
        errors,
        variable: typed.variable,
        ..Form::default()
    };
    page_of(&web, &me, id, StatusCode::UNPROCESSABLE_ENTITY, form).await
}

/// Lets the next deployment remove a variable.
pub async fn remove(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(named): Fields<Named>,
) -> Result<Redirect, PageError> {
    variables::remove(&web.app, &me.actor(), id, &named.name).await?;
    Ok(page(id))
}

/// Takes back what waits.
pub async fn discard(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(named): Fields<Named>,
) -> Result<Redirect, PageError> {
    let discarded = variables::discard(&web.app, &me.actor(), id, &named.name).await?;
    if discarded == Discarded::Nothing {
        me.visitor
            .notice(Tone::Good, "Nothing of this variable was waiting.")
            .await;
    }
    Ok(page(id))
}
