//! Why an action on an environment was refused.

use super::hashing::Busy;
use crate::domain::actor::Actor;
use crate::domain::allowance::Reached;
use crate::domain::id::UserId;
use crate::domain::invalid::Wrongs;

/// Why an action on an environment was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("wrong fields")]
    Wrong(Wrongs),
    /// It does not exist, or belongs to another user: indistinguishable.
    #[error("no such environment")]
    NotFound,
    /// The status does not allow it; a message for the user.
    #[error("{0}")]
    NotNow(&'static str),
    /// What Coolify builds it from does not allow it; a message for the user.
    #[error("{0}")]
    BuiltFrom(String),
    /// As many as this person may have.
    #[error(transparent)]
    Limit(#[from] Reached),
    /// It is not any more as whoever asks has read it.
    #[error("it has changed")]
    Changed,
    /// Too many password hashes are pending.
    #[error(transparent)]
    Busy(#[from] Busy),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Whose environments the actor may change: without an account, nobody's.
pub(super) fn owner(by: &Actor) -> Result<UserId, Refusal> {
    by.user.ok_or(Refusal::NotFound)
}
