//! One application in Coolify that no environment knows: adopt, delete or ignore it.

use super::form::Form;
use crate::actions::adoption::{self, Draft, Refused};
use crate::actions::environments::Refusal;
use crate::actions::orphans;
use crate::domain::application_uuid::ApplicationUuid;
use crate::domain::name::isolated;
use crate::web::administrator::Administrator;
use crate::web::error::PageError;
use crate::web::fields::{Fields, Id};
use crate::web::page::{Page, html_with};
use crate::web::session::SignedIn;
use crate::web::state::{Tone, Web};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Show {
    page: Page,
    orphan: Orphan,
    form: Form,
}

#[derive(Serialize)]
struct Orphan {
    uuid: String,
    name: String,
}

/// Redirects to the page.
pub async fn page(Id(uuid): Id<ApplicationUuid>) -> Redirect {
    Redirect::to(&format!("/admin/orphans/{uuid}"))
}

/// The page. Coolify is asked for the application with one call.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(uuid): Id<ApplicationUuid>,
) -> Result<Response, PageError> {
    let orphan = orphans::get(&web.app, &uuid).await?;
    Ok(page_of(&me, orphan, None).await)
}

/// The page, with what was typed and refused.
async fn page_of(me: &SignedIn, orphan: orphans::Orphan, refused: Option<Form>) -> Response {
    let status = match &refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut form = refused.unwrap_or_default();
    // The forms are sent one at a time.
    for (field, value, usual) in [
        ("name", &mut form.name, &orphan.name),
        ("heir", &mut form.heir, &me.user.email),
    ] {
        if value.is_empty() && !form.errors.has(field) {
            value.clone_from(usual);
        }
    }
    let page = Page::new(&me.visitor, &isolated(&orphan.name)).await;
    let show = Show {
        page: page.refused(form.errors.any()),
        orphan: Orphan {
            uuid: orphan.uuid.to_string(),
            name: orphan.name,
        },
        form,
    };
    html_with(status, "admin/orphan.html", show)
}

/// Makes an environment of it.
pub async fn adopt(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(uuid): Id<ApplicationUuid>,
    Fields(form): Fields<Form>,
) -> Result<Response, PageError> {
    let draft = Draft {
        name: &form.name,
        heir: &form.heir,
    };
    match adoption::adopt(&web.app, &me.actor(), &uuid, &draft).await {
        Ok(id) => {
            let said = "It is adopted, and looked at now. Nobody here knows its password: a new one is needed before it is deployed again.";
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to(&format!("/admin/environments/{id}")).into_response())
        }
        Err(refused) => answer(&me, form, refused).await,
    }
}

/// Has it removed from Coolify.
pub async fn delete(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(uuid): Id<ApplicationUuid>,
    Fields(form): Fields<Form>,
) -> Result<Response, PageError> {
    match adoption::delete(&web.app, &me.actor(), &uuid, &form.confirmation).await {
        Ok(()) => {
            let said = "It is being removed. Until Coolify has confirmed it, it is in your list of environments.";
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to("/admin/orphans").into_response())
        }
        Err(refused) => answer(&me, form, refused).await,
    }
}

/// Neither lists nor reports it any more.
pub async fn ignore(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(uuid): Id<ApplicationUuid>,
) -> Result<Redirect, PageError> {
    adoption::ignore(&web.app, &me.actor(), &uuid).await?;
    let said = "It is ignored. Coolify keeps it.";
    me.visitor.notice(Tone::Good, said).await;
    Ok(Redirect::to("/admin/orphans"))
}

/// The page again, where fields are wrong; it shows the orphan as it was found when that was decided.
async fn answer(me: &SignedIn, form: Form, refused: Refused) -> Result<Response, PageError> {
    let (wrongs, orphan) = match (refused.why, refused.orphan) {
        (Refusal::Wrong(wrongs), Some(orphan)) => (wrongs, orphan),
        (refusal, _) => return Err(refusal.into()),
    };
    Ok(page_of(me, orphan, Some(form.refused(&wrongs))).await)
}
