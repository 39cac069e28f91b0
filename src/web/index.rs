//! The list of environments: searched, filtered by status, a page at a time.

use super::allowances;
use super::error::PageError;
use super::fields::Query;
use super::groups::{self, Part, Shut, count};
use super::page::{Page, html};
use super::search::Search;
use super::session::SignedIn;
use super::state::Web;
use super::view::trigger;
use crate::actions::environments::{self, Counts, EnvironmentRow, PAGE_ROWS, Selection, Sort};
use crate::actions::known;
use crate::domain::id::EnvironmentId;
use crate::domain::status::Status;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use url::form_urlencoded;

/// The list around its rows.
#[derive(Debug, Serialize)]
pub struct List {
    query: String,
    status: Option<&'static str>,
    total: i64,
    filters: Vec<Choice>,
    sort: &'static str,
    /// Links to the same list in another order.
    orders: Orders,
    /// "51 to 100 of 120", when there is more than one page.
    range: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    poll: String,
    trigger: &'static str,
    /// How many there may be; nothing beside what is found of a text.
    most: Option<String>,
    pub moves: bool,
}

#[derive(Debug, Serialize)]
struct Orders {
    created: String,
    name: String,
    used: String,
}

impl Orders {
    fn new(selection: &Selection) -> Self {
        let order = |sort| {
            let first_page = Selection {
                sort,
                page: 0,
                ..selection.clone()
            };
            address("/environments", &first_page)
        };
        Self {
            created: order(Sort::Created),
            name: order(Sort::Name),
            used: order(Sort::Used),
        }
    }
}

/// A link to the environments with one status, or with any.
#[derive(Debug, Serialize)]
struct Choice {
    word: &'static str,
    count: i64,
    url: String,
    current: bool,
}

impl List {
    /// The list that shows these rows, of this version.
    pub fn new(
        selection: Selection,
        version: &str,
        (counts, most): (Counts, Option<String>),
        rows: &[EnvironmentRow],
        has_headings: bool,
    ) -> Self {
        let page = selection.page;
        let found = found(&selection, &counts);
        let url = |page| {
            address(
                "/environments",
                &Selection {
                    page,
                    ..selection.clone()
                },
            )
        };
        let moves = rows.iter().any(|row| row.status.moves());
        let last = (page + 1) * PAGE_ROWS;
        let poll = address("/environments/changes", &selection);
        let separator = if poll.contains('?') { '&' } else { '?' };
        Self {
            filters: filters(&selection, &counts),
            sort: selection.sort.word(),
            orders: Orders::new(&selection),
            range: (found > PAGE_ROWS || page > 0)
                .then(|| format!("{} to {} of {found}", page * PAGE_ROWS + 1, last.min(found))),
            previous: (page > 0).then(|| url(page - 1)),
            next: (last < found).then(|| url(page + 1)),
            poll: format!("{poll}{separator}v={version}{}", headings(has_headings)),
            trigger: trigger(moves),
            moves,
            most,
            total: counts.total,
            status: selection.status.map(Status::word),
            query: selection.text,
        }
    }
}

fn with_refresh(address: String, refresh: &str) -> String {
    match (refresh, address.contains('?')) {
        ("no", true) => address + "&refresh=no",
        ("no", false) => address + "?refresh=no",
        _ => address,
    }
}

fn headings(are_there: bool) -> &'static str {
    if are_there { "&headings=1" } else { "" }
}

/// The number of environments on all pages of a selection.
fn found(selection: &Selection, counts: &Counts) -> i64 {
    if let Some(status) = selection.status {
        return counts.of(status);
    }
    let shut = selection.shut.iter().flatten();
    counts.total - shut.map(|group| count(*group, counts)).sum::<i64>()
}

/// "All", and every status that there is or that is shown.
fn filters(selection: &Selection, counts: &Counts) -> Vec<Choice> {
    let choice = |word, count, status: Option<Status>| Choice {
        word,
        count,
        url: address(
            "/environments",
            &Selection {
                status,
                page: 0,
                ..selection.clone()
            },
        ),
        current: status == selection.status,
    };
    let all = choice(
        if selection.text.is_empty() {
            "in all"
        } else {
            "found"
        },
        counts.total,
        None,
    );
    let of_status = Status::ALL
        .into_iter()
        .map(|status| choice(status.word(), counts.of(status), Some(status)));
    let there = of_status.filter(|choice| choice.count > 0 || choice.current);
    std::iter::once(all).chain(there).collect()
}

/// The address of a selection; what is not chosen is left out.
fn address(path: &str, selection: &Selection) -> String {
    let Selection {
        text,
        status,
        sort,
        page,
        ..
    } = selection;
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !text.is_empty() {
        query.append_pair("q", text);
    }
    if let Some(status) = status {
        query.append_pair("status", status.word());
    }
    if *sort != Sort::default() {
        query.append_pair("sort", sort.word());
    }
    if *page > 0 {
        query.append_pair("page", &(page + 1).to_string());
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

#[derive(Serialize)]
struct Index {
    page: Page,
    list: List,
    parts: Vec<Part>,
    first_visit: bool,
}

/// The page of the only one that is found, or the list.
fn opened(search: &Search, selection: &Selection, found: &[EnvironmentRow]) -> String {
    match found {
        [only] if !selection.text.is_empty() => {
            format!("/environments/{}", EnvironmentId::from(only.id))
        }
        _ => with_refresh(address("/environments", selection), &search.refresh),
    }
}

/// The list as a page.
pub async fn index(
    State(web): State<Web>,
    me: SignedIn,
    shut: Shut,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    // Read before the rows: a change in between is found by the first poll.
    let version = known::list_version(&web.app, me.user.id).await?;
    let selection = search.selection(shut);
    let (found, counts) = environments::list(&web.app, me.user.id, &selection).await?;
    if !search.open.is_empty() {
        let page = opened(&search, &selection, &found);
        return Ok(Redirect::to(&page).into_response());
    }
    let headings = search.headings(&selection, &counts, &found);
    let most = allowances::most(&web, me.user.id, &selection).await?;
    let list = List::new(
        selection,
        &version,
        (counts, most),
        &found,
        headings.is_some(),
    );
    let page = Page::new(&me.visitor, "Environments").await;
    let page = page.moving(list.moves);
    Ok(html(
        "environments/index.html",
        Index {
            page,
            list,
            parts: groups::parts(&web.app, &found, headings),
            first_visit: me.visitor.is_new_here().await,
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_is_chosen() {
        let of = |selection| address("/environments", &selection);
        assert_eq!(of(Selection::default()), "/environments");
        let chosen = Selection {
            text: "a&b".to_owned(),
            status: Some(Status::Running),
            sort: Sort::Used,
            shut: None,
            page: 2,
            rows: None,
        };
        assert_eq!(
            of(chosen),
            "/environments?q=a%26b&status=running&sort=used&page=3"
        );
    }

    #[test]
    fn odd_parts_of_an_address_count_as_not_given() {
        for page in ["", "0", "-5", "x", "99999999999999999999"] {
            let [q, status, sort, page] = [" a ", "odd", "odd", page].map(str::to_owned);
            let search = Search {
                q,
                status,
                sort,
                page,
                ..Search::default()
            };
            let Selection {
                text,
                status,
                sort,
                page,
                ..
            } = search.selection(Shut::default());
            let expected = ("a", None, Sort::Created, 0);
            assert_eq!((text.as_str(), status, sort, page), expected);
        }
    }
}
