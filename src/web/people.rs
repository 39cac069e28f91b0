//! The administrators' page of people: who is invited.

use super::accounts::wrong_fields;
use super::administrator::Administrator;
use super::error::PageError;
use super::fields::{Errors, Fields, Id, errors};
use super::origin::Base;
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::words::Time;
use crate::actions::invitations::{self, Invitation};
use crate::domain::id::LinkId;
use crate::domain::user::{Role, WhoRegisters};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Show {
    page: Page,
    form: Form,
    link: Option<Link>,
    /// Whether people can be invited.
    invites: bool,
    invitations: Vec<Invited>,
}

#[derive(Debug, Default, Serialize)]
struct Form {
    email: String,
    administrator: bool,
    errors: Errors,
}

/// A link that was just made. Nothing else knows it.
#[derive(Debug, Serialize)]
struct Link {
    title: &'static str,
    sentence: &'static str,
    address: String,
}

#[derive(Debug, Serialize)]
struct Invited {
    id: String,
    email: Option<String>,
    role: String,
    by: Option<String>,
    until: Time,
}

/// Whom to invite.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    email: String,
    role: String,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
) -> Result<Response, PageError> {
    let show = context(&web, &me, Form::default(), None).await?;
    Ok(html("people/index.html", show))
}

async fn context(
    web: &Web,
    me: &SignedIn,
    form: Form,
    link: Option<Link>,
) -> Result<Show, PageError> {
    let invitations = invitations::list(&web.app).await?;
    Ok(Show {
        page: Page::new(&me.visitor, "People")
            .await
            .refused(form.errors.any()),
        form,
        link,
        invites: web.app.registration != WhoRegisters::Nobody,
        invitations: invitations.into_iter().map(Invited::from).collect(),
    })
}

/// Redirects to the page.
pub async fn page() -> Redirect {
    Redirect::to("/people")
}

/// Makes an invitation and shows its link. The link is in this answer alone, so it does not lead to another page.
pub async fn invite(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Base(base): Base,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let role = Role::of_word(&typed.role);
    match invitations::invite(&web.app, me.user.id, &typed.email, role).await {
        Ok(token) => {
            let link = Link {
                title: "The invitation is made",
                sentence: "Give this link to the person you invite.",
                address: format!("{base}/register?link={token}"),
            };
            let show = context(&web, &me, Form::default(), Some(link)).await?;
            Ok(html_with(StatusCode::CREATED, "people/index.html", show))
        }
        Err(refusal) => {
            let form = Form {
                errors: errors(&wrong_fields(refusal)?),
                email: typed.email,
                administrator: role == Role::Administrator,
            };
            let show = context(&web, &me, form, None).await?;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(html_with(status, "people/index.html", show))
        }
    }
}

/// Revokes an invitation. That it was used or has expired is no error.
pub async fn revoke(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<LinkId>,
) -> Result<Redirect, PageError> {
    let said = if invitations::revoke(&web.app, id).await? {
        (
            Tone::Good,
            "The invitation is revoked. Its link does not work any more.",
        )
    } else {
        (
            Tone::Bad,
            "The invitation was used already, or has expired.",
        )
    };
    me.visitor.notice(said.0, said.1).await;
    Ok(Redirect::to("/people"))
}

impl From<Invitation> for Invited {
    fn from(one: Invitation) -> Self {
        Self {
            id: LinkId::from(one.id).to_string(),
            email: one.email,
            role: one.role,
            by: one.by,
            until: Time::clock(one.expires_at, one.now),
        }
    }
}
