//! What goes wrong with the store, in words for whoever runs it.

use std::error::Error;

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The store answers, and has no such object.
    #[error("it has no such object")]
    Missing,
    /// The store cannot be used at the moment, or with these settings.
    #[error("{0}")]
    Away(String),
}

impl Trouble {
    /// What the store, or the way to it, answered.
    pub(super) fn of(error: &object_store::Error) -> Self {
        use object_store::Error as Answer;
        match error {
            Answer::NotFound { .. } => Self::Missing,
            Answer::PermissionDenied { .. } | Answer::Unauthenticated { .. } => Self::odd(
                "it does not accept the keys, or they may not read, write and remove objects there",
            ),
            other => Self::odd(&innermost(other)),
        }
    }

    /// Without the code that ends the words of the system.
    pub(super) fn odd(why: &str) -> Self {
        let words = why.split(" (os error").next().unwrap_or_default();
        Self::Away(words.to_owned())
    }
}

/// The words of the first cause, in one line.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let words = cause.to_string();
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(200).collect()
}
