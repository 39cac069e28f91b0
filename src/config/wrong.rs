//! What is wrong with a setting.

/// A setting that is missing or wrong, in one line that names it.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    #[error("{0} is missing: {1}")]
    Missing(&'static str, String),
    #[error("{0} is wrong: {1}")]
    Invalid(&'static str, String),
}

impl Wrong {
    /// The variable of the setting.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing(name, _) | Self::Invalid(name, _) => name,
        }
    }
}
