//! A setting as it may be shown: without what is secret in it.

/// A setting as it may be shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The variable.
    pub name: &'static str,
    pub value: String,
    /// Where the value comes from.
    pub origin: String,
    /// What is wrong with it.
    pub problem: Option<String>,
}
