//! The administrators' page of people: who has an account, and who is invited.

use super::administrator::Administrator;
use super::allowances::environments;
use super::error::{PageError, wrong_fields};
use super::fields::{Errors, Fields, Id, Query, errors};
use super::origin::Base;
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::words::Time;
use crate::actions::invitations::{self, Invitation};
use crate::actions::people::{self, PersonRow};
use crate::app::App;
use crate::domain::allowance::{Limit, Used};
use crate::domain::id::{LinkId, UserId};
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
    /// What is searched for.
    query: String,
    people: Vec<Person>,
    /// How many are shown at most, if there may be more.
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Person {
    id: String,
    name: String,
    email: String,
    role: Role,
    disabled: bool,
    /// "2 of 3 environments".
    environments: String,
    last_used: Option<Time>,
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
    role: Role,
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

/// What is searched for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    let show = context(&web, &me, search.q, Form::default(), None).await?;
    Ok(html("people/index.html", show))
}

async fn context(
    web: &Web,
    me: &SignedIn,
    query: String,
    form: Form,
    link: Option<Link>,
) -> Result<Show, PageError> {
    let invitations = invitations::list(&web.app).await?;
    let people = people::list(&web.app, &query).await?;
    Ok(Show {
        page: Page::new(&me.visitor, "People")
            .await
            .refused(form.errors.any()),
        form,
        link,
        invites: web.app.registration != WhoRegisters::Nobody,
        invitations: invitations.into_iter().map(Invited::from).collect(),
        query,
        limit: (i64::try_from(people.len()) == Ok(people::LIMIT)).then_some(people::LIMIT),
        people: people
            .into_iter()
            .map(|one| Person::new(&web.app, one))
            .collect(),
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
    match invitations::invite(&web.app, &me.actor(), &typed.email, role).await {
        Ok(made) => {
            let token = made.token;
            let link = Link {
                title: "The invitation is made",
                sentence: "Give this link to the person you invite.",
                address: format!("{base}/register?link={token}"),
            };
            let show = context(&web, &me, String::new(), Form::default(), Some(link)).await?;
            Ok(html_with(StatusCode::CREATED, "people/index.html", show))
        }
        Err(refusal) => {
            let form = Form {
                errors: errors(&wrong_fields(refusal)?),
                email: typed.email,
                administrator: role == Role::Administrator,
            };
            let show = context(&web, &me, String::new(), form, None).await?;
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
    let said = if invitations::revoke(&web.app, &me.actor(), id).await? {
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

/// Makes a link for a new password and shows it.
pub async fn reset(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Base(base): Base,
    Id(id): Id<UserId>,
) -> Result<Response, PageError> {
    let token = people::reset_link(&web.app, &me.actor(), id).await?;
    let link = Link {
        title: "The link for a new password is made",
        sentence: "Give it to the person whose account it is, within a day.",
        address: format!("{base}/reset?link={token}"),
    };
    let show = context(&web, &me, String::new(), Form::default(), Some(link)).await?;
    Ok(html_with(StatusCode::CREATED, "people/index.html", show))
}

/// Changes a role. Whoever stops administering has no such page any more.
pub async fn set_role(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<UserId>,
    Fields(typed): Fields<Typed>,
) -> Result<Redirect, PageError> {
    let role = Role::of_word(&typed.role);
    people::set_role(&web.app, &me.actor(), id, role).await?;
    me.visitor.notice(Tone::Good, "The role is changed.").await;
    let is_left = id == me.user.id && role == Role::Member;
    Ok(Redirect::to(if is_left {
        "/environments"
    } else {
        "/people"
    }))
}

/// Keeps somebody from signing in, and ends their sessions.
pub async fn disable(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<UserId>,
) -> Result<Redirect, PageError> {
    people::set_disabled(&web.app, &me.actor(), id, true).await?;
    let said = "The account is disabled, and its sessions have ended. Its environments stay.";
    me.visitor.notice(Tone::Good, said).await;
    Ok(Redirect::to("/people"))
}

/// Lets somebody sign in again.
pub async fn enable(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<UserId>,
) -> Result<Redirect, PageError> {
    people::set_disabled(&web.app, &me.actor(), id, false).await?;
    me.visitor
        .notice(Tone::Good, "The account is enabled.")
        .await;
    Ok(Redirect::to("/people"))
}

impl Person {
    fn new(app: &App, one: PersonRow) -> Self {
        let limit = Limit::of_stored(one.environments_limit);
        let used = Used {
            count: one.environments,
            most: limit.or(app.allowance.environments),
        };
        Self {
            id: UserId::from(one.id).to_string(),
            name: one.name,
            email: one.email,
            role: one.role,
            disabled: one.disabled,
            environments: environments(used),
            last_used: one.last_used_at.map(|at| Time::ago(at, one.now)),
        }
    }
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
