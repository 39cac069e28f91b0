//! What a check finds, in words for whoever runs the dashboard.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The setting that was checked, or what else it was.
    pub check: Cow<'static, str>,
    pub level: Level,
    /// What is so.
    pub sentence: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Fine,
    /// It works, but may cause a problem later.
    Warning,
    Wrong,
}

impl Finding {
    pub fn fine(check: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            check: check.into(),
            level: Level::Fine,
            sentence: sentence.into(),
            remedy: None,
        }
    }

    /// The first sentence says what is so, and the others what to do.
    pub fn warning(check: &'static str, text: impl AsRef<str>) -> Self {
        Self::bad(check, Level::Warning, text.as_ref())
    }

    /// The same for what keeps something from working.
    pub fn wrong(check: &'static str, text: impl AsRef<str>) -> Self {
        Self::bad(check, Level::Wrong, text.as_ref())
    }

    fn bad(check: &'static str, level: Level, text: &str) -> Self {
        let end = first_sentence(text);
        let (sentence, remedy) = text.split_at(end);
        let remedy = remedy.trim();
        Self {
            check: check.into(),
            level,
            sentence: sentence.to_owned(),
            remedy: (!remedy.is_empty()).then(|| remedy.to_owned()),
        }
    }

    /// A line of the log, unless it is fine.
    pub fn log(&self) {
        let (check, text) = (&self.check, self.text());
        match self.level {
            Level::Fine => {}
            Level::Warning => tracing::warn!("{check}: {text}"),
            Level::Wrong => tracing::error!("{check}: {text}"),
        }
    }

    /// What is so and what to do, on one line.
    pub fn text(&self) -> String {
        let remedy = self.remedy.iter().map(String::as_str);
        let parts: Vec<&str> = std::iter::once(&*self.sentence).chain(remedy).collect();
        parts.join(" ")
    }
}

/// Where the first sentence ends: at a full stop before a capital letter.
fn first_sentence(text: &str) -> usize {
    let ends = text.match_indices(". ").map(|(at, stop)| at + stop.len());
    let mut before_capitals = ends.filter(|&at| text[at..].starts_with(char::is_uppercase));
    before_capitals.next().map_or(text.len(), |at| at - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_says_what_is_so_and_the_others_what_to_do() {
        for (text, sentence, remedy) in [
            ("It is so.", "It is so.", None),
            ("It is so. Do this.", "It is so.", Some("Do this.")),
            (
                "1.2 is old, vs. 2.0. Do this. Then that.",
                "1.2 is old, vs. 2.0.",
                Some("Do this. Then that."),
            ),
        ] {
            let found = Finding::wrong("A", text);
            assert_eq!(found.sentence, sentence);
            assert_eq!(found.remedy.as_deref(), remedy);
            assert_eq!(found.text(), text);
        }
    }
}
