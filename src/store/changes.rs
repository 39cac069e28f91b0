//! Listens to what PostgreSQL announces when a change is committed (migration 0009). It knows nothing of who keeps
//! copies of what changed.

use crate::domain::id::{EnvironmentId, UserId};
use sqlx::postgres::PgListener;
use sqlx::{Acquire, Connection, PgPool};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

const CHANNEL: &str = "changes";
/// How often a silent connection is checked, and how long the check may take. Together they bound how long a change may
/// stay unheard.
const CHECK: Duration = Duration::from_millis(900);

/// A committed change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// This session ended, or ends sooner.
    Session(String),
    /// The list of this owner's environments shows something else.
    Environments(UserId),
    /// The page of this environment shows something else.
    Environment(EnvironmentId),
}

/// A connection that hears every change from now on.
pub struct Changes(PgListener);

impl Changes {
    /// Connects and listens.
    pub async fn listen(pool: &PgPool) -> sqlx::Result<Self> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// The next change; `None` when there was none for a while and the connection was found to be alive.
    ///
    /// # Errors
    /// When the connection is lost: changes were missed.
    pub async fn next(&mut self) -> sqlx::Result<Option<Change>> {
        let Ok(heard) = timeout(CHECK, self.0.try_recv()).await else {
            return match timeout(CHECK, self.ping()).await {
                Ok(Ok(())) => Ok(None),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
            };
        };
        let Some(notification) = heard? else {
            return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()));
        };
        Ok(parse(notification.payload()))
    }

    /// Asks for an answer without a statement.
    async fn ping(&mut self) -> sqlx::Result<()> {
        self.0.acquire().await?.ping().await
    }
}

/// An unknown payload comes from a newer version, and is ignored.
fn parse(payload: &str) -> Option<Change> {
    let (kind, id) = payload.split_once(' ')?;
    let uuid = || Uuid::parse_str(id).ok();
    match kind {
        "s" => Some(Change::Session(id.to_owned())),
        "o" => Some(Change::Environments(uuid()?.into())),
        "e" => Some(Change::Environment(uuid()?.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_read_and_unknown_ones_are_ignored() {
        let id = Uuid::now_v7();
        assert_eq!(parse("s a b"), Some(Change::Session("a b".to_owned())));
        let owner = parse(&format!("o {id}"));
        assert_eq!(owner, Some(Change::Environments(id.into())));
        let environment = parse(&format!("e {id}"));
        assert_eq!(environment, Some(Change::Environment(id.into())));
        for odd in ["", "o", "o 1", "x 1"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }
}
