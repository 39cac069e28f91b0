//! Deployment actions of users: deploy, cancel, set a new password.

use super::allowances;
use super::calls::Cost;
use super::ending;
use super::hashing;
use super::jobs;
use super::refusal::{Refusal, owner};
use crate::app::App;
use crate::crash;
use crate::domain::actor::Actor;
use crate::domain::audit::{Action, Entry};
use crate::domain::deployment::{BuildKind, Outcome, Stage};
use crate::domain::event::EventKind;
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::domain::invalid::Wrong;
use crate::domain::password::Password;
use crate::domain::status::{Event, Status};
use crate::store::deployments::New;
use crate::store::events::Told;
use crate::store::{
    self, audit, deployments, environment_rows, environments, events, turns, watches,
};
use secrecy::ExposeSecret;
use sqlx::PgConnection;
use std::time::Duration;

/// Requests a deployment of the owner's environment. It starts when it gets its turn. The same request twice is one
/// deployment.
///
/// # Errors
/// `NotFound`, or a message when a deployment is being cancelled or the environment is being deleted.
pub async fn deploy(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    build: BuildKind,
) -> Result<(), Refusal> {
    let owner = owner(by)?;
    let mut tx = store::begin(&app.pool).await?;
    let row = environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    if row.status == Status::Deploying {
        let under_way = deployments::under_way(&mut tx, id).await?;
        if under_way.is_some_and(|deployment| deployment.cancel_requested) {
            return Err(Refusal::NotNow(
                "The deployment is being cancelled. Deploy again when that is done.",
            ));
        }
        return Ok(());
    }
    begin(app, &mut tx, owner, id, Request::of(by, build)).await?;
    crash::point("asked.before");
    tx.commit().await?;
    crash::point("asked.after");
    Ok(())
}

/// Sets a new password for the owner's environment by deploying it again. A restart would not do it: Coolify writes a
/// container's variables when it makes one, and its `/restart` of an application that is built from a Dockerfile is a
/// deployment as this one, which takes the image that is there for the same commit.
///
/// # Errors
/// `NotFound`, an invalid password, or a message when a deployment is running or the environment is being deleted.
pub async fn set_password(
    app: &App,
    by: &Actor,
    id: EnvironmentId,
    typed: &str,
) -> Result<(), Refusal> {
    let owner = owner(by)?;
    environment_rows::get(&app.pool, owner, id, app.pace.unconfirmed)
        .await?
        .ok_or(Refusal::NotFound)?;
    let password = Password::for_environment(typed);
    let password = password.map_err(|invalid| {
        Refusal::Wrong(vec![Wrong {
            field: "password",
            invalid,
        }])
    })?;
    let hash = hashing::hash(&app.hash_slots, password).await?;
    let mut tx = store::begin(&app.pool).await?;
    let row = environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    environments::set_password_hash(&mut tx, id, hash.expose_secret()).await?;
    let set = Entry::of(Action::EnvironmentPasswordSet, id.uuid(), &row.name);
    audit::add(&mut tx, by, &set).await?;
    if row.status == Status::Pending {
        environments::set_status(&mut tx, id, row.status, None).await?;
    } else {
        events::add(&mut tx, id, EventKind::Password, told_by(by)).await?;
        let request = Request::of(by, BuildKind::Reuse);
        begin(app, &mut tx, owner, id, request).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Drops a new password that waits for the next deployment; `false` when none waits.
///
/// # Errors
/// `NotFound`, or a message when it cannot be taken back any more.
pub async fn discard_password(app: &App, by: &Actor, id: EnvironmentId) -> Result<bool, Refusal> {
    let owner = owner(by)?;
    let mut tx = store::begin(&app.pool).await?;
    let row = environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    if !row.password_waits || row.vanished {
        return Ok(false);
    }
    if row.status == Status::Deploying {
        return Err(Refusal::NotNow(
            "It is being deployed with the new password. Cancel the deployment first.",
        ));
    }
    if row.password_offered {
        return Err(Refusal::NotNow(
            "Coolify has the new password already, and the next deployment takes it.",
        ));
    }
    environments::discard_password(&mut tx, id).await?;
    events::add(&mut tx, id, EventKind::Discarded, told_by(by)).await?;
    let discarded = Entry::of(Action::EnvironmentPasswordDiscarded, id.uuid(), &row.name);
    audit::add(&mut tx, by, &discarded).await?;
    tx.commit().await?;
    Ok(true)
}

fn told_by(by: &Actor) -> Told<'static> {
    Told {
        by: by.user,
        ..Told::default()
    }
}

/// Who asks for a deployment, and how it is built.
pub(super) struct Request<'a> {
    pub by: &'a Actor,
    pub build: BuildKind,
    /// Whether a rollout begins it.
    pub rollout: bool,
}

