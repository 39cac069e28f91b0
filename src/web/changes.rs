//! The poll of an environment's page: one request for everything on it that may change. Without a change it costs
//! PostgreSQL nothing.

use super::allowances;
use super::deployment_view::{Cause, Step, Update};
use super::error::PageError;
use super::fields::{Id, Query};
use super::history::{Entry, history};
use super::log::{self, Log};
use super::page::{html, html_with};
use super::session::Poller;
use super::state::Web;
use super::variable_view::Variable;
use super::view::{Password, Row, trigger};
use crate::actions::environments;
use crate::actions::known;
use crate::app::PageVersion;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::status::Status;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// What an environment's page shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageShown {
    v: String,
    was: String,
    deployment: String,
    after: i32,
    /// Whether the log may still grow.
    live: bool,
}

impl PageShown {
    /// Whether the page shows another deployment's log, or none.
    fn is_of_another_deployment(&self, current: &PageVersion) -> bool {
        let newest = current.log.map(|(id, _)| id);
        newest.is_some_and(|id| id.to_string() != self.deployment)
    }

    fn has_log(&self, current: &PageVersion) -> bool {
        let end = current.log.map_or(0, |(_, end)| end);
        self.after == end && self.live == current.log_grows
    }
}

#[derive(Serialize)]
struct PageChanges {
    poll: Poll,
    row: Option<Row>,
    stages: Vec<Step>,
    history: Vec<Entry>,
    cause: Option<Cause>,
    update: Option<Update>,
    log: Option<Log>,
    password: Option<Password>,
    variables: Vec<Variable>,
    /// What its container gets.
    resources: Option<String>,
    announcement: Option<String>,
}

/// The poll of an environment's page.
#[derive(Debug, Serialize)]
pub struct Poll {
    url: String,
    trigger: &'static str,
    moves: bool,
}

impl Poll {
    /// The poll of a page that shows this row and this much of the log.
    pub fn of(row: &Row, log: Option<&Log>) -> Self {
        Self::new(&row.id, &row.version, row.status, log)
    }

    /// The poll of another page, at this address.
    pub fn at(url: String, moves: bool) -> Self {
        let trigger = trigger(moves);
        Self {
            url,
            trigger,
            moves,
        }
    }

    fn new(id: &str, version: &str, status: &str, log: Option<&Log>) -> Self {
        let moves = Status::from_word(status).is_some_and(Status::moves);
        let shown = log.map(|log| {
            let Log {
                deployment,
                after,
                live,
                ..
            } = log;
            format!("&deployment={deployment}&after={after}&live={live}")
        });
        let shown = shown.unwrap_or_default();
        let moves = moves || log.is_some_and(|log| log.live);
        Self {
            url: format!("/environments/{id}/changes?v={version}&was={status}{shown}"),
            trigger: trigger(moves),
            moves,
        }
    }
}

/// What changed on an environment's page; 204 when nothing did.
pub async fn page(
    State(web): State<Web>,
    Poller(owner): Poller,
    Id(id): Id<EnvironmentId>,
    Query(shown): Query<PageShown>,
) -> Result<Response, PageError> {
    let Some(current) = known::page_version(&web.app, owner, id).await? else {
        return Ok(gone(&format!("head-{id}")));
    };
    // A page that shows another deployment is not loaded again: somebody may be typing.
    let have = (!shown.is_of_another_deployment(&current)).then_some(shown.after);
    if current.row == shown.v && shown.has_log(&current) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let log = log::grown(&web, owner, id, &current, have).await?;
    let was = Status::from_word(&shown.was);
    let changes = match was.filter(|_| current.row == shown.v) {
        Some(status) => PageChanges {
            poll: Poll::new(&id.to_string(), &current.row, status.word(), log.as_ref()),
            row: None,
            stages: vec![],
            history: vec![],
            cause: None,
            update: None,
            log,
            password: None,
            variables: vec![],
            resources: None,
            announcement: None,
        },
        None => page_changes(&web, owner, id, was, log).await?,
    };
    Ok(html("environments/_page_changes.html", changes))
}

/// A page whose row changed.
async fn page_changes(
    web: &Web,
    owner: UserId,
    id: EnvironmentId,
    was: Option<Status>,
    log: Option<Log>,
) -> Result<PageChanges, PageError> {
    let found = environments::get(&web.app, owner, id).await?;
    let row = Row::new(&web.app, &found, was);
    let rows = environments::deployments(&web.app, owner, id).await?;
    let (history, stages) = history(web, owner, &found, &rows).await?;
    let (resources, ..) = allowances::of_environment(web, owner, &found).await?;
    Ok(PageChanges {
        poll: Poll::of(&row, log.as_ref()),
        announcement: row.announcement(was),
        row: Some(row),
        password: Some(Password::new(&found)),
        variables: Variable::all(web, owner, id).await?,
        resources: Some(resources),
        stages,
        history,
        cause: Cause::new(&found, &rows),
        update: Update::of(&web.app, owner, &found).await?,
        log,
    })
}

/// A 404 that makes htmx remove the element, and the poll, from the page.
pub fn gone(element: &str) -> Response {
    let mut response = html_with(StatusCode::NOT_FOUND, "environments/_gone.html", ());
    let headers = response.headers_mut();
    if let Ok(target) = HeaderValue::from_str(&format!("#{element}")) {
        headers.insert("hx-retarget", target);
    }
    headers.insert("hx-reswap", HeaderValue::from_static("delete"));
    response
}
