//! A whole build log as a file. No more than a part of it, and what the store has compressed, is ever in memory.

use super::error::PageError;
use super::fields::Id;
use super::log::with_gaps;
use super::session::SignedIn;
use super::state::Web;
use crate::actions::environments;
use crate::actions::records::{Line, Of, OpenLog};
use crate::domain::id::EnvironmentId;
use crate::http::unread;
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
    download(web, of).await
}

/// A log as a file, read and sent part by part; or why there is none.
pub async fn download(web: Web, of: Of) -> Result<Response, PageError> {
    let log = OpenLog::open(&web.app, of).await?;
    let kind = (header::CONTENT_TYPE, "text/plain; charset=utf-8");
    if let Some(why) = log.unread() {
        let sentence = format!("{}\n", unread::why(why));
        return Ok((unread::status(why), [kind], sentence).into_response());
    }
    let parts = stream::try_unfold(log.parts(), move |mut parts| {
        let web = web.clone();
        async move {
            let from = parts.from();
            let lines = parts.next(&web.app, PART_BYTES).await?;
            let is_last = lines.is_empty();
            Ok::<_, sqlx::Error>((!is_last).then(|| (file_part(lines, from), parts)))
        }
    });
    let name = "attachment; filename=\"build-log.txt\"";
    let kind = [kind, (header::CONTENT_DISPOSITION, name)];
    Ok((kind, Body::from_stream(parts)).into_response())
}

fn file_part(lines: Vec<Line>, from: i32) -> Bytes {
    let mut text = String::new();
    for line in with_gaps(lines, from) {
        text.push_str(&line.text);
        text.push('\n');
    }
    text.into()
}
