//! Polls environments that run or may run again: their own address first, and Coolify only if that does not answer.

use super::calls::Calls;
use super::look;
use super::writing::{Writing, again_one};
use crate::app::App;
use crate::domain::event::EventKind;
use crate::domain::judge::{Answer, Container, Health, Heartbeat, Sighting, VANISHED, health};
use crate::domain::status::{Event, Status};
use crate::redis::calls::Lane;
use crate::store::events::Told;
use crate::store::watches::{self, Due, Kind};
use crate::store::{environments, events, watches::Again};
use std::time::Duration;

/// The state of an environment that stays lost is read from Coolify on every n-th poll.
const ASK_COOLIFY: i32 = 5;
/// The polling interval of a lost environment grows up to this multiple of the usual one.
const RAREST: i32 = 10;

/// Polls one environment and writes the result. Returns the row when only that it runs is left to write, which is done
/// for many at once.
pub async fn look(app: App, due: Due) -> sqlx::Result<Option<(Due, Heartbeat)>> {
    match (look::address(&app, &due.subdomain).await, due.status) {
        (Answer::Alive(heartbeat), Status::Running) => Ok(Some((due, heartbeat))),
        (answer, _) => judge(&app, due, answer).await.map(|()| None),
    }
}

async fn judge(app: &App, due: Due, answer: Answer) -> sqlx::Result<()> {
    match (answer, due.status) {
        (Answer::Alive(_), Status::Error | Status::Pending) => {
            change(app, &due, Event::Recovered, (None, None)).await
        }
        (Answer::Silent(_), Status::Running) if due.missed == 0 => {
            again_one(app, due, app.pace.doubt, false, 1).await
        }
        (Answer::Silent(why), Status::Running | Status::Error) => silent(app, due, why).await,
        (_, Status::Pending) => again_one(app, due.clone(), later(app, &due), false, 0).await,
        // It was deployed or deleted meanwhile: jobs handle it now.
        (_, status) => match Writing::begin(app, &due, status).await? {
            Some(mut writing) => {
                watches::stop(&mut writing.tx, due.environment_id.into()).await?;
                writing.commit(app, &due).await
            }
            None => Ok(()),
        },
    }
}

/// Reads the container's state from Coolify to learn why the address does not answer.
async fn silent(app: &App, due: Due, why: String) -> sqlx::Result<()> {
    let is_lost = due.status == Status::Error;
    if is_lost && due.looks % ASK_COOLIFY != 1 {
        let after = later(app, &due);
        return again_one(app, due, after, true, 0).await;
    }
    let calls = Calls::singly(app, Lane::Look);
    let sighting = match look::container(app, &calls, due.application_uuid.as_deref()).await {
        Ok(Container::Running) => Sighting::Address(Answer::Silent(why)),
        Ok(container) => Sighting::Container(container),
        Err(sighting) => sighting,
    };
    match health(&sighting) {
        Health::Lost(why) if is_lost => still_lost(app, due, &why).await,
        Health::Lost(why) => {
            let application = due.application_uuid.as_deref();
            let lines = match application.filter(|_| why != VANISHED) {
                Some(uuid) => look::container_log(app, &calls, uuid).await,
                None => None,
            };
            change(app, &due, Event::Lost, (Some(&why), lines.as_deref())).await
        }
        Health::Fine | Health::Unknown => {
            let missed = due.missed;
            again_one(app, due, app.pace.doubt, false, missed).await
        }
    }
}

fn later(app: &App, due: &Due) -> Duration {
    let times = (1 + due.looks / ASK_COOLIFY).clamp(1, RAREST);
    app.pace.recheck * u32::try_from(times).unwrap_or(1)
}

/// Updates the reason of a lost environment. A failed deployment is a better reason than a missing response.
async fn still_lost(app: &App, due: Due, why: &str) -> sqlx::Result<()> {
    let after = later(app, &due);
    let vanished = why == VANISHED;
    let is_known = due.reason.as_deref() == Some(why) && due.vanished == vanished;
    let is_failure = due.failure.is_some() && due.reason == due.failure;
    if is_known || (is_failure && !vanished && !due.vanished) {
        return again_one(app, due, after, true, 0).await;
    }
    if let Some(mut writing) = Writing::begin(app, &due, Status::Error).await? {
        let environment = due.environment_id.into();
        environments::explain(&mut writing.tx, environment, Some(why)).await?;
        environments::set_vanished(&mut writing.tx, environment, vanished).await?;
        let again = Again::one(&due, after, true, 0);
        watches::again(&mut *writing.tx, &again).await?;
        writing.commit(app, &due).await?;
    }
    Ok(())
}

/// What the page tells of the change. That the old container still runs after a failed deployment is no recovery.
fn told(due: &Due, event: Event) -> Option<EventKind> {
    let is_failure = due.failure.is_some() && due.reason == due.failure;
    match event {
        Event::Lost => Some(EventKind::Stopped),
        Event::Recovered if due.status == Status::Error && !is_failure => {
            Some(EventKind::Recovered)
        }
        _ => None,
    }
}

/// Writes the new status, its reason, and the container's last lines.
async fn change(
    app: &App,
    due: &Due,
    event: Event,
    (reason, lines): (Option<&str>, Option<&str>),
) -> sqlx::Result<()> {
    let Some(status) = due.status.after(event) else {
        return Ok(());
    };
    let Some(mut writing) = Writing::begin(app, due, due.status).await? else {
        return Ok(());
    };
    let environment = due.environment_id.into();
    tracing::info!(%environment, status = status.word(), reason, "environment changed by itself");
    environments::set_status(&mut writing.tx, environment, status, reason).await?;
    environments::set_vanished(&mut writing.tx, environment, reason == Some(VANISHED)).await?;
    if let Some(kind) = told(due, event) {
        let told = Told {
            by: None,
            reason,
            lines,
        };
        events::add(&mut writing.tx, environment, kind, told).await?;
    }
    watches::confirm(&mut writing.tx, environment).await?;
    watches::watch(
        &mut writing.tx,
        environment,
        Kind::Settled,
        app.pace.recheck,
    )
    .await?;
    writing.commit(app, due).await
}
