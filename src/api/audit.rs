//! The audit, for administrators: who did what to what, when, and from where.

use super::caller::Administrator;
use super::list::{MOST_ON_PAGE, USUAL_ON_PAGE};
use super::parameters::Parameters;
use super::state::{Answer, Api};
use super::words::at;
use crate::actions::audit::{self, AuditRow, Filter};
use crate::domain::audit::Action;
use crate::domain::id::UserId;
use crate::http::audited;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

const DAY: &str = "Send a day such as 2027-01-31.";

/// A part of the audit, newest first.
#[derive(Serialize, ToSchema)]
pub struct Audit {
    items: Vec<AuditEntry>,
    /// What to send as `before` for the entries that follow; `null` when none do.
    next: Option<i64>,
}

/// Somebody did something to something.
#[derive(Serialize, ToSchema)]
pub struct AuditEntry {
    id: i64,
    #[schema(format = DateTime)]
    at: String,
    /// `usr_…`; `null` for the owner of the machine, and for vps-claude itself.
    user_id: Option<String>,
    /// Their name and e-mail address at that time.
    who: Option<String>,
    /// How it was asked for: `page`, `api`, `command` or `process`.
    way: String,
    /// Where the request came from, if it came over the network.
    address: Option<String>,
    /// Such as `environment.created`.
    action: String,
    /// The id of what it was done to, if that has one.
    subject_id: Option<String>,
    /// Its name at that time.
    subject: String,
    detail: Option<String>,
}

/// Which entries are read.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct Searched {
    /// The id of a person, or a part of a name or of an e-mail address.
    who: Option<String>,
    /// Such as `environment.created`.
    action: Option<String>,
    /// An id, or a part of the name of what something was done to.
    subject: Option<String>,
    /// The first day, in UTC.
    #[param(format = Date)]
    from: Option<String>,
    /// The last day, in UTC.
    #[param(format = Date)]
    until: Option<String>,
    /// Only entries before this one: the `next` of the part before.
    #[param(minimum = 1)]
    before: Option<i64>,
    #[param(minimum = 1, maximum = 100, default = 50)]
    per_page: Option<i64>,
}

/// The addresses.
pub fn routes() -> Router<Api> {
    Router::new().route("/api/v1/audit", get(list))
}

/// The audit, newest first.
#[utoipa::path(
    get,
    path = "/audit",
    operation_id = "read_audit",
    security(("token" = ["admin"])),
    tag = "audit",
    params(Searched),
    responses((status = 200, description = "A part of the audit.", body = Audit))
)]
pub async fn list(
    State(api): State<Api>,
    _: Administrator,
    mut sent: Parameters,
) -> Answer<Json<Audit>> {
    let filter = filter(&mut sent);
    let wanted = sent.number("per_page", 1..=MOST_ON_PAGE);
    sent.check()?;
    let wanted = wanted.unwrap_or(USUAL_ON_PAGE);
    let mut rows = audit::list(&api.app, &filter, wanted + 1).await?;
    let most = usize::try_from(wanted).unwrap_or_default();
    let has_more = rows.len() > most;
    rows.truncate(most);
    Ok(Json(Audit {
        next: rows.last().map(|row| row.id).filter(|_| has_more),
        items: rows.into_iter().map(AuditEntry::from).collect(),
    }))
}

fn filter(sent: &mut Parameters) -> Filter {
    let words: Vec<&str> = Action::all().iter().map(|one| one.word()).collect();
    let action = sent.word("action", &words, |word| word.parse().ok());
    let (from, until) = (
        sent.parsed("from", DAY, audited::day),
        sent.parsed("until", DAY, audited::day),
    );
    let before = sent.number("before", 1..=i64::MAX);
    Filter {
        action,
        from: from.map(audited::begin_of),
        until: until.and_then(audited::end_of),
        before,
        ..audited::selected(&sent.text("who"), &sent.text("subject"))
    }
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: at(row.at),
            user_id: row.user_id.map(|id| UserId::from(id).to_string()),
            subject_id: audited::subject_id(&row),
            who: row.who,
            way: row.way,
            address: row.address,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        }
    }
}
