//! Quotes from a log: the line that is the cause, shortened to fit a sentence, and the few lines before it. It must not
//! know why they were chosen.

use crate::coolify::sentence::{plain, shortened};

/// The maximum length of a quoted cause, in characters.
const CAUSE_LIMIT: usize = 300;
/// The maximum length of a line before it.
const LINE_LIMIT: usize = 300;
/// The maximum number of lines before it.
const LINES: usize = 8;

/// Why a deployment failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What failed, the quoted cause, and what to do: whole sentences.
    pub sentence: String,
    /// The few lines before the cause, in order.
    pub lines: Vec<String>,
}

/// Quotes the last line as the cause, and some of the lines before it.
pub fn quote(lines: &[String]) -> (String, Vec<String>) {
    let Some((last, before)) = lines.split_last() else {
        return (String::new(), vec![]);
    };
    let first = before.len().saturating_sub(LINES);
    let before = before[first..].iter();
    let before = before.map(|line| cut_line(line)).collect();
    (shortened(last, CAUSE_LIMIT), before)
}

/// The last lines of a container's log that say something, at most so many.
pub fn last_lines(text: &str, most: usize) -> Vec<String> {
    let text = plain(text);
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let first = lines.len().saturating_sub(most);
    lines[first..].iter().map(|line| cut_line(line)).collect()
}

/// Keeps the indentation: it may point at something in the line above.
fn cut_line(line: &str) -> String {
    let line = line.trim_end();
    if line.chars().count() <= LINE_LIMIT {
        line.to_owned()
    } else {
        shortened(line, LINE_LIMIT)
    }
}
