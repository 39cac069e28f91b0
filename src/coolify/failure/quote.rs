//! What is quoted of a log: the line that is the cause, cut to fit a sentence, and the few lines before it. It must not know why
//! they were chosen.

use crate::coolify::sentence::shortened;

/// How long a cause may be in a sentence, in characters.
const CAUSE_LIMIT: usize = 300;
/// How long one of the lines before it may be.
const LINE_LIMIT: usize = 300;
/// How many of them there are.
const LINES: usize = 8;
/// Why a deployment failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What failed, the cause in its own words, and what to do: whole sentences.
    pub sentence: String,
    /// The few lines before the cause, the last one last.
    pub lines: Vec<String>,
}

/// The cause and the lines before it: the last of these lines is the cause.
pub fn quote(lines: &[String]) -> (String, Vec<String>) {
    let Some((last, before)) = lines.split_last() else {
        return (String::new(), vec![]);
    };
    let first = before.len().saturating_sub(LINES);
    let before = before[first..].iter();
    let before = before.map(|line| cut_line(line)).collect();
    (shortened(last, CAUSE_LIMIT), before)
}

/// Its indentation is kept: it may point at something in the line above.
fn cut_line(line: &str) -> String {
    let line = line.trim_end();
    if line.chars().count() <= LINE_LIMIT {
        line.to_owned()
    } else {
        shortened(line, LINE_LIMIT)
    }
}