impl<'a> Request<'a> {
    /// That of one environment alone.
    pub fn of(by: &'a Actor, build: BuildKind) -> Self {
        Self {
            by,
            build,
            rollout: false,
        }
    }

    /// What the audit says of it.
    fn entry<'n>(&self, id: EnvironmentId, name: &'n str) -> Entry<'n> {
        let entry = Entry::of(Action::EnvironmentDeployed, id.uuid(), name);
        match self.build {
            _ if self.rollout => entry.with("in a rollout"),
            BuildKind::Anew => entry.with("built anew"),
            BuildKind::Reuse => entry,
        }
    }
}

/// Creates a deployment inside a transaction. The scheduler of turns enqueues its first job. What a rollout begins is not
/// among those that its owner may have at once: an administrator asks for it.
pub(super) async fn begin(
    app: &App,
    tx: &mut PgConnection,
    owner: UserId,
    id: EnvironmentId,
    request: Request<'_>,
) -> Result<(), Refusal> {
    let row = environments::lock(tx, owner, id).await?;
    let row = row.ok_or(Refusal::NotFound)?;
    let status = row
        .status
        .after(Event::DeployRequested)
        .ok_or(Refusal::NotNow(match row.status {
            Status::Deleting => {
                "This environment is being deleted and cannot be deployed any more."
            }
            _ => "This environment is being deployed already. Wait until it is done, or cancel it.",
        }))?;
    let has_unknown = row.password_unknown && !row.password_offered;
    if !row.has_password && (!row.has_application || has_unknown) {
        return Err(Refusal::NotNow(
            "This environment needs a password before it can be deployed. Set one on its page.",
        ));
    }
    allowances::check_deployment(app, tx, owner, request.rollout).await?;
    let new = New {
        environment: id,
        by: request.by.user,
        before: (row.status, row.reason.as_deref()),
        build: request.build,
        rollout: request.rollout,
        wait: app.pace.turn_wait,
    };
    deployments::insert(tx, DeploymentId::new(), &new).await?;
    environments::set_status(tx, id, status, None).await?;
    audit::add(tx, request.by, &request.entry(id, &row.name)).await?;
    Ok(watches::stop(tx, id).await?)
}

/// Cancels the current deployment. One that waits for its turn ends at once; for any other, a job cancels the build in
/// Coolify. Idempotent: that it was cancelled already is no error.
///
/// # Errors
/// `NotFound`, or a message when no deployment is running.
pub async fn cancel(app: &App, by: &Actor, id: EnvironmentId) -> Result<(), Refusal> {
    cancel_of(app, (owner(by)?, by), id).await
}

/// The same of this owner's environment, by whoever may.
pub(super) async fn cancel_of(
    app: &App,
    (owner, by): (UserId, &Actor),
    id: EnvironmentId,
) -> Result<(), Refusal> {
    let mut tx = store::begin(&app.pool).await?;
    let row = environments::lock(&mut tx, owner, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    let under_way = deployments::under_way(&mut tx, id).await?;
    if under_way.is_some_and(|it| it.stage >= Stage::Start && !it.cancel_requested) {
        return Err(Refusal::NotNow(
            "The new container has taken over already, so there is nothing left to cancel.",
        ));
    }
    let moving = deployments::moving(&mut tx, id).await?;
    let Some(deployment) = moving.filter(|_| row.status == Status::Deploying) else {
        if row.status != Status::Deleting && deployments::was_cancelled(&mut tx, id).await? {
            return Ok(());
        }
        return Err(Refusal::NotNow(
            "Nothing is being deployed, so there is nothing to cancel.",
        ));
    };
    let cancelled = Entry::of(Action::EnvironmentCancelled, id.uuid(), &row.name);
    if let Some(before) = turns::waiting(&mut tx, id).await? {
        let end = (Outcome::Cancelled, "The deployment was cancelled.");
        ending::withdraw(app, &mut tx, id, &before, end).await?;
        audit::add(&mut tx, by, &cancelled).await?;
    } else if deployments::request_cancel(&mut tx, deployment).await? {
        environments::set_status(&mut tx, id, row.status, row.reason.as_deref()).await?;
        audit::add(&mut tx, by, &cancelled).await?;
        jobs::advance(app, &mut tx, id, deployment, Cost::CANCEL, Duration::ZERO).await?;
    }
    tx.commit().await?;
    Ok(())
}
