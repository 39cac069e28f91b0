//! Why a story about an environment ended without its result.

use super::hashing::Busy;
use crate::domain::invalid::Wrongs;

/// Why a story about an environment ended without its result.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("wrong fields")]
    Wrong(Wrongs),
    /// Not there, or not theirs: the same.
    #[error("no such environment")]
    NotFound,
    /// The status does not allow it; a sentence for people.
    #[error("{0}")]
    NotNow(&'static str),
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
