//! The poll of a page: one request for everything on it that may change. Without a change it costs PostgreSQL nothing.

use super::deployment_view::{Cause, Step, Update};
use super::error::PageError;
use super::fields::Id;
use super::history::{Entry, history};
use super::index::{List, Search};
use super::log::{self, Log};
use super::page::{html, html_with};
use super::session::Poller;
use super::state::Web;
use super::view::{Password, Row, trigger};
use crate::actions::environments::{self, EnvironmentRow};
use crate::actions::known;
use crate::app::PageVersion;
use crate::domain::id::{EnvironmentId, UserId};
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
    let search = Search {
        q: text("q"),
        status: text("status"),
        sort: text("sort"),
        page: text("page"),
        ..Search::default()
    };
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
    if shown.is_of_another_deployment(&current) {
        return Ok((StatusCode::OK, [("hx-refresh", "true")]).into_response());
    }
    if current.row == shown.v && shown.has_log(&current) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let log = log::grown(&web, owner, id, &current, shown.after).await?;
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
    Ok(PageChanges {
        poll: Poll::of(&row, log.as_ref()),
        announcement: row.announcement(was),
        row: Some(row),
        password: Some(Password::new(&found)),
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
