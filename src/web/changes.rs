//! The poll of a page: one request for everything on it that may change. Without a change it costs PostgreSQL nothing.

use super::error::PageError;
use super::fields::Id;
use super::history::history;
use super::index::{List, Search};
use super::log::{self, Log};
use super::page::{html, html_with};
use super::session::Poller;
use super::state::Web;
use super::view::{Deployment, Row, Step, trigger};
use crate::actions::environments::{self, EnvironmentRow, Refusal};
use crate::actions::known;
use crate::app::PageVersion;
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::domain::status::Status;
use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use url::form_urlencoded;

/// A row as the polling page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    id: EnvironmentId,
    version: String,
    status: Option<Status>,
}

impl Shown {
    /// Parses what the row itself holds: id, version and status.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            id: words.next()?.parse().ok()?,
            version: words.next()?.to_owned(),
            status: words.next().and_then(Status::from_word),
        })
    }
}

#[derive(Serialize)]
struct ListChanges {
    list: List,
    changed: Vec<Row>,
    new: Vec<Row>,
    gone: Vec<String>,
    /// All rows, when the order on the page is another one.
    all: Option<Vec<Row>>,
    announcement: Option<String>,
}

/// The rows of a list that changed, are new or have gone; 204 when there are none.
pub async fn list(
    State(web): State<Web>,
    Poller(owner): Poller,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = query.unwrap_or_default();
    let sent = || form_urlencoded::parse(query.as_bytes());
    let value = |key: &str| sent().find(|(name, _)| name == key).map(|(_, value)| value);
    let version = known::list_version(&web.app, owner).await?;
    if value("v").is_some_and(|shown| shown == version) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let text = |key: &str| value(key).map(Cow::into_owned).unwrap_or_default();
    let search = Search::new(text("q"), text("status"), text("page"));
    let rows = sent().filter(|(name, _)| name == "row");
    let shown: Vec<Shown> = rows.filter_map(|(_, row)| Shown::parse(&row)).collect();
    let changes = changes(&web, owner, &search, &version, &shown).await?;
    Ok(html("environments/_changes.html", changes))
}

async fn changes(
    web: &Web,
    owner: UserId,
    search: &Search,
    version: &str,
    shown: &[Shown],
) -> Result<ListChanges, PageError> {
    let (found, counts) = environments::list(&web.app, owner, &search.selection()).await?;
    let list = List::new(search, version, counts, &found);
    let ids: Vec<EnvironmentId> = found.iter().map(|row| row.id.into()).collect();
    let (stay, gone): (Vec<&Shown>, Vec<&Shown>) =
        shown.iter().partition(|shown| ids.contains(&shown.id));
    let (mut changed, mut new, mut announced) = (vec![], vec![], vec![]);
    for (row, id) in found.iter().zip(&ids) {
        let was = stay.iter().find(|shown| shown.id == *id);
        let view = Row::new(&web.app, row, was.and_then(|was| was.status));
        announced.extend(was.and_then(|was| view.announcement(was.status)));
        match was {
            None => new.push(view),
            Some(was) if was.version != view.version => changed.push(view),
            Some(_) => {}
        }
    }
    let gone: Vec<EnvironmentId> = gone.iter().map(|shown| shown.id).collect();
    if !gone.is_empty() && !environments::all_exist(&web.app, owner, &gone).await? {
        announced.push(deleted(gone.len()).to_owned());
    }
    // New rows come first; otherwise the order is another one, and all rows are sent.
    let in_order = ids[new.len()..]
        .iter()
        .eq(stay.iter().map(|shown| &shown.id));
    Ok(ListChanges {
        all: (!in_order).then(|| rows(web, &found)),
        list,
        changed,
        new,
        gone: gone.iter().map(EnvironmentId::to_string).collect(),
        announcement: (!announced.is_empty()).then(|| announced.join(" ")),
    })
}

