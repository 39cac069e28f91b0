//! The page with the log of an environment's container: its last lines, searched, read again while somebody looks.

use super::changes::Poll;
use super::error::PageError;
use super::fields::{Id, Query};
use super::page::{Page, html};
use super::session::{Poller, SignedIn};
use super::state::Web;
use super::view::Row;
use crate::actions::environments::Refusal;
use crate::actions::{container, environments};
use crate::app::ContainerLog;
use crate::domain::id::EnvironmentId;
use crate::domain::name::isolated;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use url::form_urlencoded;

/// What is searched for, and what a page shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    v: String,
}

/// The lines that a page shows.
#[derive(Serialize)]
struct Shown {
    query: String,
    lines: Vec<String>,
    /// "3 of the last 200 lines contain it."; nothing when nothing is searched for.
    found: Option<String>,
    missing: Option<String>,
    poll: Poll,
    #[serde(skip)]
    version: String,
}

#[derive(Serialize)]
struct Show {
    page: Page,
    row: Row,
    #[serde(flatten)]
    shown: Shown,
}

impl Shown {
    fn new(id: EnvironmentId, query: &str, ContainerLog(log): ContainerLog) -> Self {
        let query = query.trim().to_owned();
        let (all, missing) = match log {
            Ok(all) => (all, None),
            Err(sentence) => ([].into(), Some(sentence)),
        };
        let wanted = query.to_lowercase();
        let is_found = |line: &&String| line.to_lowercase().contains(&wanted);
        let lines: Vec<String> = all.iter().filter(is_found).cloned().collect();
        let found = (!query.is_empty() && missing.is_none()).then(|| found(lines.len(), all.len()));
        let version = version(&lines, missing.as_deref());
        let mut url = form_urlencoded::Serializer::new(String::new());
        let url = url
            .append_pair("q", &query)
            .append_pair("v", &version)
            .finish();
        Self {
            poll: Poll::at(format!("/environments/{id}/container/changes?{url}"), false),
            query,
            lines,
            found,
            missing,
            version,
        }
    }
}

fn found(count: usize, of: usize) -> String {
    let contain = if count == 1 {
        "line contains"
    } else {
        "lines contain"
    };
    format!("{count} of the last {of} {contain} it.")
}

/// Changes when the lines do.
fn version(lines: &[String], missing: Option<&str>) -> String {
    let mut hasher = DefaultHasher::new();
    (lines, missing).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let log = container::log(&web.app, me.user.id, id).await?;
    let title = format!("Container log of {}", isolated(&found.name));
    let show = Show {
        page: Page::new(&me.visitor, &title).await,
        row: Row::new(&web.app, &found, None),
        shown: Shown::new(id, &asked.q, log),
    };
    Ok(html("environments/container.html", show))
}

/// The lines, if they are others than the page shows; else 204.
pub async fn changes(
    State(web): State<Web>,
    Poller(owner): Poller,
    Id(id): Id<EnvironmentId>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let log = match container::log(&web.app, owner, id).await {
        Ok(log) => log,
        // The page says that it is not there any more.
        Err(Refusal::NotFound) => {
            return Ok((StatusCode::NOT_FOUND, [("hx-refresh", "true")]).into_response());
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let lines = Shown::new(id, &asked.q, log);
    if lines.version == asked.v {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(html("environments/_container_changes.html", lines))
}
