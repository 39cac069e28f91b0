//! Keeping Coolify's logs of deployments: while they grow, a few at a time; once more when they are complete.

use crate::app::{App, Urgency};
use crate::coolify::{DeploymentRow, Error};
use crate::domain::id::DeploymentId;
use crate::store::log;

/// How many logs one round fetches at most.
const BATCH: i64 = 4;
/// How much of the build's last words a sentence holds, in characters.
const WORDS_LIMIT: usize = 200;

/// Fetches the logs that are due, as far as Coolify's limit has room for it; says how many.
///
/// # Errors
/// When the database fails.
pub async fn fetch(app: &App) -> sqlx::Result<usize> {
    let due = log::claim(&app.pool, BATCH, app.pace.log).await?;
    let count = due.len();
    for one in due {
        if app
            .limits
            .take(&app.pace.log_calls, "all", 0)
            .await
            .is_err()
        {
            break;
        }
        let row = match app.coolify(Urgency::Log).await {
            Ok(client) => client.build(&one.deployment_uuid).await,
            Err(error) => Err(error),
        };
        match row {
            Ok(row) => keep(app, one.id.into(), &row).await?,
            Err(Error::NotFound) => log::give_up(&app.pool, one.id.into()).await?,
            Err(error) => app.heed(&error).await,
        }
    }
    Ok(count)
}

/// Keeps what a look at a build brought of its log and commit. The list of builds in flight brings no logs.
pub(super) async fn keep(app: &App, id: DeploymentId, row: &DeploymentRow) -> sqlx::Result<()> {
    let entries = row.log();
    if entries.is_none() && (row.moves() || !row.hides_log()) {
        return Ok(());
    }
    if let Some(entries) = entries {
        log::append(&app.pool, id, entries).await?;
    }
    log::fetched(
        &app.pool,
        id,
        entries.is_none(),
        row.commit(),
        app.pace.patience.trailing_log,
    )
    .await
}

/// The sentence for a build that failed: with its last words, if they were to be had.
pub(super) async fn why_failed(app: &App, id: DeploymentId) -> sqlx::Result<String> {
    let words = log::last_words(&app.pool, id).await?;
    let explanation = words
        .explanation
        .as_deref()
        .and_then(|text| text.lines().next());
    let explanation = explanation.map(|line| line.trim_start_matches("Deployment failed:"));
    let error = words
        .error
        .as_deref()
        .and_then(|text| text.lines().rfind(|line| !line.trim().is_empty()));
    let said: Vec<String> = [explanation, error]
        .into_iter()
        .flatten()
        .map(short)
        .collect();
    Ok(if said.is_empty() {
        "The build failed, and Coolify shows no log of it: its token needs the permission read:sensitive. Read the log in Coolify, mend what it says, and deploy again.".to_owned()
    } else {
        format!(
            "The build failed: {}. Read its log, mend what it says, and deploy again.",
            said.join(". It said: ")
        )
    })
}

/// One line for a sentence, without its full stop.
fn short(line: &str) -> String {
    let line: String = line.trim().chars().take(WORDS_LIMIT).collect();
    line.trim_end_matches('.').to_owned()
}
