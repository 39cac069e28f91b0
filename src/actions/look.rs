//! Polls one thing in Coolify or at its own address. Changes nothing and judges nothing.

use super::calls::{Calls, NoCall, POLL_WAIT, respect_limit, within};
use crate::app::App;
use crate::coolify::{DeploymentRow, Error};
use crate::domain::judge::{Answer, Container, Sighting};
use crate::redis::calls::Lane;

/// The state of one container, by a call of its own.
///
/// # Errors
/// The sighting that stands for Coolify's error.
pub async fn container(app: &App, uuid: Option<&str>) -> Result<Container, Sighting> {
    let Some(uuid) = uuid else {
        return Ok(Container::Missing);
    };
    let calls = Calls::singly(app, Lane::Look);
    let client = calls.one().await.map_err(|NoCall(_)| Sighting::Skipped)?;
    match within(app.pace.look, client.application(uuid)).await {
        Ok(application) => Ok(application.container()),
        Err(Error::NotFound) => Ok(Container::Missing),
        Err(error) => Err(unseen(app, error).await),
    }
}

/// One build with its log, by a call of its own; `None` when Coolify does not know it.
///
/// # Errors
/// The sighting that stands for Coolify's error.
pub async fn build(
    app: &App,
    uuid: &str,
    application: Option<&str>,
) -> Result<Option<DeploymentRow>, Sighting> {
    let calls = Calls::reserve_within(app, Lane::Look, POLL_WAIT).await;
    let client = calls.one().await.map_err(|NoCall(_)| Sighting::Skipped)?;
    match within(app.pace.look, client.build(uuid)).await {
        Ok(row) => Ok(Some(row)),
        Err(Error::NotFound) => newest_build(app, uuid, application).await,
        Err(error) => Err(unseen(app, error).await),
    }
}

/// Some versions of Coolify do not find a build by its uuid: it may be the newest of its application.
async fn newest_build(
    app: &App,
    uuid: &str,
    application: Option<&str>,
) -> Result<Option<DeploymentRow>, Sighting> {
    let Some(application) = application else {
        return Ok(None);
    };
    let calls = Calls::singly(app, Lane::Look);
    let client = calls.one().await.map_err(|NoCall(_)| Sighting::Skipped)?;
    match within(app.pace.look, client.recent_build(application)).await {
        Ok(newest) => Ok(newest.filter(|row| row.deployment_uuid == uuid)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(unseen(app, error).await),
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
