//! Everybody's environments, searched, a page at a time.

use crate::actions::administration::{self, PAGE_ROWS, Row, Selection};
use crate::actions::environments::LAST_PAGE;
use crate::app::App;
use crate::domain::id::EnvironmentId;
use crate::domain::status::Status;
use crate::web::administrator::Administrator;
use crate::web::error::PageError;
use crate::web::fields::Query;
use crate::web::page::{Page, html};
use crate::web::state::Web;
use crate::web::words::Time;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// What is looked for, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
    status: String,
    page: String,
}

impl Search {
    /// An unknown status, or a page that is no number, counts as not given.
    fn selection(&self) -> Selection {
        let page: i64 = self.page.parse().unwrap_or(1);
        Selection {
            text: self.q.trim().replace(char::is_control, ""),
            status: Status::from_word(&self.status),
            vanished: false,
            page: page.clamp(1, LAST_PAGE) - 1,
        }
    }
}

#[derive(Serialize)]
struct Show {
    page: Page,
    everybodys: Everybodys,
}

#[derive(Serialize)]
struct Everybodys {
    query: String,
    statuses: Vec<Choice>,
    total: i64,
    rows: Vec<Shown>,
    /// "51 to 100 of 120", when there is more than one page.
    range: Option<String>,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    word: &'static str,
    chosen: bool,
}

/// An environment in a list.
#[derive(Serialize)]
pub struct Shown {
    id: String,
    name: String,
    host: String,
    owner: String,
    email: String,
    word: &'static str,
    tone: &'static str,
    reason: Option<String>,
    in_use: bool,
    used: Option<Time>,
}

impl Shown {
    /// Builds it from its row.
    pub fn new(app: &App, row: Row) -> Self {
        let (word, tone) = match row.status {
            Status::Running if row.unconfirmed => ("unknown", "unknown"),
            Status::Running => ("running", "good"),
            Status::Pending => ("pending", "neutral"),
            Status::Error => ("error", "bad"),
            moving => (moving.word(), "moving"),
        };
        Self {
            id: EnvironmentId::from(row.id).to_string(),
            host: app.domain.host(&row.subdomain),
            in_use: row.in_use && row.status == Status::Running && !row.unconfirmed,
            used: row.used_at.map(|at| Time::ago(at, row.now)),
            name: row.name,
            owner: row.owner,
            email: row.email,
            reason: row.reason,
            word,
            tone,
        }
    }
}

/// The list.
pub async fn list(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    let selection = search.selection();
    let (rows, total) = administration::list(&web.app, &selection).await?;
    let page = Page::new(&me.visitor, "All environments").await;
    let everybodys = everybodys(&web.app, selection, rows, total);
    Ok(html("admin/environments.html", Show { page, everybodys }))
}

fn everybodys(app: &App, selection: Selection, rows: Vec<Row>, total: i64) -> Everybodys {
    let statuses = ["pending", "deploying", "running", "error", "deleting"];
    let chosen = selection.status.map(Status::word);
    let (page, count) = (selection.page, i64::try_from(rows.len()).unwrap_or(0));
    let first = page * PAGE_ROWS + 1;
    let is_part = total > PAGE_ROWS && count > 0;
    Everybodys {
        statuses: statuses
            .into_iter()
            .map(|word| Choice {
                word,
                chosen: chosen == Some(word),
            })
            .collect(),
        total,
        rows: rows.into_iter().map(|row| Shown::new(app, row)).collect(),
        range: is_part.then(|| format!("{first} to {} of {total}", first + count - 1)),
        previous: (page > 0).then(|| address(&selection, page - 1)),
        next: (total >= first + PAGE_ROWS).then(|| address(&selection, page + 1)),
        query: selection.text,
    }
}

fn address(selection: &Selection, page: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !selection.text.is_empty() {
        query.append_pair("q", &selection.text);
    }
    if let Some(status) = selection.status {
        query.append_pair("status", status.word());
    }
    query.append_pair("page", &(page + 1).to_string());
    format!("/admin/environments?{}", query.finish())
}
