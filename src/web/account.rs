//! The account page: name, password, sessions, deletion. What is about tokens of the API is in `tokens`.

use super::allowances::Standing;
use super::error::{PageError, wrong_fields};
use super::fields::{Errors, Fields, Id, Rules, errors};
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::token_view::{self, Made, Token};
use super::words::Time;
use crate::actions::accounts::{self, Refusal, SessionRow};
use crate::actions::{allowances, api_tokens};
use crate::domain::id::SessionId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// What the forms of the page hold, and what is wrong.
#[derive(Debug, Serialize)]
pub struct Form {
    pub name: String,
    pub token: token_view::Typed,
    pub errors: Errors,
}

impl Form {
    /// What they hold when nothing was sent.
    pub fn of(me: &SignedIn) -> Self {
        Self {
            name: me.user.name.clone(),
            token: token_view::Typed::default(),
            errors: Errors::default(),
        }
    }
}

/// What the page shows besides what is stored.
pub struct Shown {
    pub form: Form,
    pub made: Option<Made>,
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

/// The values of the page.
#[derive(Serialize)]
pub struct Context {
    page: Page,
    form: Form,
    made: Option<Made>,
    tokens: Vec<Token>,
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
    let (form, made) = (Form::of(&me), None);
    let context = context(&web, &me, Shown { form, made }).await?;
    Ok(html("accounts/show.html", context))
}

/// Reads what the page shows.
pub async fn context(web: &Web, me: &SignedIn, shown: Shown) -> Result<Context, PageError> {
    let Shown { form, made } = shown;
    let tokens = api_tokens::list(&web.app, me.user.id).await?;
    let sessions = accounts::list_sessions(&web.app, me.user.id).await?;
    let current = me.visitor.session_id();
    let standing = allowances::of(&web.app, me.user.id).await?;
    Ok(Context {
        page: Page::new(&me.visitor, "Account")
            .await
            .refused(form.errors.any()),
        form,
        made,
        tokens: tokens.into_iter().map(Token::from).collect(),
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
    let form = Form {
        name,
        errors,
        ..Form::of(me)
    };
    let context = context(web, me, Shown { form, made: None }).await?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(html_with(status, "accounts/show.html", context))
}
