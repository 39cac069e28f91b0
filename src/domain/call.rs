//! A call to Coolify, as people are shown it: no body, no address, no id.

use std::time::Duration;

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method and what it is about: "PATCH envs".
    pub name: &'static str,
    /// The status code, or why there was none.
    pub answer: String,
    /// How long ago it began.
    pub ago: Duration,
    /// How long it took until the response was read.
    pub took: Duration,
}
