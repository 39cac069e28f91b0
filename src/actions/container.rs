//! The log of an environment's own container, read from Coolify while somebody looks at it.

use super::calls::{Calls, NoCall, respect_limit, within};
use super::known;
use super::refusal::Refusal;
use crate::app::{App, ContainerLog};
use crate::coolify::Error;
use crate::domain::id::{EnvironmentId, UserId};
use crate::redis::calls::Lane;
use crate::store::environments;
use std::sync::Arc;

/// How many of its last lines are shown.
const LINES: usize = 200;
/// What Coolify answers while no container runs.
const NOT_RUNNING: &str = "not running";

/// The last lines of the log, read at most every few seconds however many people look at it; or why there are none.
///
/// # Errors
/// `NotFound` when the environment does not exist or belongs to another user.
pub async fn log(app: &App, owner: UserId, id: EnvironmentId) -> Result<ContainerLog, Refusal> {
    // Kept in the process: a poll that is answered from here costs PostgreSQL nothing.
    known::page_version(app, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let kept = app.container_logs.get_with(id, Arc::default);
    // Whoever comes while it is read waits for the same answer.
    let mut kept = kept.lock().await;
    if let Some(log) = &*kept {
        return Ok(log.clone());
    }
    let application = environments::application(&app.pool, owner, id).await?;
    let log = match application.ok_or(Refusal::NotFound)?.uuid {
        Some(uuid) => read(app, &uuid).await,
        None => Err("It has no container yet.".to_owned()),
    };
    Ok(kept.insert(ContainerLog(log.map(Arc::from))).clone())
}

/// It comes last among the calls to Coolify: badges and deployments do not wait for it.
async fn read(app: &App, uuid: &str) -> Result<Vec<String>, String> {
    let calls = Calls::singly(app, Lane::Log);
    let client = calls.one().await.map_err(|NoCall(_)| busy())?;
    let error = match within(app.pace.look, client.container_log(uuid, LINES)).await {
        Ok(lines) => return Ok(lines),
        Err(error) => error,
    };
    respect_limit(app, &error).await;
    Err(match error {
        Error::Unreachable { why, .. } => format!("Coolify cannot be reached: {why}."),
        Error::NotFound => "The application is no longer in Coolify.".to_owned(),
        Error::RateLimited { .. } | Error::QueueFull { .. } => busy(),
        Error::Refused(sentence) if !sentence.contains(NOT_RUNNING) => sentence,
        Error::Refused(_) | Error::DomainTaken(_) => {
            "Coolify shows the log only while the container runs.".to_owned()
        }
    })
}

fn busy() -> String {
    "Coolify allows only so many calls a minute. The log is read again soon.".to_owned()
}
