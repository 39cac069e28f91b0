//! Deleting an environment: the confirmation page, and abandoning a removal that cannot be confirmed.

use super::back::{self, Back};
use super::error::PageError;
use super::fields::{Errors, Fields, Id, errors};
use super::page::{Page, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::view::Row;
use crate::actions::environments::{self, Refusal, Removal};
use crate::domain::id::EnvironmentId;
use crate::domain::name::{self, isolated};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The name, typed as confirmation.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    confirmation: String,
    /// The page that the form was opened from.
    back: String,
    #[serde(skip_deserializing)]
    errors: Errors,
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
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let form = Form {
        back: back::page_of(&headers).unwrap_or_default(),
        ..Form::default()
    };
    delete_page(&web, &me, id, StatusCode::OK, form).await
}

async fn delete_page(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    form: Form,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let page = Page::new(&me.visitor, &format!("Delete {}", isolated(&found.name))).await;
    let page = page.refused(form.errors.any());
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
    Fields(form): Fields<Form>,
) -> Result<Response, PageError> {
    let done = environments::delete(&web.app, &me.actor(), id, &form.confirmation).await;
    let name = isolated(&name::shown(&form.confirmation));
    let said = match done {
        Ok(Removal::Done) => format!("{name} is deleted."),
        _ => format!("{name} is being removed. Its row leaves when Coolify has confirmed it."),
    };
    confirmed(&web, &me, id, form, done, &said).await
}

/// Abandons a removal that Coolify does not confirm.
pub async fn forget(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(form): Fields<Form>,
) -> Result<Response, PageError> {
    let done = environments::forget(&web.app, &me.actor(), id, &form.confirmation).await;
    let name = isolated(&name::shown(&form.confirmation));
    let said = format!("{name} is given up. Look in Coolify whether something of it is left.");
    confirmed(&web, &me, id, form, done.map(|()| Removal::Done), &said).await
}

async fn confirmed(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    mut form: Form,
    done: Result<Removal, Refusal>,
    said: &str,
) -> Result<Response, PageError> {
    match done {
        Ok(removal) => {
            me.visitor.notice(Tone::Good, said).await;
            let (back, id) = (Back::to(&form.back), id.to_string());
            Ok(match removal {
                Removal::Done => back.redirect_without(&id).into_response(),
                Removal::Begun => back.redirect(&id).into_response(),
            })
        }
        Err(Refusal::Wrong(wrongs)) => {
            form.errors = errors(&wrongs);
            delete_page(web, me, id, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}
