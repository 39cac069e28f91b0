//! What a check finds.

/// The result of a check.
pub enum Finding {
    Fine(String),
    /// It works, but may cause a problem later.
    Warning(String),
    Wrong(String),
}
