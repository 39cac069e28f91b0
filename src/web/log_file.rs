//! A whole build log as a file. No more than a part of it is ever in memory.

use super::error::PageError;
use super::fields::Id;
use super::log::with_gaps;
use super::session::SignedIn;
use super::state::Web;
use crate::actions::environments;
use crate::actions::records::{self, Line, Of};
use crate::domain::id::EnvironmentId;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// How much of a log is read at once for the file.
const PART_BYTES: i32 = 256 * 1024;

/// The whole log of the newest deployment, as a download.
pub async fn text(
    State(web): State<Web>,
    me: SignedIn,
    Id(environment): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    let rows = environments::deployments(&web.app, me.user.id, environment).await?;
    let row = rows.first().ok_or(PageError::NotFound)?;
    let of = Of {
        owner: me.user.id,
        environment,
        deployment: row.id.into(),
    };
    Ok(download(web, of))
}

/// A log as a file, read and sent part by part.
pub fn download(web: Web, of: Of) -> Response {
    let parts = stream::try_unfold(0, move |from| {
        let web = web.clone();
        async move {
            let lines = records::log_part(&web.app, of, from, PART_BYTES).await?;
            let next = lines.last().map(|line| line.position + 1);
            Ok::<_, sqlx::Error>(next.map(|next| (file_part(lines, from), next)))
        }
    });
    let kind = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"build-log.txt\"",
        ),
    ];
    (kind, Body::from_stream(parts)).into_response()
}

fn file_part(lines: Vec<Line>, from: i32) -> Bytes {
    let mut text = String::new();
    for line in with_gaps(lines, from) {
        text.push_str(&line.text);
        text.push('\n');
    }
    text.into()
}
