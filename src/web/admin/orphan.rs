//! One application in Coolify that no environment knows: adopt, delete or ignore it.

use crate::actions::adoption::{self, Draft};
use crate::actions::environments::Refusal;
use crate::actions::orphans;
use crate::domain::name::isolated;
use crate::web::administrator::Administrator;
use crate::web::error::PageError;
use crate::web::fields::{Errors, Fields, errors};
use crate::web::page::{Page, html_with};
use crate::web::session::SignedIn;
use crate::web::state::{Tone, Web};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

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

#[derive(Debug, Default, Serialize)]
struct Form {
    name: String,
    heir: String,
    confirmation: String,
    errors: Errors,
}

/// The fields of the forms on the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
    heir: String,
    confirmation: String,
}

/// Redirects to the page.
pub async fn page(Path(uuid): Path<String>) -> Redirect {
    let uuid: String = url::form_urlencoded::byte_serialize(uuid.as_bytes()).collect();
    Redirect::to(&format!("/admin/orphans/{uuid}"))
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Path(uuid): Path<String>,
) -> Result<Response, PageError> {
    page_of(&web, &me, &uuid, None).await
}

/// The page, with what was typed and refused. Coolify is asked for the application with one call.
async fn page_of(
    web: &Web,
    me: &SignedIn,
    uuid: &str,
    refused: Option<Form>,
) -> Result<Response, PageError> {
    let orphan = orphans::get(&web.app, uuid).await?;
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
            uuid: orphan.uuid,
            name: orphan.name,
        },
        form,
    };
    Ok(html_with(status, "admin/orphan.html", show))
}

/// Makes an environment of it.
pub async fn adopt(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Path(uuid): Path<String>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let draft = Draft {
        name: &typed.name,
        heir: &typed.heir,
    };
    match adoption::adopt(&web.app, &me.actor(), &uuid, &draft).await {
        Ok(id) => {
            let said = "It is adopted, and looked at now. Nobody here knows its password: a new one is needed before it is deployed again.";
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to(&format!("/admin/environments/{id}")).into_response())
        }
        Err(refusal) => refused(&web, &me, &uuid, typed, refusal).await,
    }
}

/// Has it removed from Coolify.
pub async fn delete(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Path(uuid): Path<String>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    match adoption::delete(&web.app, &me.actor(), &uuid, &typed.confirmation).await {
        Ok(()) => {
            let said = "It is being removed. Until Coolify has confirmed it, it is in your list of environments.";
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to("/admin/orphans").into_response())
        }
        Err(refusal) => refused(&web, &me, &uuid, typed, refusal).await,
    }
}

/// Neither lists nor reports it any more.
pub async fn ignore(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Path(uuid): Path<String>,
) -> Result<Redirect, PageError> {
    adoption::ignore(&web.app, &me.actor(), &uuid).await?;
    let said = "It is ignored. Coolify keeps it.";
    me.visitor.notice(Tone::Good, said).await;
    Ok(Redirect::to("/admin/orphans"))
}

async fn refused(
    web: &Web,
    me: &SignedIn,
    uuid: &str,
    typed: Typed,
    refusal: Refusal,
) -> Result<Response, PageError> {
    let Refusal::Wrong(wrongs) = refusal else {
        return Err(refusal.into());
    };
    let form = Form {
        name: typed.name,
        heir: typed.heir,
        confirmation: typed.confirmation,
        errors: errors(&wrongs),
    };
    page_of(web, me, uuid, Some(form)).await
}
