//! The audit as a file of comma-separated values (RFC 4180). No more than a part of it is ever in memory.

use super::audit_view::{self, Search};
use crate::actions::audit::{self, AuditRow};
use crate::web::administrator::Administrator;
use crate::web::fields::Query;
use crate::web::state::Web;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use time::format_description::well_known::Rfc3339;

/// How many entries are read at once.
const PART: i64 = 1_000;
const HEAD: &str =
    "\"at\",\"who\",\"how\",\"address\",\"action\",\"subject id\",\"subject\",\"detail\"\r\n";

/// All entries that are found, newest first, as a download.
pub async fn download(
    State(web): State<Web>,
    Administrator(_): Administrator,
    Query(search): Query<Search>,
) -> Response {
    let begin = Some((search.filter(), HEAD));
    let parts = stream::try_unfold(begin, move |next| {
        let web = web.clone();
        async move {
            let Some((mut filter, head)) = next else {
                return Ok::<_, sqlx::Error>(None);
            };
            let rows = audit::list(&web.app, &filter, PART).await?;
            filter.before = rows.last().map(|row| row.id);
            let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < PART);
            let lines: String = rows.iter().map(line).collect();
            let part = Bytes::from(format!("{head}{lines}"));
            Ok(Some((part, (!is_last).then_some((filter, "")))))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"audit.csv\"",
        ),
    ];
    (headers, Body::from_stream(parts)).into_response()
}

fn line(row: &AuditRow) -> String {
    let at = row.at.format(&Rfc3339).unwrap_or_default();
    let subject_id = audit_view::subject_id(row).unwrap_or_default();
    let cells = [
        at.as_str(),
        audit_view::who(row),
        &row.way,
        row.address.as_deref().unwrap_or_default(),
        &row.action,
        &subject_id,
        &row.subject,
        row.detail.as_deref().unwrap_or_default(),
    ];
    format!("{}\r\n", cells.map(cell).join(","))
}

/// A cell between quotes. What a spreadsheet takes for a formula gets an apostrophe before it, which makes it text.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if is_formula { "'" } else { "" };
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_text_whatever_is_in_it() {
        for (text, expected) in [
            ("Ada", "\"Ada\""),
            ("a \"b\", c\nd", "\"a \"\"b\"\", c\nd\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@a", "\"'@a\""),
            ("\t=1", "\"'\t=1\""),
            ("1=1", "\"1=1\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
