//! The build log: on the page, updated as it grows, and as a file.

use super::error::PageError;
use super::fields::Id;
use super::page::html;
use super::session::SignedIn;
use super::state::Web;
use crate::actions::environments::{self, DeploymentRow, Line};
use crate::app::PageVersion;
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// How much of a log the page shows; the file has all of it.
const SHOWN_BYTES: usize = 200_000;

/// A log, or part of one.
#[derive(Debug, Serialize)]
pub struct Log {
    pub deployment: String,
    lines: Vec<LogLine>,
    /// The position after the last line.
    pub after: i32,
    /// Whether it may still grow.
    pub live: bool,
    clipped: bool,
    missing: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct LogLine {
    text: String,
    hidden: bool,
    error: bool,
}

impl Log {
    fn new(row: &DeploymentRow, lines: Vec<Line>, from: i32) -> Self {
        let after = lines.last().map_or(from, |line| line.position + 1);
        let (lines, clipped) = tail(lines);
        Self {
            deployment: DeploymentId::from(row.id).to_string(),
            lines,
            after,
            live: row.log_grows,
            clipped,
            missing: row.log_missing.then_some(
                "Coolify does not show the log: its token needs the permission read:sensitive.",
            ),
        }
    }
}

/// The last lines of the log that fit on a page.
fn tail(lines: Vec<Line>) -> (Vec<LogLine>, bool) {
    let mut size = 0;
    let mut kept: Vec<LogLine> = lines
        .into_iter()
        .rev()
        .take_while(|line| {
            size += line.output.len();
            size <= SHOWN_BYTES
        })
        .map(|line| LogLine {
            text: line.output,
            hidden: line.hidden,
            error: line.error,
        })
        .collect();
    kept.reverse();
    (kept, size > SHOWN_BYTES)
}

/// The whole log of a deployment.
pub async fn whole(
    web: &Web,
    owner: UserId,
    id: EnvironmentId,
    row: &DeploymentRow,
) -> Result<Log, PageError> {
    let lines = environments::log(&web.app, owner, id, row.id.into(), 0).await?;
    Ok(Log::new(row, lines, 0))
}

/// The lines of the newest deployment's log that a page does not have yet.
pub async fn grown(
    web: &Web,
    owner: UserId,
    id: EnvironmentId,
    current: &PageVersion,
    from: i32,
) -> Result<Option<Log>, PageError> {
    let Some((deployment, end)) = current.log else {
        return Ok(None);
    };
    let lines = if end > from {
        environments::log(&web.app, owner, id, deployment, from).await?
    } else {
        vec![]
    };
    let after = lines.last().map_or(from, |line| line.position + 1);
    let (lines, clipped) = tail(lines);
    Ok(Some(Log {
        deployment: deployment.to_string(),
        lines,
        after,
        live: current.log_grows,
        clipped,
        missing: None,
    }))
}

/// The position up to which the page has the log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Have {
    deployment: String,
    after: i32,
}

/// New entries of a log; 204 when there are none.
pub async fn more(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Query(have): Query<Have>,
) -> Result<Response, PageError> {
    let rows = environments::deployments(&web.app, me.user.id, id).await?;
    let asked = |row: &DeploymentRow| {
        have.deployment.is_empty() || DeploymentId::from(row.id).to_string() == have.deployment
    };
    let row = rows.into_iter().find(asked).ok_or(PageError::NotFound)?;
    let lines = environments::log(&web.app, me.user.id, id, row.id.into(), have.after).await?;
    if lines.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let log = Log::new(&row, lines, have.after);
    Ok(html(
        "environments/_log.html",
        serde_json::json!({ "log": log }),
    ))
}

/// The whole log of the newest deployment, as a download.
pub async fn text(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    let rows = environments::deployments(&web.app, me.user.id, id).await?;
    let row = rows.first().ok_or(PageError::NotFound)?;
    let lines = environments::log(&web.app, me.user.id, id, row.id.into(), 0).await?;
    let text: String = lines
        .into_iter()
        .flat_map(|line| [line.output, "\n".to_owned()])
        .collect();
    let kind = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"build-log.txt\"",
        ),
    ];
    Ok((kind, text).into_response())
}
