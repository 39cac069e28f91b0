//! The log of an environment's own container, read from Coolify while somebody looks at it.

use super::calls::{Calls, NoCall, respect_limit, within};
use super::refusal::Refusal;
use crate::app::{App, ContainerLog};
use crate::coolify::Error;
use crate::domain::id::{EnvironmentId, UserId};
use crate::redis::calls::Lane;
use crate::store::environments;
use std::sync::Arc;

/// How many of its last lines are shown.
const LINES: usize = 200;

/// The last lines of the log, read at most every few seconds however many people look at it; or why there are none.
///
/// # Errors
/// `NotFound` when the environment does not exist or belongs to another user.
pub async fn log(app: &App, owner: UserId, id: EnvironmentId) -> Result<ContainerLog, Refusal> {
    let application = environments::application(&app.pool, owner, id).await?;
    let application = application.ok_or(Refusal::NotFound)?;
    if let Some(read) = app.container_logs.get(&id) {
        return Ok(read);
    }
    let log = match application.uuid {
        Some(uuid) => read(app, &uuid).await,
        None => Err("It has no container yet.".to_owned()),
    };
    let log = ContainerLog(log.map(Arc::from));
    app.container_logs.insert(id, log.clone());
    Ok(log)
}

async fn read(app: &App, uuid: &str) -> Result<Vec<String>, String> {
    let calls = Calls::singly(app, Lane::Look);
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
        Error::Refused(_) | Error::DomainTaken(_) => {
            "Coolify shows the log only while the container runs.".to_owned()
        }
    })
}

fn busy() -> String {
    "Coolify allows only so many calls a minute. The log is read again soon.".to_owned()
}
