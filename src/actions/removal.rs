//! Removing an environment's application from Coolify. The row leaves when Coolify says that nothing of it is left.

use super::Ended;
use super::advance::{backoff, slow, until_then};
use crate::app::{App, Urgency};
use crate::coolify::{Application, DeploymentRow, Error};
use crate::crash;
use crate::domain::id::EnvironmentId;
use crate::domain::status::Status;
use crate::queue::{self, Job};
use crate::store::environments;
use crate::store::leases::{self, Release, Removal};
use crate::store::looks;
use std::time::Duration;
use time::OffsetDateTime;

/// How many calls a step makes as a rule: what there is, its builds, the end of one, and the removal.
const CALLS: u32 = 4;

/// What follows.
#[derive(Debug)]
enum Next {
    /// Nothing of it is at Coolify: the row leaves.
    Gone,
    /// Coolify was asked to remove it: the watcher looks until it has.
    Watch,
    /// The same again; why, for the owner.
    Again {
        after: Duration,
        reason: Option<String>,
        unsure: bool,
    },
}

/// Cancels what is built, asks Coolify to remove everything under the environment's name, or finds that nothing is left.
///
/// # Errors
/// When the database fails.
pub async fn remove(app: &App, id: EnvironmentId) -> sqlx::Result<Ended> {
    crash::point("lease.before");
    let Some(removal) = leases::lease_removal(&app.pool, id, app.pace.lease).await? else {
        return wait_for_lease(app, id).await;
    };
    crash::point("lease.after");
    let next = match attempt(app, &removal).await {
        Ok(next) => next,
        Err(error) => after_error(app, id, &removal, &error).await,
    };
    write(app, id, &removal, next).await
}

/// Does the step once there are calls for all of it.
async fn attempt(app: &App, removal: &Removal) -> Result<Next, Error> {
    let own = app.set_aside(CALLS).await?;
    let done = tokio::time::timeout(app.pace.step, step(&own, removal)).await;
    own.give_back().await;
    done.unwrap_or_else(|_| Err(slow()))
}

async fn wait_for_lease(app: &App, id: EnvironmentId) -> sqlx::Result<Ended> {
    let until = leases::removal_leased_until(&app.pool, id).await?;
    let mut tx = app.pool.begin().await?;
    if let Some(until) = until {
        queue::ask(&mut tx, Job::Remove(id), until_then(until)).await?;
    }
    Ok(Ended {
        tx,
        environment: None,
    })
}

async fn step(app: &App, removal: &Removal) -> Result<Next, Error> {
    let ours = applications(app, removal).await?;
    let mut building = false;
    for one in &ours {
        building |= cancel_builds(app, &one.uuid).await?;
    }
    // A request whose answer was lost may still make an application or begin a build: its time must have passed.
    if let Some(until) = removal.unsure_until.filter(|until| *until > removal.now) {
        return Ok(Next::Again {
            after: until_then(until).min(app.pace.retry * 2),
            reason: None,
            unsure: true,
        });
    }
    if ours.is_empty() {
        return Ok(Next::Gone);
    }
    let began = removal.requested_at.unwrap_or(removal.now);
    if building && removal.now < began + app.pace.winding_down {
        return Ok(Next::Again {
            after: app.pace.retry,
            reason: None,
            unsure: false,
        });
    }
    for one in &ours {
        match app.coolify(Urgency::Step).await?.remove(&one.uuid).await {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Next::Watch)
}

/// Every application that is ours: under our name and at our address, or the one we know.
async fn applications(app: &App, removal: &Removal) -> Result<Vec<Application>, Error> {
    let fqdn = app.domain.fqdn(&removal.subdomain);
    let known = removal.application_uuid.as_deref();
    let mut ours = app.coolify(Urgency::Step).await?.applications().await?;
    ours.retain(|one| {
        Some(one.uuid.as_str()) == known || (one.name == removal.subdomain && one.may_be_at(&fqdn))
    });
    if let Some(uuid) = known.filter(|uuid| !ours.iter().any(|one| one.uuid == *uuid)) {
        match app.coolify(Urgency::Step).await?.application(uuid).await {
            Ok(moved) => ours.push(moved),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ours)
}

/// Cancels every build in flight, for one that ends after the removal would start its container; says whether there was one.
async fn cancel_builds(app: &App, uuid: &str) -> Result<bool, Error> {
    let rows = match app.coolify(Urgency::Step).await?.recent_builds(uuid).await {
        Err(Error::NotFound) => return Ok(false),
        rows => rows?,
    };
    let moving: Vec<&DeploymentRow> = rows.iter().filter(|row| row.moves()).collect();
    for row in &moving {
        match app
            .coolify(Urgency::Step)
            .await?
            .cancel(&row.deployment_uuid)
            .await
        {
            Ok(()) | Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(!moving.is_empty())
}

async fn after_error(app: &App, id: EnvironmentId, removal: &Removal, error: &Error) -> Next {
    app.heed(error).await;
    tracing::warn!(environment = %id, %error, "removal not done");
    let unsure = removal
        .unsure_until
        .is_some_and(|until| until > removal.now);
    let waited = removal
        .requested_at
        .map_or(0, |began| (removal.now - began).whole_seconds());
    let attempts = i32::try_from(waited / 5).unwrap_or(i32::MAX);
    let (after, reason) = match error {
        Error::Spent(pause)
        | Error::RateLimited { retry_after: pause }
        | Error::QueueFull { retry_after: pause } => (*pause + backoff(app, 0), None),
        Error::Unreachable {
            why, retry_after, ..
        } => (
            backoff(app, attempts).max(retry_after.unwrap_or_default()),
            Some(format!(
                "Coolify cannot be reached: {why}. The removal is tried again."
            )),
        ),
        Error::Refused(sentence) => (app.pace.refused, Some(sentence.clone())),
        Error::NotFound | Error::DomainTaken(_) => (backoff(app, attempts), None),
    };
    Next::Again {
        after,
        reason,
        unsure,
    }
}

async fn write(app: &App, id: EnvironmentId, removal: &Removal, next: Next) -> sqlx::Result<Ended> {
    let mut tx = app.pool.begin().await?;
    let release = Release {
        look_after: matches!(next, Next::Watch).then_some(app.pace.looks[0]),
        unsure: matches!(next, Next::Again { unsure: true, .. }),
        meant_for: Some(Status::Deleting),
    };
    if leases::release(&mut tx, id, removal.fence, &release)
        .await?
        .is_none()
    {
        return Ok(Ended {
            tx,
            environment: None,
        });
    }
    match next {
        Next::Gone => gone(&mut tx, id).await?,
        Next::Watch => {}
        Next::Again { after, reason, .. } => {
            if reason.is_some() {
                looks::explain(&mut tx, id, reason.as_deref()).await?;
            }
            queue::ask(&mut tx, Job::Remove(id), after).await?;
        }
    }
    Ok(Ended {
        tx,
        environment: Some(id),
    })
}

/// Coolify has nothing of the environment any more: its row leaves.
pub(super) async fn gone(tx: &mut sqlx::PgConnection, id: EnvironmentId) -> sqlx::Result<()> {
    tracing::info!(environment = %id, "environment removed");
    environments::delete(tx, id).await
}

/// The sentence for a removal that takes long.
pub(super) fn overdue(
    began: Option<OffsetDateTime>,
    now: OffsetDateTime,
    app: &App,
) -> Option<&'static str> {
    let long = began.is_some_and(|began| now > began + app.pace.removal);
    long.then_some("Coolify has not confirmed the removal yet. It is asked again; check that its server is reachable.")
}
