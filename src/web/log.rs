//! The build log: its end on a page, updated as it grows. All of it as a file is in `log_file`.

use super::error::PageError;
use super::fields::{Id, Query};
use super::log_sections::{self, Ended, Heading, Open};
use super::page::html;
use super::session::SignedIn;
use super::state::Web;
use crate::actions::environments::{self, DeploymentRow};
use crate::actions::records::{Line, Of, OpenLog, Section, Unread};
use crate::app::PageVersion;
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::http::unread::missing;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How much of the end of a log the page shows; the file has all of it.
const SHOWN_BYTES: i32 = 200_000;

/// A log, or part of one.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "what a template asks")]
pub struct Log {
    pub deployment: String,
    lines: Vec<LogLine>,
    /// The position after the last line.
    pub after: i32,
    /// Whether it may still grow.
    pub live: bool,
    clipped: bool,
    missing: Option<Cow<'static, str>>,
    /// Whether all lines are shown, also those that Coolify hides: while it builds, and after a failure.
    all: bool,
    /// Whether it takes the place of another deployment's log on the page.
    pub replaces: bool,
    /// The position of the line with the cause of the failure.
    cause: Option<i32>,
    /// The section that ended since the page was read last.
    ended: Option<Ended>,
}

#[derive(Debug, Serialize)]
pub struct LogLine {
    /// Its position; none for a note about entries that are not kept.
    position: Option<i32>,
    pub text: String,
    hidden: bool,
    /// The time since the log began: "1:02".
    time: Option<String>,
    section: Option<i16>,
    /// The heading of the section that begins with it.
    heading: Option<Heading>,
}

impl Log {
    /// Whether a page that has the log up to this position has all of it.
    pub fn adds_nothing(&self, after: i32, live: bool) -> bool {
        self.lines.is_empty() && self.after == after && self.live == live
    }

    fn new(row: &DeploymentRow, unread: Option<Unread>, lines: Vec<Line>, from: i32) -> Self {
        Self {
            missing: missing(row, unread),
            all: row.log_grows || row.outcome == Some(Outcome::Failed),
            cause: cause(row, &lines),
            ..Self::of(row.id.into(), lines, from, row.log_grows)
        }
    }

    fn of(deployment: DeploymentId, lines: Vec<Line>, from: i32, live: bool) -> Self {
        let size: usize = lines.iter().map(|line| line.output.len()).sum();
        let first = lines.first().map_or(from, |line| line.position);
        let is_cut = usize::try_from(SHOWN_BYTES).is_ok_and(|most| size >= most);
        Self {
            deployment: deployment.to_string(),
            after: lines.last().map_or(from, |line| line.position + 1),
            live,
            clipped: first > from || is_cut,
            // A whole page says that it is clipped; on one that grows, a note takes the place of what is left out.
            lines: with_gaps(lines, if from == 0 { first } else { from }),
            missing: None,
            all: live,
            replaces: false,
            cause: None,
            ended: None,
        }
    }

    /// Adds the headings of the sections.
    fn headed(mut self, sections: &[Section], from: i32, open: Open) -> Self {
        let mut is_first = from == 0;
        for line in &mut self.lines {
            let Some(position) = line.position else {
                continue;
            };
            if line.section.is_some() {
                line.heading = log_sections::heading(sections, open, position, is_first);
            }
            if from > 0 {
                self.ended = log_sections::ended(sections, position).or(self.ended);
            }
            is_first = false;
        }
        self
    }

    /// Whether an entry is on the page.
    pub fn shows(&self, position: i32) -> bool {
        let first = self.lines.iter().find_map(|line| line.position);
        first.is_some_and(|first| first <= position)
    }
}

/// The last entry that has the end of the reason in it.
fn cause(row: &DeploymentRow, lines: &[Line]) -> Option<i32> {
    let reason = row
        .reason_lines
        .as_deref()
        .filter(|_| row.stage == Stage::Build)?;
    let last = reason.lines().rev().find(|line| !line.trim().is_empty())?;
    let found = lines
        .iter()
        .rev()
        .find(|line| line.output.contains(last.trim()));
    found.map(|line| line.position)
}

fn since_begin(seconds: i32) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// The lines, with a note wherever entries between them are not kept.
pub fn with_gaps(lines: Vec<Line>, from: i32) -> Vec<LogLine> {
    let (mut shown, mut next) = (Vec::with_capacity(lines.len()), from);
    for line in lines {
        if line.position > next {
            shown.push(LogLine {
                position: None,
                text: left_out(line.position - next),
                hidden: false,
                time: None,
                section: None,
                heading: None,
            });
        }
        next = line.position + 1;
        shown.push(LogLine {
            position: Some(line.position),
            text: line.output,
            hidden: line.hidden,
            time: line
                .seconds
                .filter(|seconds| *seconds >= 0)
                .map(since_begin),
            section: line.section,
            heading: None,
        });
    }
    shown
}

fn left_out(count: i32) -> String {
    let (entries, are) = if count == 1 {
        ("entry", "is")
    } else {
        ("entries", "are")
    };
    format!("… {count} {entries} of the log {are} left out here …")
}

