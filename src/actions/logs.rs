//! Storing Coolify's deployment logs: they come with polls of running builds, and once more when they are complete.

use super::calls::{Calls, respect_limit};
use super::ending::Failure;
use crate::app::App;
use crate::coolify::{DeploymentRow, Error, failure};
use crate::domain::id::DeploymentId;
use crate::redis::calls::Lane;
use crate::store::log;

/// The maximum number of logs fetched in a round.
const BATCH: i64 = 4;

/// Fetches the logs of ended builds while the call budget lasts.
pub async fn fetch(app: &App) -> sqlx::Result<()> {
    for due in log::claim(&app.pool, BATCH, app.pace.log).await? {
        let calls = Calls::singly(app, Lane::Log);
        let Ok(client) = calls.one().await else {
            break;
        };
        let found = client.build(&due.deployment_uuid).await;
        calls.record(due.id.into()).await;
        match found {
            Ok(row) => save(app, due.id.into(), &row).await?,
            Err(Error::NotFound | Error::Refused(_)) => {
                log::give_up(&app.pool, due.id.into()).await?;
            }
            Err(error) => respect_limit(app, &error).await,
        }
    }
    Ok(())
}

/// Stores the log and the commit from a poll of a build.
pub async fn save(app: &App, id: DeploymentId, row: &DeploymentRow) -> sqlx::Result<()> {
    let entries = row.log();
    if entries.is_none() && (row.moves() || !row.hides_log()) {
        return Ok(());
    }
    if let Some(entries) = entries {
        log::append(&app.pool, id, entries).await?;
    }
    // A token that has shown some of it may read all of it.
    let missing = entries.is_none() && log::entries(&app.pool, id).await?.is_empty();
    let trailing = app.pace.patience.trailing_log;
    log::fetched(&app.pool, id, missing, row.commit(), trailing).await
}

/// Why a build failed: the cause found in its log, as received or as stored.
pub async fn cause(
    app: &App,
    id: DeploymentId,
    build: Option<&DeploymentRow>,
) -> sqlx::Result<Failure> {
    let kept;
    let entries = if let Some(entries) = build.and_then(DeploymentRow::log) {
        entries
    } else {
        kept = log::entries(&app.pool, id).await?;
        &kept
    };
    let Some(cause) = failure::cause(entries) else {
        let sentence = if build.is_some_and(DeploymentRow::hides_log) && entries.is_empty() {
            "The build failed, and Coolify shows no log of it: its token needs the permission read:sensitive. Read the log in Coolify, mend what it says, and deploy again."
        } else {
            "The build failed, and its log does not say why. Read it, mend what it says, and deploy again."
        };
        return Ok(sentence.to_owned().into());
    };
    let lines = (!cause.lines.is_empty()).then(|| cause.lines.join("\n"));
    Ok(Failure {
        sentence: cause.sentence,
        lines,
    })
}
