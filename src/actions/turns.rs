//! The scheduler: deployments wait for a turn until Coolify has room for them.

use super::calls::{Calls, respect_limit};
use super::deploying::of_turn;
use super::{ending, jobs};
use crate::app::App;
use crate::coolify::ServerLimits;
use crate::crash;
use crate::domain::deployment::{Outcome, Stage};
use crate::domain::id::EnvironmentId;
use crate::domain::status::Status;
use crate::redis::calls::Lane;
use crate::store::{self, deployments, turns};
use sqlx::PgConnection;
use std::time::Duration;

/// How many builds to keep waiting in Coolify, so that it is never idle.
const WAITING: u32 = 2;

/// Gives free turns to waiting deployments; returns how many. One process at a time.
pub async fn give(app: &App) -> sqlx::Result<usize> {
    let mut tx = store::begin(&app.pool).await?;
    let Some(slots) = turns::lock(&mut tx).await? else {
        return Ok(0);
    };
    expire(app, &mut tx).await?;
    let free = i64::from(slots.capacity) - slots.under_way;
    let mut given = 0;
    while !slots.is_closed && given < free {
        if !give_one(app, &mut tx).await? {
            break;
        }
        given += 1;
    }
    turns::number(&mut tx).await?;
    crash::point("turn.before");
    tx.commit().await?;
    crash::point("turn.after");
    Ok(usize::try_from(given).unwrap_or_default())
}

/// Gives a turn to the next deployment in line; `false` when none waits.
async fn give_one(app: &App, tx: &mut PgConnection) -> sqlx::Result<bool> {
    let Some(turn) = turns::give(tx, app.pace.deadline).await? else {
        return Ok(false);
    };
    let environment = EnvironmentId::from(turn.environment_id);
    let cost = of_turn(turn.application_uuid.is_some(), turn.application_asked);
    deployments::enter(tx, turn.id.into(), Stage::Application).await?;
    jobs::advance(app, tx, environment, turn.id.into(), cost, Duration::ZERO).await?;
    Ok(true)
}

/// Ends the deployments that have waited too long.
async fn expire(app: &App, tx: &mut PgConnection) -> sqlx::Result<()> {
    for environment in turns::expired(tx).await? {
        if let Some(before) = turns::waiting(tx, environment).await? {
            let reason = "The deployment waited too long for its turn. Check in Coolify what its server builds, and deploy again.";
            if before.status == Status::Running {
                ending::withdraw(app, tx, environment, &before, (Outcome::Failed, reason)).await?;
            } else {
                ending::fail(app, tx, environment, before.id, &reason.to_owned().into()).await?;
            }
        }
    }
    Ok(())
}

/// Reads the server's build limits from Coolify, unless another instance did so recently.
pub async fn read_limits(app: &App) -> sqlx::Result<()> {
    if !turns::claim_reading(&app.pool, app.pace.limits).await? {
        return Ok(());
    }
    let calls = Calls::singly(app, Lane::Look);
    let Ok(client) = calls.one().await else {
        return Ok(());
    };
    match client.server_limits().await {
        Ok(limits) => turns::set_capacity(&app.pool, capacity(limits)).await,
        Err(error) => {
            respect_limit(app, &error).await;
            tracing::debug!(%error, "limits of builds not read");
            Ok(())
        }
    }
}

/// How many deployments may run: Coolify's concurrent builds plus a few that wait there, within its queue limit.
fn capacity(limits: ServerLimits) -> i32 {
    let wanted = limits.concurrent_builds.saturating_add(WAITING);
    let most = limits.deployment_queue_limit.max(1);
    i32::try_from(wanted.min(most)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coolify_is_kept_busy_and_its_queue_is_not_filled() {
        for (concurrent_builds, deployment_queue_limit, expected) in
            [(2, 25, 4), (1, 25, 3), (30, 25, 25), (2, 1, 1), (2, 0, 1)]
        {
            let limits = ServerLimits {
                concurrent_builds,
                deployment_queue_limit,
            };
            assert_eq!(capacity(limits), expected, "{limits:?}");
        }
    }
}
