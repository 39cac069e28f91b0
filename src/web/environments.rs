//! Environments: the table, a row, the form, the page, and the actions on one.

use super::error::PageError;
use super::fields::{Errors, Fields, Id, Rules, errors};
use super::history::history;
use super::log::{self, Log};
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::view::{Counts, Deployment, Part, Row, Step};
use crate::actions::deployments;
use crate::actions::environments::{self, EnvironmentRow, Refusal};
use crate::domain::id::EnvironmentId;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

#[derive(Serialize)]
struct Index {
    page: Page,
    rows: Vec<Row>,
    counts: Counts,
    query: String,
    first_visit: bool,
    cursor: String,
}

/// The table.
pub async fn index(
    State(web): State<Web>,
    me: SignedIn,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    me.visitor.note(&web, me.user.id).await?;
    let all = environments::list(&web.app, me.user.id, "").await?;
    let query = search.q.trim().to_owned();
    let found = if query.is_empty() {
        all.clone()
    } else {
        environments::list(&web.app, me.user.id, &query).await?
    };
    let counts = Counts::of(&all);
    let mut page = Page::new(&me.visitor, "Environments").await;
    page.refresh = counts.moving > 0;
    let rows = rows(&web, &found);
    Ok(html(
        "environments/index.html",
        Index {
            page,
            first_visit: me.visitor.is_new_here().await,
            counts,
            rows,
            query,
            cursor: cursor(&all),
        },
    ))
}

fn rows(web: &Web, found: &[EnvironmentRow]) -> Vec<Row> {
    found
        .iter()
        .map(|row| Row::new(&web.app, row, Part::Row, None))
        .collect()
}

/// The creation time of the newest row, in microseconds, as the page sends it back.
fn cursor(rows: &[EnvironmentRow]) -> String {
    let newest = rows
        .iter()
        .map(|row| row.created_at)
        .max()
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    (newest.unix_timestamp_nanos() / 1_000).to_string()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct After {
    after: String,
    q: String,
}

#[derive(Serialize)]
struct Changes {
    rows: Vec<Row>,
    cursor: String,
    counts: Counts,
}

/// Rows created elsewhere since the page was loaded; 204 when there are none.
pub async fn changes(
    State(web): State<Web>,
    me: SignedIn,
    Query(after): Query<After>,
) -> Result<Response, PageError> {
    let micros: i64 = after.after.parse().unwrap_or(0);
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let new = environments::list_after(&web.app, me.user.id, time).await?;
    if new.is_empty() || !after.q.trim().is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let counts = Counts::of(&environments::list(&web.app, me.user.id, "").await?);
    Ok(html(
        "environments/_changes.html",
        Changes {
            cursor: cursor(&new),
            rows: rows(&web, &new),
            counts,
        },
    ))
}

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
    let (deployments, stages) = history(web, me, id).await?;
    let log = log::newest(web, me, id).await?;
    let mut page = Page::new(&me.visitor, &found.name).await;
    page.refresh = found.status.moves();
    let row = Row::new(&web.app, &found, Part::Head, None);
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
            form,
            rules: Rules::default(),
        },
    ))
}

/// Requests a deployment.
pub async fn deploy(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Redirect, PageError> {
    deployments::deploy(&web.app, me.user.id, id).await?;
    Ok(Redirect::to("/environments"))
}

/// Cancels a deployment.
pub async fn cancel(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Redirect, PageError> {
    deployments::cancel(&web.app, me.user.id, id).await?;
    Ok(Redirect::to("/environments"))
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
            errors.insert("password", sentence.to_owned());
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
