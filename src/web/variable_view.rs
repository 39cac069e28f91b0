//! The variables of an environment as its page lists them: where each is, never its value.

use super::state::Web;
use super::words::Time;
use crate::actions::variables::{self, VariableRow};
use crate::domain::id::{EnvironmentId, UserId};
use serde::Serialize;

/// A variable as its environment's page lists it.
#[derive(Debug, Serialize)]
pub struct Variable {
    name: String,
    sentence: &'static str,
    /// Since when Coolify has it.
    since: Option<Time>,
    /// Its value must be given again.
    lost: bool,
    /// Whether it can be removed.
    remove: bool,
    /// The word for taking back what waits, if that can be done.
    discard: Option<&'static str>,
}

impl Variable {
    /// The variables of the owner's environment.
    pub async fn all(web: &Web, owner: UserId, id: EnvironmentId) -> sqlx::Result<Vec<Self>> {
        let rows = variables::list(&web.app, owner, id).await?;
        Ok(rows.into_iter().map(Self::new).collect())
    }

    fn new(row: VariableRow) -> Self {
        let is_there = row.sent_at.is_some() && !row.vanished;
        let sentence = match row {
            _ if row.removing && row.offered => {
                "Its removal was begun. The next deployment ends it."
            }
            _ if row.removing => "It is removed by the next deployment.",
            _ if row.lost && is_there => {
                "Its new value was lost when a backup was restored: Coolify may have the one before it. Give the new one again."
            }
            _ if row.lost => "Its value was lost when a backup was restored. Give it again.",
            _ if row.waits && row.offered => {
                "Coolify was sent the new value. The next deployment makes sure that it has it."
            }
            _ if row.waits && is_there => {
                "A new value waits for the next deployment. Until then the container has the old one."
            }
            _ if row.waits => "It waits for the next deployment.",
            _ if is_there => "In Coolify, given",
            _ => "Give its value again: the application is new, and no value is kept here.",
        };
        let is_settled = !row.waits && !row.removing && !row.lost;
        let can_discard = !is_settled && !row.offered;
        let word = if row.removing { "Keep" } else { "Discard" };
        Self {
            since: row
                .sent_at
                .filter(|_| is_there && is_settled)
                .map(|at| Time::ago(at, row.now)),
            lost: row.lost || (!is_there && is_settled),
            remove: !row.removing,
            discard: can_discard.then_some(word),
            name: row.name,
            sentence,
        }
    }
}
