//! Judging what was seen of a row, and writing what follows from it.

use super::looks::Seen;
use super::{advance, environments, removal};
use crate::app::App;
use crate::coolify::{DeploymentRow, failure};
use crate::crash;
use crate::domain::deployment::Outcome;
use crate::domain::id::{DeploymentId, EnvironmentId};
use crate::domain::judge::{Container, Health, Sighting, Verdict, Waiting, health};
use crate::domain::status::{Event, Status};
use crate::queue::{self, Job};
use crate::store::looks::{self, Again, Due};
use crate::store::{self, deployments};
use std::time::Duration;

pub(super) async fn judge(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    let overdue = seen
        .due
        .deadline
        .is_some_and(|deadline| deadline < seen.due.now);
    if seen.sighting == Sighting::Skipped && !overdue {
        again.push(&seen.due, app.pace.looks[1], false, seen.due.missed);
        return Ok(());
    }
    match seen.due.status {
        Status::Deploying => judge_deployment(app, again, seen).await,
        Status::Running | Status::Error => judge_health(app, again, seen).await,
        Status::Deleting => judge_removal(app, again, seen).await,
        Status::Pending => Ok(()),
    }
}

/// Widening: at first soon, later less often.
fn interval(app: &App, looks: i32) -> Duration {
    let [first, later, last] = app.pace.looks;
    match looks {
        ..15 => first,
        15..40 => later,
        _ => last,
    }
}

async fn judge_deployment(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    let due = &seen.due;
    let (Some(id), Some(stage), Some(stage_since), Some(deadline)) =
        (due.deployment_id, due.stage, due.stage_since, due.deadline)
    else {
        return Ok(());
    };
    let waiting = Waiting {
        stage,
        stage_since,
        deadline,
        build_ended_at: due.build_ended_at,
    };
    let verdict = waiting.judge(&seen.sighting, &app.pace.patience, due.now);
    if let Some(row) = &seen.build {
        super::logs::keep(app, id.into(), row).await?;
    }
    match &verdict {
        Verdict::Wait(note) => {
            if *note != due.note {
                write_verdict(app, due, id.into(), verdict, None).await?;
            }
            again.push(due, interval(app, due.looks), false, 0);
            Ok(())
        }
        _ => write_verdict(app, due, id.into(), verdict, seen.build.as_ref()).await,
    }
}

async fn write_verdict(
    app: &App,
    due: &Due,
    id: DeploymentId,
    verdict: Verdict,
    build: Option<&DeploymentRow>,
) -> sqlx::Result<()> {
    let environment = EnvironmentId::from(due.environment_id);
    let reason = why(app, id, &verdict, build).await?;
    let mut tx = app.pool.begin().await?;
    if looks::confirm(&mut tx, due).await? != Some(Status::Deploying) {
        return Ok(());
    }
    carry_out(app, &mut tx, environment, id, verdict, &reason).await?;
    crash::point("verdict.before");
    tx.commit().await?;
    crash::point("verdict.after");
    environments::tell(app, environment).await.map(drop)
}

async fn carry_out(
    app: &App,
    tx: &mut sqlx::PgConnection,
    environment: EnvironmentId,
    id: DeploymentId,
    verdict: Verdict,
    reason: &str,
) -> sqlx::Result<()> {
    match verdict {
        Verdict::Wait(note) => {
            looks::note(tx, id, note.as_deref()).await?;
            looks::explain(tx, environment, None).await?;
        }
        Verdict::AwaitLog => {
            looks::build_ended(tx, id, app.pace.patience.trailing_log).await?;
            looks::next(tx, environment, Some(app.pace.patience.trailing_log)).await?;
        }
        Verdict::Enter(stage) => {
            looks::build_ended(tx, id, app.pace.patience.trailing_log).await?;
            deployments::enter(tx, id, stage).await?;
            looks::next(tx, environment, Some(app.pace.tick)).await?;
        }
        Verdict::Redo => {
            looks::next(tx, environment, None).await?;
            queue::ask(tx, Job::Advance(id), app.pace.retry).await?;
        }
        Verdict::Stop(note) => {
            looks::note(tx, id, Some(&note)).await?;
            looks::next(tx, environment, None).await?;
            queue::ask(tx, Job::Advance(id), Duration::ZERO).await?;
        }
        Verdict::Succeed => succeed(app, tx, id, environment).await?,
        Verdict::BuildFailed | Verdict::Fail(_) => {
            advance::fail(tx, id, environment, reason).await?;
        }
    }
    Ok(())
}

