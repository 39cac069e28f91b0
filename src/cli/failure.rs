//! Why a command did not succeed: a sentence, and the exit code that scripts branch on.

use serde_json::{Value, json};

/// The exit codes; `--help` and the README list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nobody reads what is printed any more, which is how `head` ends a command.
    Unread = 0,
    /// It failed, or what was waited for did.
    Failed = 1,
    /// What was typed or set is wrong.
    Usage = 2,
    /// Not signed in, or the token may not do this.
    NotAllowed = 3,
    /// There is no such thing.
    NotFound = 4,
    /// The dashboard refused it.
    Refused = 5,
    /// The dashboard does not answer, or not as one does, or cannot do it now, or the time to wait is over.
    Unreachable = 6,
    /// It was interrupted.
    Interrupted = 130,
}

/// Why a command did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub exit: Exit,
    /// For people.
    pub sentence: String,
    /// For programs, if the API said it.
    problem: Option<Value>,
}

impl Failure {
    /// With this exit code and sentence.
    pub fn new(exit: Exit, sentence: impl Into<String>) -> Self {
        Self {
            exit,
            sentence: sentence.into(),
            problem: None,
        }
    }

    /// It failed.
    pub fn failed(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Failed, sentence)
    }

    /// What was typed or set is wrong.
    pub fn usage(sentence: impl Into<String>) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// Ctrl-C ended it.
    pub fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "It was interrupted.")
    }

    /// The same, which the API told as this problem.
    pub fn told_as(self, problem: Value) -> Self {
        Self {
            problem: Some(problem),
            ..self
        }
    }

    /// What a program reads of it: the API's problem, or an object with the sentence.
    pub fn json(&self) -> Value {
        let own = || json!({ "detail": self.sentence });
        self.problem.clone().unwrap_or_else(own)
    }
}
