//! A call to Coolify as the page of a deployment lists it.

use super::words;
use crate::actions::records::CallRow;
use serde::Serialize;

/// A call to Coolify as listed.
#[derive(Debug, Serialize)]
pub struct Call {
    pub at: String,
    clock: String,
    pub name: String,
    pub answer: String,
    is_bad: bool,
    pub took: String,
}

impl Call {
    pub fn new(row: CallRow) -> Self {
        let at = words::machine(row.at);
        Self {
            clock: at.get(11..19).unwrap_or_default().to_owned(),
            at,
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
