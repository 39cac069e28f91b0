//! Who did what to what, when, and from where: the newest first, a page at a time.

use super::audit_view::{self, Search};
use crate::actions::audit::{self, AuditRow};
use crate::domain::id::UserId;
use crate::web::administrator::Administrator;
use crate::web::error::PageError;
use crate::web::fields::Query;
use crate::web::page::{Page, html};
use crate::web::state::Web;
use crate::web::words::Time;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

/// How many entries are on a page.
const PAGE_ROWS: i64 = 50;
const PATH: &str = "/admin/audit";

#[derive(Serialize)]
struct Show {
    page: Page,
    audit: Audit,
}

#[derive(Serialize)]
struct Audit {
    who: String,
    subject: String,
    from: String,
    until: String,
    actions: Vec<Choice>,
    /// Whether anything is looked for.
    filtered: bool,
    rows: Vec<Entry>,
    /// The first ones, if these are not.
    newest: Option<String>,
    older: Option<String>,
    /// All that are found, as a file.
    file: String,
}

#[derive(Serialize)]
struct Choice {
    word: &'static str,
    title: String,
    chosen: bool,
}

#[derive(Serialize)]
struct Entry {
    when: Time,
    who: String,
    /// Everything that this person did.
    who_address: Option<String>,
    way: &'static str,
    address: Option<String>,
    title: String,
    subject: String,
    /// Everything that was done to it.
    subject_address: Option<String>,
    detail: Option<String>,
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    let filter = search.filter();
    let mut rows = audit::list(&web.app, &filter, PAGE_ROWS + 1).await?;
    let has_older = rows.len() > usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX));
    let oldest = rows.last().map(|row| row.id).filter(|_| has_older);
    let audit = Audit {
        filtered: !search.address("", None).is_empty(),
        newest: filter.before.map(|_| search.address(PATH, None)),
        older: oldest.map(|id| search.address(PATH, Some(id))),
        file: search.address("/admin/audit.csv", None),
        actions: audit_view::titles()
            .map(|(word, title)| Choice {
                word,
                title,
                chosen: word == search.action,
            })
            .collect(),
        rows: rows.into_iter().map(Entry::from).collect(),
        who: search.who,
        subject: search.subject,
        from: search.from,
        until: search.until,
    };
    let page = Page::new(&me.visitor, "Audit").await;
    Ok(html("admin/audit.html", Show { page, audit }))
}

impl From<AuditRow> for Entry {
    fn from(row: AuditRow) -> Self {
        let of_person = |user| Search {
            who: UserId::from(user).to_string(),
            ..Search::default()
        };
        let of_subject = |subject| Search {
            subject,
            ..Search::default()
        };
        let address = |search: Search| search.address(PATH, None);
        Self {
            when: Time::clock(row.at, row.now),
            who: audit_view::who(&row).to_owned(),
            who_address: row.user_id.map(of_person).map(address),
            way: audit_view::way(&row),
            title: audit_view::title(&row.action),
            subject_address: audit_view::subject_id(&row).map(of_subject).map(address),
            address: row.address,
            subject: row.subject,
            detail: row.detail,
        }
    }
}
