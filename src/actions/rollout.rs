//! Deploying everything that is behind its branch, one at a time, for administrators. It stops when one fails: what broke
//! one would break the next.

use super::deployments::{self, Request};
use super::refusal::Refusal;
use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::deployment::BuildKind;
use crate::domain::id::UserId;
use crate::store::{self, audit, rollouts};
use rollouts::Turn;
use sqlx::PgConnection;

pub use rollouts::{Behind, Last};

/// What is behind, and how the last deployment of a rollout ended.
pub struct Rollout {
    pub behind: Vec<Behind>,
    pub last: Option<Last>,
}

/// Reads what is behind; `None` when branches are not watched.
pub async fn read(app: &App) -> sqlx::Result<Option<Rollout>> {
    let Some(branch) = &app.branch else {
        return Ok(None);
    };
    let behind = rollouts::behind(&app.pool, &branch.source()).await?;
    let last = rollouts::last(&app.pool).await?;
    Ok(Some(Rollout { behind, last }))
}

/// Begins a rollout of all that are behind and not in use; returns how many these are.
pub async fn begin(app: &App, by: &Actor) -> sqlx::Result<u64> {
    let Some(branch) = &app.branch else {
        return Ok(0);
    };
    let mut tx = store::begin(&app.pool).await?;
    let begun = rollouts::begin(&mut tx, &branch.source(), by.user).await?;
    add_entry(&mut tx, by, Action::RolloutBegun, begun).await?;
    tx.commit().await?;
    Ok(begun)
}

/// Ends the rollout after the deployment that is under way; returns how many had waited.
pub async fn stop(app: &App, by: &Actor) -> sqlx::Result<u64> {
    let mut tx = store::begin(&app.pool).await?;
    let left = rollouts::stop(&mut tx).await?;
    add_entry(&mut tx, by, Action::RolloutStopped, left).await?;
    tx.commit().await?;
    Ok(left)
}

/// Nothing happens to a rollout of no environments.
async fn add_entry(
    tx: &mut PgConnection,
    by: &Actor,
    action: Action,
    environments: u64,
) -> sqlx::Result<()> {
    if environments == 0 {
        return Ok(());
    }
    let subject = match environments {
        1 => "1 environment".to_owned(),
        count => format!("{count} environments"),
    };
    let entry = Entry {
        action,
        subject_id: None,
        subject: Some(&subject),
        detail: None,
    };
    audit::add(tx, by, &entry).await
}

/// Deploys the next environment of the rollout when the one before it runs.
pub async fn advance(app: &App) -> sqlx::Result<()> {
    if !rollouts::waits(&app.pool).await? {
        return Ok(());
    }
    let Some(branch) = &app.branch else {
        // Branches are no longer watched.
        return stop(app, &Actor::process_for(None)).await.map(drop);
    };
    let mut tx = store::begin(&app.pool).await?;
    match rollouts::lock(&mut tx).await? {
        Turn::Wait => return Ok(()),
        Turn::Failed => {
            let left = rollouts::stop(&mut tx).await?;
            let by = Actor::process_for(None);
            add_entry(&mut tx, &by, Action::RolloutStopped, left).await?;
            tracing::warn!(left, "the rollout is stopped: its last deployment failed");
        }
        Turn::Next => {
            if let Some(next) = rollouts::next(&mut tx, &branch.source()).await? {
                deploy(app, &mut tx, next).await?;
            }
        }
    }
    tx.commit().await
}

/// One that cannot be deployed any more is left as it is.
async fn deploy(app: &App, tx: &mut PgConnection, next: rollouts::Next) -> sqlx::Result<()> {
    let owner = UserId::from(next.owner_id);
    let by = next.by.map_or(owner, UserId::from);
    let request = Request {
        by: &Actor::process_for(Some(by)),
        build: BuildKind::Reuse,
        rollout: true,
    };
    match deployments::begin(app, tx, owner, next.environment(), request).await {
        Err(Refusal::Database(error)) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
