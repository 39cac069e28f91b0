//! Runs the job queue: each job in its own task. It must not know what a job does.

use crate::actions::engine;
use crate::app::{self, App};
use crate::crash;
use crate::queue::Job;
use sqlx::{Postgres, Transaction};
use sqlxmq::{CurrentJob, JobRunnerHandle, JobRunnerOptions};
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// The maximum number of concurrent jobs in a process.
const JOBS: usize = 8;
/// How long a job may take with all its statements: a database host that vanished answers none.
const LIMIT: Duration = Duration::from_mins(1);
/// The timeout for running jobs at shutdown: longer than a step may take.
const FINISH: Duration = Duration::from_secs(25);
/// How often connecting to the database is retried.
const PULSE: Duration = Duration::from_secs(1);
/// The name of this loop.
pub const NAME: &str = "jobs";

/// Runs jobs until asked to stop. The queue's own recovery after a database outage backs off too far, so it is
/// restarted instead.
pub async fn run(app: App, stop: CancellationToken) {
    let mut runner: Option<JobRunnerHandle> = None;
    loop {
        match (&mut runner, app::database_answers(&app).await) {
            (None, true) => runner = start(&app).await,
            (Some(handle), false) => {
                tracing::warn!("the database does not answer; jobs wait");
                handle.stop().await;
                runner = None;
            }
            _ => {}
        }
        app.loops.ended_round(NAME);
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

/// Runs one job. If the database fails, the job stays in the queue and is retried.
async fn work(app: App, mut current: CurrentJob) {
    let Some(job) = Job::of(&current) else {
        tracing::warn!(
            name = current.name(),
            "a job of another version is left to it, and asked for again when it is used up"
        );
        return;
    };
    let outcome = match tokio::time::timeout(LIMIT, engine::run(&app, job)).await {
        Err(_) => {
            tracing::warn!(?job, "job took too long, it is tried again");
            "late"
        }
        Ok(Ok(tx)) => complete(&mut current, job, tx).await,
        Ok(Err(error)) => {
            tracing::warn!(?job, %error, "job not done, it is tried again");
            "failed"
        }
    };
    app.metrics.job(job.kind(), outcome);
}

/// The outcome, in a word.
async fn complete(
    current: &mut CurrentJob,
    job: Job,
    tx: Transaction<'static, Postgres>,
) -> &'static str {
    crash::point("job.before");
    if let Err(error) = current.complete_with_transaction(tx).await {
        tracing::warn!(?job, %error, "job not completed, it is tried again");
        return "failed";
    }
    crash::point("job.after");
    "done"
}
