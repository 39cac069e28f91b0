//! A call to Coolify as the page of a deployment lists it.

use super::words::Time;
use crate::actions::records::CallRow;
use serde::Serialize;
use time::OffsetDateTime;

/// A call to Coolify as listed.
#[derive(Debug, Serialize)]
pub struct Call {
    pub at: Time,
    pub name: String,
    pub answer: String,
    is_bad: bool,
    pub took: String,
}

impl Call {
    pub fn new(row: CallRow, now: OffsetDateTime) -> Self {
        Self {
            at: Time::second(row.at, now),
            is_bad: !row.answer.starts_with('2'),
            name: row.call,
            answer: row.answer,
            took: took(row.milliseconds),
        }
    }
}

/// "312 ms", "2.4 s".
fn took(milliseconds: i32) -> String {
    if milliseconds < 1_000 {
        format!("{milliseconds} ms")
    } else {
        format!("{:.1} s", f64::from(milliseconds) / 1_000.0)
    }
}
