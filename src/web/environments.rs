//! The page of an environment, and the actions on one.

use super::back::{self, Back};
use super::changes::Poll;
use super::error::PageError;
use super::fields::{Errors, Fields, Id, Rules, errors};
use super::history::history;
use super::log::{self, Log};
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::view::{Deployment, Row, Step};
use crate::actions::deployments;
use crate::actions::environments::{self, Refusal};
use crate::domain::id::EnvironmentId;
use crate::domain::status::Status;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize)]
struct Form {
    errors: Errors,
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
    deployments: Vec<Deployment>,
    log: Option<Log>,
    poll: Poll,
    form: Form,
    rules: Rules,
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
    page_of(&web, &me, id, StatusCode::OK, Errors::default()).await
}

async fn page_of(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    errors: Errors,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let rows = environments::deployments(&web.app, me.user.id, id).await?;
    let (deployments, stages) = history(web, &rows).await?;
    let log = match rows.first() {
        Some(newest) => Some(log::after(web, me.user.id, id, newest, 0).await?),
        None => None,
    };
    let page = Page::new(&me.visitor, &found.name).await;
    let page = page
        .refused(errors.any())
        .moving(found.status.moves() && !errors.any());
    let row = Row::new(&web.app, &found, None);
    let poll = Poll::of(&row, log.as_ref());
    let form = Form { errors };
    Ok(html_with(
        status,
        "environments/show.html",
        Show {
            page,
            row,
            stages,
            deployments,
            log,
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

/// Asks before a running environment is deployed again.
pub async fn deploy_form(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    if found.status != Status::Running {
        let page = format!("/environments/{id}");
        return Ok(if headers.contains_key("hx-request") {
            [("hx-redirect", page)].into_response()
        } else {
            Redirect::to(&page).into_response()
        });
    }
    let deploy = Deploy {
        page: Page::new(&me.visitor, &format!("Deploy {} again", found.name)).await,
        row: Row::new(&web.app, &found, None),
        back: back::page_of(&headers),
    };
    Ok(html("environments/deploy.html", deploy))
}

/// Requests a deployment.
pub async fn deploy(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    back: Back,
) -> Result<Redirect, PageError> {
    deployments::deploy(&web.app, me.user.id, id).await?;
    Ok(back.redirect(&id.to_string()))
}

/// Cancels a deployment.
pub async fn cancel(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    back: Back,
) -> Result<Redirect, PageError> {
    deployments::cancel(&web.app, me.user.id, id).await?;
    Ok(back.redirect(&id.to_string()))
}

/// Sets a new password by deploying again.
pub async fn set_password(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    match deployments::set_password(&web.app, me.user.id, id, typed.password.expose_secret()).await
    {
        Ok(()) => {
            me.visitor
                .notice(
                    Tone::Good,
                    "The new password takes effect with the next deployment.",
                )
                .await;
            Ok(Redirect::to(&format!("/environments/{id}")).into_response())
        }
        Err(Refusal::NotNow(sentence)) => {
            let mut errors = Errors::default();
            errors.insert("form", sentence.to_owned());
            page_of(&web, &me, id, StatusCode::CONFLICT, errors).await
        }
        Err(Refusal::Wrong(wrongs)) => {
            page_of(
                &web,
                &me,
                id,
                StatusCode::UNPROCESSABLE_ENTITY,
                errors(&wrongs),
            )
            .await
        }
        Err(refusal) => Err(refusal.into()),
    }
}
