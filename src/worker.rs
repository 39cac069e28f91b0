//! The worker: carries out jobs, watches rows that wait, fetches logs, sweeps. It knows no pages.

use crate::actions::looks::Kind;
use crate::actions::{Ended, advance, environments, logs, looks, removal, sweep};
use crate::app::{self, App};
use crate::crash;
use crate::queue::Job;
use sqlxmq::{CurrentJob, JobRunnerHandle, JobRunnerOptions};
use std::future::Future;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

/// How many jobs a process takes at once.
const JOBS: usize = 8;
/// How long jobs may take to finish when the process stops: longer than a step may take.
const FINISH: Duration = Duration::from_secs(25);
/// How often the connection to the database is tried.
const PULSE: Duration = Duration::from_secs(1);
/// How often Coolify is searched for applications that nobody knows.
const ORPHANS: Duration = Duration::from_mins(10);

/// Works until told to stop, then finishes the steps it is in and gives back their leases.
pub async fn run(app: App, stop: CancellationToken) {
    tokio::join!(
        jobs(&app, &stop),
        every(app.pace.tick, &stop, "look", || look(&app, Kind::Moving)),
        every(app.pace.tick * 2, &stop, "check", || look(
            &app,
            Kind::Settled
        )),
        every(app.pace.tick * 2, &stop, "logs", || async {
            logs::fetch(&app).await.map(drop)
        }),
        every(app.pace.sweep, &stop, "sweep", || async {
            sweep::sweep(&app).await.map(drop)
        }),
        every(ORPHANS, &stop, "orphans", || report_orphans(&app)),
    );
}

async fn look(app: &App, kind: Kind) -> sqlx::Result<()> {
    looks::look(app, kind).await.map(drop)
}

/// Does something again and again; what fails once may not fail the next time.
async fn every<F: Future<Output = sqlx::Result<()>>>(
    period: Duration,
    stop: &CancellationToken,
    what: &str,
    mut act: impl FnMut() -> F,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let done = act().await;
        if let Err(error) = &done
            && !failing
        {
            tracing::warn!(what, %error, "cannot work at the moment");
        }
        failing = done.is_err();
    }
}

async fn report_orphans(app: &App) -> sqlx::Result<()> {
    for name in sweep::orphans(app).await? {
        tracing::error!(
            application = name,
            "Coolify has an application of ours that no environment knows; remove it there"
        );
    }
    Ok(())
}

/// Runs the queue. The queue's own recovery after an outage of the database takes longer and longer, so it is started anew.
async fn jobs(app: &App, stop: &CancellationToken) {
    let mut runner: Option<JobRunnerHandle> = None;
    loop {
        match (&mut runner, app::database_answers(app).await) {
            (None, true) => runner = start(app).await,
            (Some(handle), false) => {
                tracing::warn!("the database does not answer; jobs wait");
                handle.stop().await;
                runner = None;
            }
            _ => {}
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(PULSE) => {}
        }
    }
    if let Some(mut handle) = runner {
        handle.stop().await;
        handle.wait_jobs_finish(FINISH).await;
    }
}

async fn start(app: &App) -> Option<JobRunnerHandle> {
    let own = app.clone();
    let started = JobRunnerOptions::new(&app.pool, move |job| {
        tokio::spawn(work(own.clone(), job));
    })
    .set_keep_alive(false)
    .set_concurrency(JOBS / 2, JOBS)
    .run()
    .await;
    started
        .inspect_err(|error| tracing::warn!(%error, "jobs not started"))
        .ok()
}

/// Carries out one job. One that fails because of the database stays in the queue and is tried again.
async fn work(app: App, mut current: CurrentJob) {
    let Some(job) = Job::of(&current) else {
        tracing::error!(
            name = current.name(),
            "a job of another version is left alone"
        );
        return;
    };
    let ended = match job {
        Job::Advance(id) => advance::advance(&app, id).await,
        Job::Remove(id) => removal::remove(&app, id).await,
    };
    match ended {
        Ok(ended) => complete(&app, &mut current, job, ended).await,
        Err(error) => tracing::warn!(?job, %error, "job not done, it is tried again"),
    }
}

async fn complete(app: &App, current: &mut CurrentJob, job: Job, ended: Ended) {
    crash::point("job.before");
    if let Err(error) = current.complete_with_transaction(ended.tx).await {
        tracing::warn!(?job, %error, "job not completed, it is tried again");
        return;
    }
    crash::point("job.after");
    if let Some(environment) = ended.environment
        && let Err(error) = environments::tell(app, environment).await
    {
        tracing::debug!(%error, "status cache not told");
    }
}
