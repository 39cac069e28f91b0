//! The polling parts of pages: a row of the table, and the head of an environment's page.

use super::error::PageError;
use super::fields::Id;
use super::history::history;
use super::page::{html, html_with};
use super::session::SignedIn;
use super::state::Web;
use super::view::{self, Counts, Deployment, Part, Row, Step};
use crate::actions::environments::{self, EnvironmentRow, Refusal};
use crate::actions::known;
use crate::domain::id::EnvironmentId;
use crate::domain::status::Status;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The state that a polling row or head currently shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    v: String,
    was: String,
}

#[derive(Serialize)]
struct RowUpdate {
    row: Row,
    announcement: Option<String>,
    counts: Option<Counts>,
}

/// One row; 204 when it is unchanged.
pub async fn row(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let Some(found) = changed(&web, &me, id, &shown).await? else {
        return unchanged_or_gone(&web, &me, id, &id.to_string()).await;
    };
    let was = Status::from_word(&shown.was);
    let row = Row::new(&web.app, &found, Part::Row, was);
    let announcement = row.announcement(was);
    let counts = match &announcement {
        Some(_) => Some(counts(&web, &me).await?),
        None => None,
    };
    let update = RowUpdate {
        row,
        announcement,
        counts,
    };
    Ok(html("environments/_row_update.html", update))
}

async fn counts(web: &Web, me: &SignedIn) -> Result<Counts, PageError> {
    Ok(Counts::of(
        &environments::list(&web.app, me.user.id, "").await?,
    ))
}

#[derive(Serialize)]
struct HeadUpdate {
    row: Row,
    stages: Vec<Step>,
    deployments: Vec<Deployment>,
    announcement: Option<String>,
}

/// The head of an environment's page; 204 when it is unchanged.
pub async fn head(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let Some(found) = changed(&web, &me, id, &shown).await? else {
        return unchanged_or_gone(&web, &me, id, &format!("head-{id}")).await;
    };
    let was = Status::from_word(&shown.was);
    let row = Row::new(&web.app, &found, Part::Head, was);
    let announcement = row.announcement(was);
    if found.status == Status::Deploying && announcement.is_some() {
        // Another deployment began, so the log on the page is outdated.
        return Ok((StatusCode::OK, [("hx-refresh", "true")]).into_response());
    }
    let (deployments, stages) = history(&web, &me, id).await?;
    let update = HeadUpdate {
        row,
        stages,
        deployments,
        announcement,
    };
    Ok(html("environments/_head_update.html", update))
}

/// The row, if it differs from what the page shows.
async fn changed(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    shown: &Shown,
) -> Result<Option<EnvironmentRow>, PageError> {
    let Some(known) = known::get(&web.app, me.user.id, id).await? else {
        return Ok(None);
    };
    let version = view::version(known.version, known.checked_at, known.unconfirmed);
    if version == shown.v {
        return Ok(None);
    }
    match environments::get(&web.app, me.user.id, id).await {
        Ok(row) => Ok(Some(row)),
        Err(Refusal::NotFound) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

/// 204 for an unchanged row; for a missing one, a 404 that makes htmx remove it from the page.
async fn unchanged_or_gone(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    element: &str,
) -> Result<Response, PageError> {
    if known::get(&web.app, me.user.id, id).await?.is_some() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let counts = counts(web, me).await?;
    Ok(gone(
        element,
        Some("The environment is deleted."),
        Some(counts),
    ))
}

#[derive(Serialize)]
struct Gone {
    announcement: Option<&'static str>,
    counts: Option<Counts>,
}

/// A 404 that makes htmx remove an element from the page.
pub(super) fn gone(
    element: &str,
    announcement: Option<&'static str>,
    counts: Option<Counts>,
) -> Response {
    let context = Gone {
        announcement,
        counts,
    };
    let mut response = html_with(StatusCode::NOT_FOUND, "environments/_gone.html", context);
    let headers = response.headers_mut();
    if let Ok(target) = HeaderValue::from_str(&format!("#{element}")) {
        headers.insert("hx-retarget", target);
    }
    headers.insert("hx-reswap", HeaderValue::from_static("delete"));
    response
}
