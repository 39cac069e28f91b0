//! The page of an environment, and the actions on one.

use super::back::{self, Back};
use super::changes::Poll;
use super::deployment_view::{Cause, Step, Update};
use super::error::PageError;
use super::fields::{Errors, Fields, Id, Rules, errors};
use super::history::{Entry, history};
use super::log::{self, Log};
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::variable_view::Variable;
use super::view::{Password, Row};
use crate::actions::deployments;
use crate::actions::environments::{self, EnvironmentRow, Refusal};
use crate::actions::sources;
use crate::domain::deployment::BuildKind;
use crate::domain::id::EnvironmentId;
use crate::domain::name::isolated;
use crate::domain::status::Status;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// What was wrong in a form of the page.
#[derive(Debug, Default, Serialize)]
pub struct Form {
    pub errors: Errors,
    /// The name of a variable.
    pub variable: String,
}

impl From<Errors> for Form {
    fn from(errors: Errors) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }
}

/// The form for a new password.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    password: SecretString,
}

#[derive(Serialize)]
struct Show {
    page: Page,
    row: Row,
    stages: Vec<Step>,
    history: Vec<Entry>,
    cause: Option<Cause>,
    update: Option<Update>,
    log: Option<Log>,
    password: Password,
    source: Source,
    variables: Vec<Variable>,
    poll: Poll,
    form: Form,
    rules: Rules,
}

/// What it is built from.
#[derive(Serialize)]
struct Source {
    repository: String,
    branch: String,
}

impl Source {
    fn new(web: &Web, row: &EnvironmentRow) -> Self {
        let standard = sources::standard(&web.app);
        let or = |chosen: &Option<String>, standard: &String| {
            chosen.clone().unwrap_or_else(|| standard.clone())
        };
        Self {
            repository: or(&row.source_repository, &standard.repository),
            branch: or(&row.source_branch, &standard.branch),
        }
    }
}

/// Redirects to the environment's page.
pub async fn page(Id(id): Id<EnvironmentId>) -> Redirect {
    Redirect::to(&format!("/environments/{id}"))
}

/// The environment's page.
pub async fn show(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    page_of(&web, &me, id, StatusCode::OK, Form::default()).await
}

/// The page with a form as it was sent.
pub async fn page_of(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    form: Form,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let rows = environments::deployments(&web.app, me.user.id, id).await?;
    let (history, stages) = history(web, me.user.id, &found, &rows).await?;
    let log = match rows.first() {
        Some(newest) => Some(log::after(web, me.user.id, id, newest, 0).await?.0),
        None => None,
    };
    let page = Page::new(&me.visitor, &isolated(&found.name)).await;
    let page = page
        .refused(form.errors.any())
        .moving(found.status.moves() && !form.errors.any());
    let row = Row::new(&web.app, &found, None);
    let poll = Poll::of(&row, log.as_ref());
    Ok(html_with(
        status,
        "environments/show.html",
        Show {
            page,
            row,
            stages,
            history,
            cause: Cause::new(&found, &rows),
            update: Update::of(&web.app, me.user.id, &found).await?,
            log,
            password: Password::new(&found),
            source: Source::new(web, &found),
            variables: Variable::all(web, me.user.id, id).await?,
            poll,
            form,
            rules: Rules::default(),
        },
    ))
}

#[derive(Serialize)]
struct Deploy {
    page: Page,
    row: Row,
    back: Option<String>,
}

/// Asks before an environment is deployed again, and whether its image is built anew.
pub async fn deploy_form(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let is_there = matches!(found.status, Status::Running | Status::Error);
    if !is_there || found.vanished {
        let page = format!("/environments/{id}");
        return Ok(if headers.contains_key("hx-request") {
            [("hx-redirect", page)].into_response()
        } else {
            Redirect::to(&page).into_response()
        });
    }
    let deploy = Deploy {
        page: Page::new(
            &me.visitor,
            &format!("Deploy {} again", isolated(&found.name)),
        )
        .await,
        row: Row::new(&web.app, &found, None),
        back: back::page_of(&headers),
    };
    Ok(html("environments/deploy.html", deploy))
}

/// Requests a deployment. An empty form needs no content type.
pub async fn deploy(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Redirect, PageError> {
    let mut fields = form_urlencoded::parse(&form);
    let build = if fields.any(|field| field == ("rebuild".into(), "1".into())) {
        BuildKind::Anew
    } else {
        BuildKind::Reuse
    };
    deployments::deploy(&web.app, &me.actor(), id, build).await?;
    Ok(Back::of(&headers, &form).redirect(&id.to_string()))
}

/// Cancels a deployment.
pub async fn cancel(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    back: Back,
) -> Result<Redirect, PageError> {
    deployments::cancel(&web.app, &me.actor(), id).await?;
    Ok(back.redirect(&id.to_string()))
}

/// Sets a new password by deploying again.
pub async fn set_password(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let password = typed.password.expose_secret();
    match deployments::set_password(&web.app, &me.actor(), id, password).await {
        Ok(()) => {
            // It is done, whether or not the name can be read.
            let found = environments::get(&web.app, me.user.id, id).await;
            let name = found.map_or_else(|_| "It".to_owned(), |row| isolated(&row.name));
            let said = format!("{name} takes the new password with its next container.");
            me.visitor.accepted(said, id).await;
            me.visitor.warn_of_password(password).await;
            Ok(Redirect::to(&format!("/environments/{id}")).into_response())
        }
        Err(Refusal::NotNow(sentence)) => {
            let mut errors = Errors::default();
            errors.insert("form", sentence.to_owned());
            page_of(&web, &me, id, StatusCode::CONFLICT, errors.into()).await
        }
        Err(Refusal::Wrong(wrongs)) => {
            page_of(
                &web,
                &me,
                id,
                StatusCode::UNPROCESSABLE_ENTITY,
                errors(&wrongs).into(),
            )
            .await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Drops a new password that waits.
pub async fn discard_password(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Redirect, PageError> {
    let notice = if deployments::discard_password(&web.app, &me.actor(), id).await? {
        "The new password is discarded. The old one opens the environment."
    } else {
        "No new password is waiting."
    };
    me.visitor.notice(Tone::Good, notice).await;
    Ok(Redirect::to(&format!("/environments/{id}")))
}
