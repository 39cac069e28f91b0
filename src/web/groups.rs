//! The groups of the list, and which of them a browser keeps shut. A cookie remembers that, so it works without script.

use super::back::Back;
use super::cookies::Cookie;
use super::fields::Fields;
use super::state::Web;
use super::view::Row;
use crate::actions::environments::{Counts, EnvironmentRow};
use crate::app::App;
use crate::domain::group::Group;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// The groups that this browser keeps shut.
#[derive(Debug, Default, Clone)]
pub struct Shut(pub Vec<Group>);

impl FromRequestParts<Web> for Shut {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let words = Cookie::Shut.last(&parts.headers, web).unwrap_or_default();
        Ok(Self(
            words
                .split('.')
                .filter_map(|word| word.parse().ok())
                .collect(),
        ))
    }
}

/// The heading of a group.
#[derive(Debug, Serialize)]
pub struct Heading {
    word: &'static str,
    title: &'static str,
    count: i64,
    shut: bool,
    /// None of its environments is on this page, and it is not one that is shut.
    hidden: bool,
}

impl Heading {
    /// The headings of all groups, on a page with these rows. What is shut is named on the first page.
    pub fn all(counts: &Counts, shut: &[Group], rows: &[EnvironmentRow], page: i64) -> Vec<Self> {
        let heading = |group: Group| {
            let (count, shut) = (count(group, counts), shut.contains(&group));
            let has_rows = rows.iter().any(|row| row.group() == group);
            let is_named = shut && count > 0 && page == 0;
            Self {
                word: group.word(),
                title: group.title(),
                count,
                shut,
                hidden: !(has_rows || is_named),
            }
        };
        Group::ALL.map(heading).into()
    }
}

/// The number of environments in a group.
pub fn count(group: Group, counts: &Counts) -> i64 {
    match group {
        Group::Needs => counts.needs,
        Group::Moving => counts.deploying + counts.deleting + counts.error - counts.needs,
        Group::Running => counts.running,
        Group::Pending => counts.pending,
    }
}

/// Whether there is more than one group, so that headings help.
pub fn are_several(counts: &Counts) -> bool {
    let there = Group::ALL
        .into_iter()
        .filter(|group| count(*group, counts) > 0);
    there.count() > 1
}

/// Rows below their heading, or all rows of a list without groups.
#[derive(Debug, Serialize)]
pub struct Part {
    heading: Option<Heading>,
    rows: Vec<Row>,
}

/// The rows by their groups; all together when there are no headings.
pub fn parts(app: &App, rows: &[EnvironmentRow], headings: Option<Vec<Heading>>) -> Vec<Part> {
    let of = |wanted: &dyn Fn(&EnvironmentRow) -> bool| {
        let rows = rows.iter().filter(|row| wanted(row));
        rows.map(|row| Row::new(app, row, None)).collect()
    };
    let Some(headings) = headings else {
        return vec![Part {
            heading: None,
            rows: of(&|_| true),
        }];
    };
    let part = |heading: Heading| Part {
        rows: of(&|row| row.group().word() == heading.word),
        heading: Some(heading),
    };
    headings.into_iter().map(part).collect()
}

/// The form of a heading.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Change {
    group: String,
    shut: String,
}

/// Shuts or opens a group for this browser.
pub async fn change(
    State(web): State<Web>,
    Shut(mut shut): Shut,
    headers: HeaderMap,
    Fields(change): Fields<Change>,
) -> Response {
    if let Ok(group) = change.group.parse() {
        shut.retain(|it| *it != group);
        shut.extend((change.shut == "1").then_some(group));
    }
    let words: Vec<&str> = shut.iter().map(|group| group.word()).collect();
    let response = Back::of(&headers, b"").redirect("rows").into_response();
    Cookie::Shut.remembered(&web, response, &words.join("."))
}
