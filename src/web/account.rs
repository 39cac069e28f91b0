//! The account page: name, password, sessions, deletion.

use super::allowances::Standing;
use super::error::{PageError, wrong_fields};
use super::fields::{Errors, Fields, Id, Rules, errors};
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::words::Time;
use crate::actions::accounts::{self, Refusal, SessionRow};
use crate::actions::allowances;
use crate::domain::id::SessionId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize)]
struct Form {
    name: String,
    errors: Errors,
}

#[derive(Debug, Serialize)]
struct Session {
    id: String,
    device: String,
    address: Option<String>,
    created: Option<Time>,
    last_used: Time,
    current: bool,
}

#[derive(Serialize)]
struct Context {
    page: Page,
    form: Form,
    sessions: Vec<Session>,
    environment_count: i64,
    allowed: Standing,
    rules: Rules,
}

/// Which form of the page was submitted, with its fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
    current_password: SecretString,
    new_password: SecretString,
    password: SecretString,
}

/// Redirects to the page.
pub async fn page() -> Redirect {
    Redirect::to("/account")
}

/// Renders the page.
pub async fn show(State(web): State<Web>, me: SignedIn) -> Result<Response, PageError> {
    let form = Form {
        name: me.user.name.clone(),
        errors: Errors::default(),
    };
    Ok(html("accounts/show.html", context(&web, &me, form).await?))
}

async fn context(web: &Web, me: &SignedIn, form: Form) -> Result<Context, PageError> {
    let sessions = accounts::list_sessions(&web.app, me.user.id).await?;
    let current = me.visitor.session_id();
    let standing = allowances::of(&web.app, me.user.id).await?;
    Ok(Context {
        page: Page::new(&me.visitor, "Account")
            .await
            .refused(form.errors.any()),
        form,
        sessions: sessions.iter().map(|row| session(row, &current)).collect(),
        environment_count: standing.environments.count,
        allowed: Standing::from(&standing),
        rules: Rules::default(),
    })
}

fn session(row: &SessionRow, current: &str) -> Session {
    Session {
        id: SessionId::from(row.id).to_string(),
        device: row.device.clone(),
        address: row.address.clone(),
        created: row.created_at.map(|at| Time::clock(at, row.now)),
        last_used: Time::ago(row.last_used_at, row.now),
        current: row.session_id == current,
    }
}

/// Changes the name.
pub async fn rename(
    State(web): State<Web>,
    me: SignedIn,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let done = accounts::rename(&web.app, &me.actor(), me.user.id, &typed.name).await;
    answer(&web, &me, typed, done, "Your name is saved.").await
}

/// Changes the password; all other sessions end, and this one gets a new id.
pub async fn change_password(
    State(web): State<Web>,
    me: SignedIn,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let session = me.visitor.session_id();
    let done = accounts::change_password(
        &web.app,
        &me.visitor.sender,
        (&me.actor(), &me.user),
        &session,
        (
            typed.current_password.expose_secret(),
            typed.new_password.expose_secret(),
        ),
    )
    .await;
    if let Ok(proved) = &done {
        me.visitor.stay_signed_in(&web, proved).await?;
    }
    answer(
        &web,
        &me,
        typed,
        done.map(drop),
        "Your password is changed, and your other sessions have ended.",
    )
    .await
}

/// Ends one session. That it has ended already is no error.
pub async fn end_session(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<SessionId>,
) -> Result<Redirect, PageError> {
    if accounts::end_session(&web.app, &me.actor(), me.user.id, id).await? {
        me.visitor
            .notice(Tone::Good, "The session has ended.")
            .await;
    }
    Ok(Redirect::to("/account"))
}

/// Ends all other sessions.
pub async fn end_sessions(State(web): State<Web>, me: SignedIn) -> Result<Response, PageError> {
    let (by, current) = (me.actor(), me.visitor.session_id());
    accounts::end_other_sessions(&web.app, &by, me.user.id, &current).await?;
    me.visitor
        .notice(Tone::Good, "Your other sessions have ended.")
        .await;
    Ok(Redirect::to("/account").into_response())
}

/// Deletes the account.
pub async fn delete(
    State(web): State<Web>,
    me: SignedIn,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let password = typed.password.expose_secret();
    let who = (&me.actor(), &me.user);
    let done = accounts::delete(&web.app, &me.visitor.sender, who, password).await;
    if done.is_err() {
        return answer(&web, &me, typed, done, "").await;
    }
    me.visitor.sign_out(&web).await?;
    Ok(Redirect::to("/login?ended=account").into_response())
}

async fn answer(
    web: &Web,
    me: &SignedIn,
    typed: Typed,
    done: Result<(), Refusal>,
    said: &str,
) -> Result<Response, PageError> {
    let Err(refusal) = done else {
        me.visitor.notice(Tone::Good, said).await;
        return Ok(Redirect::to("/account").into_response());
    };
    let errors = errors(&wrong_fields(refusal)?);
    let name = if typed.name.is_empty() && !errors.has("name") {
        me.user.name.clone()
    } else {
        typed.name
    };
    Ok(html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        "accounts/show.html",
        context(web, me, Form { name, errors }).await?,
    ))
}