/// Why a deployment fails, if that is the verdict.
async fn why(
    app: &App,
    id: DeploymentId,
    verdict: &Verdict,
    build: Option<&DeploymentRow>,
) -> sqlx::Result<String> {
    let cause = || failure::cause(build?.log()?);
    match verdict {
        Verdict::BuildFailed => match cause() {
            Some(cause) => Ok(cause.sentence),
            None => super::logs::why_failed(app, id).await,
        },
        Verdict::Fail(sentence) => Ok(sentence.clone()),
        _ => Ok(String::new()),
    }
}

async fn succeed(
    app: &App,
    tx: &mut sqlx::PgConnection,
    id: DeploymentId,
    environment: EnvironmentId,
) -> sqlx::Result<()> {
    tracing::info!(%environment, deployment = %id, "environment runs");
    deployments::finish(tx, id, Outcome::Succeeded, None).await?;
    let status = Status::Deploying
        .after(Event::Answered)
        .unwrap_or(Status::Running);
    store::environments::set_status(tx, environment, status, None).await?;
    looks::next(tx, environment, Some(app.pace.recheck)).await
}

async fn judge_health(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    let due = &seen.due;
    match (health(&seen.sighting), due.status) {
        (Health::Unknown, _) => again.push(due, app.pace.recheck, false, due.missed),
        (Health::Fine, Status::Running) => again.push(due, app.pace.recheck, true, 0),
        (Health::Lost(why), Status::Error) if Some(&why) == due.reason.as_ref() => {
            again.push(due, app.pace.recheck, true, 0);
        }
        (Health::Lost(why), Status::Error) => return still_lost(app, due, &why).await,
        (Health::Lost(_), _) if due.missed == 0 => again.push(due, app.pace.doubt, false, 1),
        (Health::Lost(why), _) => return change(app, due, Event::Lost, Some(&why)).await,
        (Health::Fine, _) => return change(app, due, Event::Recovered, None).await,
    }
    Ok(())
}

/// What is lost is now lost for another reason.
async fn still_lost(app: &App, due: &Due, why: &str) -> sqlx::Result<()> {
    let environment = EnvironmentId::from(due.environment_id);
    let mut tx = app.pool.begin().await?;
    if looks::confirm(&mut tx, due).await? == Some(Status::Error) {
        looks::explain(&mut tx, environment, Some(why)).await?;
        looks::next(&mut tx, environment, Some(app.pace.recheck)).await?;
        tx.commit().await?;
    }
    environments::tell(app, environment).await.map(drop)
}

async fn change(app: &App, due: &Due, event: Event, reason: Option<&str>) -> sqlx::Result<()> {
    let environment = EnvironmentId::from(due.environment_id);
    let mut tx = app.pool.begin().await?;
    let Some(status) = looks::confirm(&mut tx, due)
        .await?
        .and_then(|status| status.after(event))
    else {
        return Ok(());
    };
    tracing::info!(%environment, status = status.word(), reason, "environment changed by itself");
    store::environments::set_status(&mut tx, environment, status, reason).await?;
    looks::next(&mut tx, environment, Some(app.pace.recheck)).await?;
    tx.commit().await?;
    environments::tell(app, environment).await.map(drop)
}

async fn judge_removal(app: &App, again: &mut Again, seen: Seen) -> sqlx::Result<()> {
    let due = &seen.due;
    let environment = EnvironmentId::from(due.environment_id);
    let gone = seen.sighting == Sighting::Container(Container::Missing);
    let note = match &seen.sighting {
        Sighting::Refused(sentence) => Some(sentence.clone()),
        Sighting::Unreachable(why) => Some(format!(
            "Coolify cannot be reached: {why}. The removal goes on when it can."
        )),
        _ => removal::overdue(due.removal_requested_at, due.now, app).map(str::to_owned),
    };
    let ask_again = due.looks % 15 == 0;
    if !gone && !ask_again && note == due.reason {
        again.push(due, interval(app, due.looks), false, 0);
        return Ok(());
    }
    let mut tx = app.pool.begin().await?;
    if looks::confirm(&mut tx, due).await? != Some(Status::Deleting) {
        return Ok(());
    }
    if gone {
        removal::gone(&mut tx, environment).await?;
    } else if ask_again {
        queue::ask(&mut tx, Job::Remove(environment), Duration::ZERO).await?;
    }
    if !gone {
        looks::explain(&mut tx, environment, note.as_deref()).await?;
    }
    crash::point("verdict.before");
    tx.commit().await?;
    crash::point("verdict.after");
    if !gone {
        again.push(due, interval(app, due.looks), false, 0);
    }
    environments::tell(app, environment).await.map(drop)
}
