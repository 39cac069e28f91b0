//! Polls one thing in Coolify or at its own address. Changes nothing and judges nothing.

use super::calls::{Calls, NoCall, respect_limit, within};
use crate::app::App;
use crate::coolify::{DeploymentRow, Error};
use crate::domain::judge::{Answer, Container, Sighting};
use std::time::Duration;

/// How long a container's log is waited for: Coolify reads it by SSH.
const LOG_WAIT: Duration = Duration::from_secs(5);
/// How many of its lines are kept with a failure.
const LOG_LINES: usize = 20;

/// The state of one container, by one of these calls.
///
/// # Errors
/// The sighting that stands for Coolify's error.
pub async fn container(
    app: &App,
    calls: &Calls<'_>,
    uuid: Option<&str>,
) -> Result<Container, Sighting> {
    let Some(uuid) = uuid else {
        return Ok(Container::Missing);
    };
    let client = calls.one().await.map_err(|NoCall(_)| Sighting::Skipped)?;
    match within(app.pace.look, client.application(uuid)).await {
        Ok(application) => Ok(application.container()),
        Err(Error::NotFound) => Ok(Container::Missing),
        Err(error) => Err(unseen(app, error).await),
    }
}

/// One build with its log, by one of these calls; `None` when Coolify does not know it.
///
/// # Errors
/// The sighting that stands for Coolify's error.
pub async fn build(
    app: &App,
    calls: &Calls<'_>,
    uuid: &str,
    application: Option<&str>,
) -> Result<Option<DeploymentRow>, Sighting> {
    let client = calls.one().await.map_err(|NoCall(_)| Sighting::Skipped)?;
    match within(app.pace.look, client.build(uuid)).await {
        Ok(row) => Ok(Some(row)),
        Err(Error::NotFound) => newest_build(app, calls, uuid, application).await,
        Err(error) => Err(unseen(app, error).await),
    }
}

/// Some versions of Coolify do not find a build by its uuid: it may be the newest of its application.
async fn newest_build(
    app: &App,
    calls: &Calls<'_>,
    uuid: &str,
    application: Option<&str>,
) -> Result<Option<DeploymentRow>, Sighting> {
    let Some(application) = application else {
        return Ok(None);
    };
    let client = calls.one().await.map_err(|NoCall(_)| Sighting::Skipped)?;
    match within(app.pace.look, client.recent_build(application)).await {
        Ok(newest) => Ok(newest.filter(|row| row.deployment_uuid == uuid)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(unseen(app, error).await),
    }
}

/// The last lines of a container's own log; none when Coolify does not give them soon, because nothing depends on them.
pub async fn container_log(app: &App, calls: &Calls<'_>, uuid: &str) -> Option<String> {
    let client = calls.one().await.ok()?;
    let limit = app.pace.look.min(LOG_WAIT);
    match within(limit, client.container_log(uuid, LOG_LINES)).await {
        Ok(lines) => (!lines.is_empty()).then(|| lines.join("\n")),
        Err(error) => {
            respect_limit(app, &error).await;
            None
        }
    }
}

/// Probes the environment at its own address. This is not a call to Coolify.
pub async fn address(app: &App, subdomain: &str) -> Answer {
    app.probe.look(&app.domain.address(subdomain)).await
}

/// The sighting that stands for an error.
pub async fn unseen(app: &App, error: Error) -> Sighting {
    respect_limit(app, &error).await;
    match error {
        Error::Unreachable { why, .. } => Sighting::Unreachable(why),
        Error::Refused(sentence) => Sighting::Refused(sentence),
        Error::RateLimited { .. } | Error::QueueFull { .. } => {
            Sighting::Unreachable("it allows only so many calls a minute".to_owned())
        }
        Error::NotFound | Error::DomainTaken(_) => {
            Sighting::Unreachable("its answer could not be read".to_owned())
        }
    }
}
