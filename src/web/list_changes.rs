//! The poll of the list: the rows that changed, came, went or moved to another group. Without a change it costs PostgreSQL
//! nothing, and what has not changed is left alone.

use super::allowances;
use super::error::PageError;
use super::groups::{self, Heading, Part, Shut};
use super::index::List;
use super::page::html;
use super::search::Search;
use super::session::Poller;
use super::state::Web;
use super::view::Row;
use crate::actions::environments::{self, EnvironmentRow, Refusal};
use crate::actions::known;
use crate::domain::group::Group;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::status::Status;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use url::form_urlencoded;

/// A row as the polling page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    id: EnvironmentId,
    version: String,
    status: Option<Status>,
    group: Option<Group>,
}

impl Shown {
    /// Parses what the row itself holds: id, version, status and group.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            id: words.next()?.parse().ok()?,
            version: words.next()?.to_owned(),
            status: words.next().and_then(Status::from_word),
            group: words.next().and_then(|word| word.parse().ok()),
        })
    }
}

#[derive(Serialize)]
struct ListChanges {
    list: List,
    changed: Vec<Row>,
    /// Rows that left the page or their place on it.
    gone: Vec<String>,
    /// Rows that are new, or new in their place.
    placed: Vec<Placed>,
    headings: Option<Vec<Heading>>,
    /// All rows, when the order on the page is another one.
    parts: Option<Vec<Part>>,
    announcement: Option<String>,
}

/// A row, and the element that it follows; none when it is the first.
#[derive(Serialize)]
struct Placed {
    after: Option<String>,
    row: Row,
}

/// The rows of a list that changed, are new or have gone; 204 when there are none.
pub async fn list(
    State(web): State<Web>,
    Poller(owner): Poller,
    shut: Shut,
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
        headings: text("headings"),
        ..Search::default()
    };
    let rows = sent().filter(|(name, _)| name == "row");
    let shown: Vec<Shown> = rows.filter_map(|(_, row)| Shown::parse(&row)).collect();
    let changes = changes(&web, owner, (&search, shut), &version, &shown).await?;
    Ok(html("environments/_changes.html", changes))
}

async fn changes(
    web: &Web,
    owner: UserId,
    (search, shut): (&Search, Shut),
    version: &str,
    shown: &[Shown],
) -> Result<ListChanges, PageError> {
    let selection = search.selection(shut);
    let (found, counts) = environments::list(&web.app, owner, &selection).await?;
    let headings = search.headings(&selection, &counts, &found);
    let announcement = announcement(web, owner, &found, shown).await?;
    let counts = (counts, allowances::most(web, owner, &selection).await?);
    let list = List::new(selection, version, counts, &found, headings.is_some());
    let had_headings = !search.headings.is_empty();
    let stay = staying(&found, shown, headings.is_some());
    if headings.is_some() != had_headings || !is_in_order(&found, &stay) {
        return Ok(ListChanges {
            list,
            changed: vec![],
            gone: vec![],
            placed: vec![],
            parts: Some(groups::parts(&web.app, &found, headings)),
            headings: None,
            announcement,
        });
    }
    let (changed, placed) = differences(web, &found, &stay, headings.is_some());
    let is_gone = |shown: &&Shown| !stay.iter().any(|stays| stays.id == shown.id);
    let gone = shown.iter().filter(is_gone);
    Ok(ListChanges {
        list,
        changed,
        gone: gone.map(|shown| shown.id.to_string()).collect(),
        placed,
        headings,
        parts: None,
        announcement,
    })
}

/// The rows of the page that stay where they are: they are still there, and in the same group if there are groups.
fn staying<'a>(found: &[EnvironmentRow], shown: &'a [Shown], groups: bool) -> Vec<&'a Shown> {
    let stays = |shown: &&Shown| {
        let row = found.iter().find(|row| shown.id == row.id.into());
        row.is_some_and(|row| !groups || shown.group == Some(row.group()))
    };
    shown.iter().filter(stays).collect()
}

/// Whether the rows that stay are in the order of the page.
fn is_in_order(found: &[EnvironmentRow], stay: &[&Shown]) -> bool {
    let ids = found.iter().map(|row| EnvironmentId::from(row.id));
    let staying = ids.filter(|id| stay.iter().any(|stays| stays.id == *id));
    staying.eq(stay.iter().map(|stays| stays.id))
}

/// The rows that changed where they are, and those that come to another place.
fn differences(
    web: &Web,
    found: &[EnvironmentRow],
    stay: &[&Shown],
    groups: bool,
) -> (Vec<Row>, Vec<Placed>) {
    let (mut changed, mut placed) = (vec![], vec![]);
    let mut before: Option<&EnvironmentRow> = None;
    for row in found {
        let was = stay.iter().find(|shown| shown.id == row.id.into());
        let view = Row::new(&web.app, row, was.and_then(|was| was.status));
        match was {
            None => placed.push(Placed {
                after: place_after(row, before, groups),
                row: view,
            }),
            Some(was) if was.version != view.version => changed.push(view),
            Some(_) => {}
        }
        before = Some(row);
    }
    (changed, placed)
}

/// The element before a row: the row before it, or the heading of its group.
fn place_after(
    row: &EnvironmentRow,
    before: Option<&EnvironmentRow>,
    groups: bool,
) -> Option<String> {
    let neighbour = before.filter(|before| !groups || before.group() == row.group());
    match neighbour {
        Some(before) => Some(EnvironmentId::from(before.id).to_string()),
        None => groups.then(|| format!("group-{}", row.group().word())),
    }
}

/// What the live region says: statuses that changed, and environments that are deleted.
async fn announcement(
    web: &Web,
    owner: UserId,
    found: &[EnvironmentRow],
    shown: &[Shown],
) -> Result<Option<String>, PageError> {
    let mut announced = vec![];
    for row in found {
        let was = shown.iter().find(|shown| shown.id == row.id.into());
        let was = was.and_then(|was| was.status);
        announced.extend(Row::new(&web.app, row, was).announcement(was));
    }
    let is_gone = |shown: &&Shown| !found.iter().any(|row| shown.id == row.id.into());
    let mut deleted = 0;
    for shown in shown.iter().filter(is_gone) {
        match environments::get(&web.app, owner, shown.id).await {
            // It is on another page, or in a group that is shut.
            Ok(row) => {
                let row = Row::new(&web.app, &row, shown.status);
                announced.extend(row.announcement(shown.status));
            }
            Err(Refusal::NotFound) => deleted += 1,
            Err(refusal) => return Err(refusal.into()),
        }
    }
    announced.extend(are_deleted(deleted).map(str::to_owned));
    Ok((!announced.is_empty()).then(|| announced.join(" ")))
}

fn are_deleted(count: usize) -> Option<&'static str> {
    match count {
        0 => None,
        1 => Some("The environment is deleted."),
        _ => Some("Deleted environments have left the list."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_it_shows_and_nonsense_is_ignored() {
        let id = EnvironmentId::new();
        let shown = Shown::parse(&format!("{id} 12u running moving")).unwrap();
        assert_eq!(shown.group, Some(Group::Moving));
        assert_eq!(shown.id, id);
        assert_eq!(shown.version, "12u");
        assert_eq!(shown.status, Some(Status::Running));
        assert_eq!(Shown::parse(&format!("{id} 1 odd")).unwrap().status, None);
        for odd in ["", "env_1 1 running", &id.to_string()] {
            assert_eq!(Shown::parse(odd), None, "{odd}");
        }
    }
}
