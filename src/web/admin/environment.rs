//! One environment of anybody: whose it is, how it is, and what an administrator may do with it. Its password is its owner's.

use super::form::Form;
use crate::actions::administration;
use crate::actions::environments::{Refusal, Removal};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::name::isolated;
use crate::domain::status::Status;
use crate::web::administrator::Administrator;
use crate::web::changes::{Poll, gone};
use crate::web::error::PageError;
use crate::web::fields::{Fields, Id, Query};
use crate::web::page::{Page, html, html_with};
use crate::web::session::SignedIn;
use crate::web::state::{Tone, Web};
use crate::web::view::Row;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Show {
    page: Page,
    row: Row,
    owner: Owner,
    poll: Poll,
    form: Form,
}

/// What changed on the page.
#[derive(Serialize)]
struct Changes {
    row: Row,
    owner: Owner,
    poll: Poll,
    announcement: Option<String>,
}

/// What the page shows, as its poll says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    v: String,
    was: String,
}

#[derive(Serialize)]
struct Owner {
    name: String,
    email: String,
    /// Whether it is the reader.
    own: bool,
}

impl Owner {
    fn new(of: administration::Owner, me: &SignedIn) -> Self {
        Self {
            own: UserId::from(of.id) == me.user.id,
            name: of.name,
            email: of.email,
        }
    }
}

/// Redirects to the page.
pub async fn page(Id(id): Id<EnvironmentId>) -> Redirect {
    Redirect::to(&address(id))
}

fn address(id: EnvironmentId) -> String {
    format!("/admin/environments/{id}")
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    page_of(&web, &me, id, StatusCode::OK, Form::default()).await
}

async fn page_of(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    form: Form,
) -> Result<Response, PageError> {
    let (owner, found) = administration::get(&web.app, id).await?;
    let page = Page::new(&me.visitor, &isolated(&found.name)).await;
    let row = Row::new(&web.app, &found, None);
    let show = Show {
        page: page
            .refused(form.errors.any())
            .moving(found.status.moves() && !form.errors.any()),
        poll: poll(id, &row, found.status),
        row,
        owner: Owner::new(owner, me),
        form,
    };
    Ok(html_with(status, "admin/environment.html", show))
}

fn poll(id: EnvironmentId, row: &Row, status: Status) -> Poll {
    let (version, was) = (&row.version, row.status);
    let url = format!("{}/changes?v={version}&was={was}", address(id));
    Poll::at(url, status.moves())
}

/// What changed on the page; 204 when nothing did. It costs two statements, because a role is not announced when it changes.
pub async fn changes(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<EnvironmentId>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    match administration::page_version(&web.app, id).await? {
        None => return Ok(gone(&format!("head-{id}"))),
        Some(version) if version == shown.v => return Ok(StatusCode::NO_CONTENT.into_response()),
        Some(_) => {}
    }
    let (owner, found) = administration::get(&web.app, id).await?;
    let was = Status::from_word(&shown.was);
    let row = Row::new(&web.app, &found, was);
    let changes = Changes {
        poll: poll(id, &row, found.status),
        announcement: row.announcement(was),
        row,
        owner: Owner::new(owner, &me),
    };
    Ok(html("admin/_environment_changes.html", changes))
}

/// Cancels its deployment.
pub async fn cancel(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<EnvironmentId>,
) -> Result<Redirect, PageError> {
    administration::cancel(&web.app, &me.actor(), id).await?;
    let said = "The deployment is being cancelled.";
    me.visitor.notice(Tone::Good, said).await;
    Ok(Redirect::to(&address(id)))
}

/// Gives it to somebody else.
pub async fn hand_over(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<EnvironmentId>,
    Fields(form): Fields<Form>,
) -> Result<Response, PageError> {
    let done = administration::hand_over(&web.app, &me.actor(), id, &form.heir).await;
    match done {
        Ok(()) => {
            let said = "It is handed over. What runs keeps running, with the same password.";
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to(&address(id)).into_response())
        }
        Err(refusal) => refused(&web, &me, id, form, refusal).await,
    }
}

/// Requests its removal.
pub async fn delete(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<EnvironmentId>,
    Fields(form): Fields<Form>,
) -> Result<Response, PageError> {
    let done = administration::delete(&web.app, &me.actor(), id, &form.confirmation).await;
    let (said, leads_to) = match done {
        Ok(Removal::Done) => ("It is deleted.", "/admin/environments".to_owned()),
        Ok(Removal::Begun) => (
            "It is being removed. It leaves when Coolify has confirmed it.",
            address(id),
        ),
        Err(refusal) => return refused(&web, &me, id, form, refusal).await,
    };
    me.visitor.notice(Tone::Good, said).await;
    Ok(Redirect::to(&leads_to).into_response())
}

async fn refused(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    form: Form,
    refusal: Refusal,
) -> Result<Response, PageError> {
    let Refusal::Wrong(wrongs) = refusal else {
        return Err(refusal.into());
    };
    let form = form.refused(&wrongs);
    page_of(web, me, id, StatusCode::UNPROCESSABLE_ENTITY, form).await
}
