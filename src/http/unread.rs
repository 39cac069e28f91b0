//! Why a log is not shown that there was, in a sentence.

use crate::actions::environments::DeploymentRow;
use crate::actions::records::Unread;
use axum::http::StatusCode;
use std::borrow::Cow;

/// Why the page shows no lines, if there is a reason.
pub fn missing(row: &DeploymentRow, unread: Option<Unread>) -> Option<Cow<'static, str>> {
    if let Some(unread) = unread {
        return Some(why(unread));
    }
    if !row.log_kept {
        return Some("Only the last 20 deployments of an environment kept their log.".into());
    }
    row.log_missing.then_some(
        "Coolify does not show the log: its token needs the permission read:sensitive.".into(),
    )
}

/// Why it cannot be read where it was.
pub fn why(unread: Unread) -> Cow<'static, str> {
    match unread {
        Unread::Removed { days: 1 } => "The log was removed after a day: logs are kept that long.".into(),
        Unread::Removed { days } => {
            format!("The log was removed after {days} days: logs are kept that long.").into()
        }
        Unread::Gone => "The store of logs does not have this log any more.".into(),
        Unread::Away => "The log cannot be shown at the moment, because the store of logs does not answer. Try again later.".into(),
        Unread::Busy => "The log cannot be shown at the moment, because others are being read. Try again in a few seconds.".into(),
    }
}

/// The status of the answer in place of the file.
pub fn status(unread: Unread) -> StatusCode {
    match unread {
        Unread::Removed { .. } | Unread::Gone => StatusCode::GONE,
        Unread::Away | Unread::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}