fn deleted(count: usize) -> &'static str {
    if count == 1 {
        "The environment is deleted."
    } else {
        "Deleted environments have left the list."
    }
}

fn rows(web: &Web, found: &[EnvironmentRow]) -> Vec<Row> {
    let rows = found.iter();
    rows.map(|row| Row::new(&web.app, row, None)).collect()
}

/// What an environment's page shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageShown {
    v: String,
    was: String,
    deployment: String,
    after: i32,
}

#[derive(Serialize)]
struct PageChanges {
    poll: Poll,
    row: Option<Row>,
    stages: Vec<Step>,
    deployments: Vec<Deployment>,
    log: Option<Log>,
    announcement: Option<String>,
}

/// The poll of an environment's page.
#[derive(Debug, Serialize)]
pub struct Poll {
    url: String,
    trigger: &'static str,
}

impl Poll {
    /// The poll of a page that shows this row and this much of the log.
    pub fn new(row: &Row, log: Option<&Log>) -> Self {
        let log_state =
            log.map(|log| format!("&deployment={}&after={}", log.deployment, log.after));
        let moves = row.moves || log.is_some_and(|log| log.live);
        Self {
            url: format!(
                "/environments/{}/changes?v={}&was={}{}",
                row.id,
                row.version,
                row.status,
                log_state.unwrap_or_default()
            ),
            trigger: trigger(moves),
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
    let same_row = current.row == shown.v;
    let same_log = !log_differs(&current, &shown);
    if same_row && same_log {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let row = match environments::get(&web.app, owner, id).await {
        Ok(row) => row,
        Err(Refusal::NotFound) => return Ok(gone(&format!("head-{id}"))),
        Err(refusal) => return Err(refusal.into()),
    };
    let was = Status::from_word(&shown.was);
    let row = Row::new(&web.app, &row, was);
    let announcement = row.announcement(was);
    if begins_anew(&current, &shown) {
        // Another deployment began, so the log on the page is outdated.
        return Ok((StatusCode::OK, [("hx-refresh", "true")]).into_response());
    }
    let (deployments, stages) = history(&web, owner, id).await?;
    let log = log::newest(&web, owner, id, shown.after).await?;
    let changes = PageChanges {
        poll: Poll::new(&row, log.as_ref()),
        row: (!same_row).then_some(row),
        stages,
        deployments,
        log,
        announcement,
    };
    Ok(html("environments/_page_changes.html", changes))
}

fn log_differs(current: &PageVersion, shown: &PageShown) -> bool {
    let Some((deployment, end)) = current.log else {
        return false;
    };
    deployment.to_string() != shown.deployment || end != shown.after
}

/// Whether a deployment began that the page does not show.
fn begins_anew(current: &PageVersion, shown: &PageShown) -> bool {
    let newest = current.log.map(|(id, _)| id);
    newest.is_some_and(|id: DeploymentId| id.to_string() != shown.deployment)
}

/// A 404 that makes htmx remove the element, and the poll, from the page.
fn gone(element: &str) -> Response {
    let mut response = html_with(StatusCode::NOT_FOUND, "environments/_gone.html", ());
    let headers = response.headers_mut();
    if let Ok(target) = HeaderValue::from_str(&format!("#{element}")) {
        headers.insert("hx-retarget", target);
    }
    headers.insert("hx-reswap", HeaderValue::from_static("delete"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_it_shows_and_nonsense_is_ignored() {
        let id = EnvironmentId::new();
        let shown = Shown::parse(&format!("{id} 12u running")).unwrap();
        assert_eq!(shown.id, id);
        assert_eq!(shown.version, "12u");
        assert_eq!(shown.status, Some(Status::Running));
        assert_eq!(Shown::parse(&format!("{id} 1 odd")).unwrap().status, None);
        for odd in ["", "env_1 1 running", &id.to_string()] {
            assert_eq!(Shown::parse(odd), None, "{odd}");
        }
    }
}