/// The lines of a deployment's log from a position on, or its last ones if they are many.
pub async fn after(
    web: &Web,
    owner: UserId,
    environment: EnvironmentId,
    row: &DeploymentRow,
    from: i32,
) -> Result<(Log, OpenLog), PageError> {
    let of = Of {
        owner,
        environment,
        deployment: row.id.into(),
    };
    let from = from.max(0);
    let (open, lines) = read(web, of, row, from).await?;
    let sections = open.sections(&web.app).await?;
    let mut log = Log::new(row, open.unread(), lines, from);
    log.after = log.after.max(open.unread_end().unwrap_or_default());
    let opened = match (from, log.all) {
        (0, true) => Open::At(log.cause),
        (0, false) => Open::None,
        _ => Open::All,
    };
    Ok((log.headed(&sections, from, opened), open))
}

async fn read(
    web: &Web,
    of: Of,
    row: &DeploymentRow,
    from: i32,
) -> Result<(OpenLog, Vec<Line>), PageError> {
    let open = OpenLog::open(&web.app, of).await?;
    let lines = open.end(&web.app, from, SHOWN_BYTES).await?;
    if row.log_grows || from > 0 || !lines.is_empty() || !open.is_in_database() {
        return Ok((open, lines));
    }
    // It may have been moved to the store in between.
    let open = OpenLog::open(&web.app, of).await?;
    let lines = open.end(&web.app, from, SHOWN_BYTES).await?;
    Ok((open, lines))
}

/// The lines of the newest deployment's log that a page does not have yet; `None` for the position when it shows another
/// deployment's.
pub async fn grown(
    web: &Web,
    owner: UserId,
    environment: EnvironmentId,
    current: &PageVersion,
    from: Option<i32>,
) -> Result<Option<Log>, PageError> {
    let Some((deployment, end)) = current.log else {
        return Ok(None);
    };
    let of = Of {
        owner,
        environment,
        deployment,
    };
    let replaces = from.is_none();
    let from = from.unwrap_or_default().max(0);
    let (lines, sections, unread_end) = if end > from {
        let open = if current.log_grows {
            OpenLog::growing(of)
        } else {
            OpenLog::open(&web.app, of).await?
        };
        let lines = open.end(&web.app, from, SHOWN_BYTES).await?;
        (lines, open.sections(&web.app).await?, open.unread_end())
    } else {
        (vec![], vec![], None)
    };
    let mut log = Log {
        replaces,
        ..Log::of(deployment, lines, from, current.log_grows)
    };
    log.after = log.after.max(unread_end.unwrap_or_default());
    Ok(Some(log.headed(&sections, from, Open::All)))
}

/// The position up to which the page has the log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Have {
    deployment: String,
    after: i32,
}

/// New entries of a log; 204 when there are none.
pub async fn more(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Query(have): Query<Have>,
) -> Result<Response, PageError> {
    let rows = environments::deployments(&web.app, me.user.id, id).await?;
    let asked = |row: &DeploymentRow| {
        have.deployment.is_empty() || DeploymentId::from(row.id).to_string() == have.deployment
    };
    let row = rows.into_iter().find(asked).ok_or(PageError::NotFound)?;
    let (log, _) = after(&web, me.user.id, id, &row, have.after).await?;
    if log.lines.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(html(
        "environments/_log.html",
        serde_json::json!({ "log": log }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(position: i32) -> Line {
        Line {
            position,
            output: format!("line {position}"),
            hidden: false,
            seconds: Some(62),
            section: None,
            at: None,
            is_error: false,
        }
    }

    fn texts(log: &Log) -> Vec<&str> {
        log.lines.iter().map(|line| &*line.text).collect()
    }

    #[test]
    fn what_is_not_kept_is_named_where_it_was() {
        let lines = [0, 1, 5, 6, 8].map(line).into();
        let log = Log::of(DeploymentId::new(), lines, 0, true);
        let expected = [
            "line 0",
            "line 1",
            "… 3 entries of the log are left out here …",
            "line 5",
            "line 6",
            "… 1 entry of the log is left out here …",
            "line 8",
        ];
        assert_eq!((texts(&log), log.after), (expected.to_vec(), 9));
        assert!(!log.clipped && log.shows(1));
    }

    #[test]
    fn a_page_that_shows_the_end_says_so_and_one_that_grows_names_what_it_missed() {
        let end = Log::of(DeploymentId::new(), vec![line(7)], 0, true);
        assert_eq!((texts(&end), end.clipped), (vec!["line 7"], true));
        assert!(end.shows(7) && !end.shows(6));
        let grown = Log::of(DeploymentId::new(), vec![line(7)], 5, true);
        let note = "… 2 entries of the log are left out here …";
        assert_eq!(texts(&grown), [note, "line 7"]);
        let nothing = Log::of(DeploymentId::new(), vec![], 5, true);
        assert_eq!((nothing.after, nothing.clipped), (5, false));
    }
}
