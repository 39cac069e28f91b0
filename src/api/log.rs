//! The log of a deployment, part by part.

use super::caller::Reader;
use super::id::Id;
use super::parameters::Parameters;
use super::problem::Problem;
use super::state::{Answer, Api};
use super::words::time;
use crate::actions::progress;
use crate::actions::records::{self, Line, Of, OpenLog, Unread};
use crate::domain::id::DeploymentId;
use crate::http::unread;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How soon a store of logs that is away is worth another request.
const STORE_AWAY: Duration = Duration::from_secs(10);

/// The same while others are read.
const OTHERS_READ: Duration = Duration::from_secs(5);

/// How much of a log one answer has, in bytes.
const PART_BYTES: i32 = 256 * 1024;

/// A part of a log.
#[derive(Serialize, ToSchema)]
pub struct Log {
    lines: Vec<LogLine>,
    /// What to send as `after` for the part that follows.
    #[schema(minimum = 0)]
    next: i32,
    /// Whether nothing follows.
    finished: bool,
    /// Why there are no lines, if there is a reason.
    missing: Option<String>,
}

/// One entry of a log. Numbers that are missing were not kept.
#[derive(Serialize, ToSchema)]
pub struct LogLine {
    #[schema(minimum = 0)]
    number: i32,
    /// When it was written, by Coolify's clock.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// One or more lines.
    text: String,
    /// Whether it was written to standard error.
    is_error: bool,
}

/// Where to read on.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct Position {
    /// The `next` of the part before; the beginning if it is left out.
    #[param(minimum = 0, maximum = 2_147_483_647)]
    after: Option<i32>,
}

impl From<Line> for LogLine {
    fn from(line: Line) -> Self {
        Self {
            number: line.position,
            at: time(line.at),
            text: line.output,
            is_error: line.is_error,
        }
    }
}

/// The log of a deployment, from a position on. While it grows, the next part may be empty for now.
#[utoipa::path(
    get,
    path = "/deployments/{id}/log",
    operation_id = "read_log",
    security(("token" = ["read"])),
    tag = "deployments",
    params(("id" = String, Path), Position),
    responses(
        (status = 200, description = "A part of the log.", body = Log),
        (status = 410, description = "It is not kept any more.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn read(
    State(api): State<Api>,
    caller: Reader,
    Id(id): Id<DeploymentId>,
    mut sent: Parameters,
) -> Answer<Json<Log>> {
    let after = sent.number("after", 0..=i32::MAX.into());
    sent.check()?;
    let after = i32::try_from(after.unwrap_or_default()).unwrap_or_default();
    let owner = caller.user();
    let of = Of {
        owner,
        environment: progress::environment(&api.app, owner, id).await?,
        deployment: id,
    };
    // Before the lines: of a log that has ended by now, all are there.
    let row = records::deployment(&api.app, of).await?;
    let log = OpenLog::open(&api.app, of).await?;
    if let Some(why) = log.unread() {
        return Err(unreadable(why));
    }
    let mut parts = log.parts_from(after);
    let lines = parts.next(&api.app, PART_BYTES).await?;
    let next = parts.from();
    let finished = !row.log_grows && parts.next(&api.app, 1).await?.is_empty();
    let missing = unread::missing(&row, None);
    Ok(Json(Log {
        missing: missing
            .filter(|_| lines.is_empty() && next == 0)
            .map(Into::into),
        lines: lines.into_iter().map(LogLine::from).collect(),
        next,
        finished,
    }))
}

/// Why it cannot be read where it was.
fn unreadable(why: Unread) -> Problem {
    let problem = Problem::new(unread::status(why), unread::why(why));
    match why {
        Unread::Away => problem.retry_after(STORE_AWAY),
        Unread::Busy => problem.retry_after(OTHERS_READ),
        Unread::Removed { .. } | Unread::Gone => problem,
    }
}
