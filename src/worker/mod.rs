//! The worker: jobs, the scheduler of turns, the watchers, logs and their store, and the sweep, each in its own supervised loop. It
//! knows no pages.

mod due;
mod jobs;
mod rounds;

use crate::actions::watching::{Kind, Watcher};
use crate::actions::{archiving, holder, known, logs, orphans, rollout, sweep, turns, updates};
use crate::app::App;
use due::{Start, Starts};
use rounds::{Rounds, supervise};
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long giving back the claims may take: they end by themselves, too.
const GIVE_BACK: Duration = Duration::from_secs(2);
/// The timeout of the shutdown: longer than a step may take.
const FINISH: Duration = Duration::from_secs(28);
/// The delay before the next attempt to listen to changes.
const LISTEN_AGAIN: Duration = Duration::from_millis(500);
/// An attempt that took longer had listened; that it ended is logged again.
const LISTENED: Duration = Duration::from_secs(10);
/// How often Coolify is searched for applications that are not in our database.
const ORPHANS: Duration = Duration::from_mins(10);

/// Works until asked to stop, then finishes running work and releases its claims.
pub async fn run(app: App, stop: CancellationToken) {
    let mut loops = JoinSet::new();
    let (own, until) = (app.clone(), stop.clone());
    let jobs = move || jobs::run(own.clone(), until.clone());
    loops.spawn(supervise(app.loops.clone(), stop.clone(), jobs::NAME, jobs));
    let (own, until) = (app.clone(), stop.clone());
    let listen = move || listen(own.clone(), until.clone());
    let name = known::LISTENER;
    loops.spawn(supervise(app.loops.clone(), stop.clone(), name, listen));
    let starts = spawn_due(&mut loops, &app, &stop);
    for kind in [Kind::Deployment, Kind::Removal, Kind::Settled] {
        let watcher = Watcher::new(app.clone(), kind);
        let rounds = Rounds::on(kind.word(), starts.of(kind));
        let of = (app.clone(), stop.clone(), rounds);
        loops.spawn(watch(of, watcher));
    }
    spawn_rounds(&mut loops, &app, &stop, &starts);
    stop.cancelled().await;
    if tokio::time::timeout(FINISH, async { while loops.join_next().await.is_some() {} })
        .await
        .is_err()
    {
        tracing::warn!("not everything was finished in time");
        loops.shutdown().await;
    }
    let given_back = holder::give_back_all(&app);
    let _: Result<(), _> = tokio::time::timeout(GIVE_BACK, given_back).await;
}

/// The loop that starts the rounds which have something to do.
fn spawn_due(loops: &mut JoinSet<()>, app: &App, stop: &CancellationToken) -> Starts {
    let starts = Starts::default();
    let of = (app.clone(), stop.clone(), starts.clone());
    let run = move || {
        let (app, stop, starts) = of.clone();
        due::run(app, stop, starts)
    };
    loops.spawn(supervise(app.loops.clone(), stop.clone(), due::NAME, run));
    starts
}

/// Everything else that is repeated: when it is due, or at an interval.
fn spawn_rounds(loops: &mut JoinSet<()>, app: &App, stop: &CancellationToken, starts: &Starts) {
    let (tick, sweep_every, sessions_every) = (app.pace.tick, app.pace.sweep, app.pace.sessions);
    let mut on =
        |name, start: &Start, act| spawn_act(loops, app, stop, Rounds::on(name, start), act);
    on("turns", &starts.turns, |app| {
        Box::pin(async move { turns::give(&app).await.map(drop) })
    });
    on("logs", &starts.logs, |app| {
        Box::pin(async move { logs::fetch(&app).await })
    });
    let mut every =
        |name, period, act| spawn_act(loops, app, stop, Rounds::every(name, period), act);
    every("limits", tick * 10, |app| {
        Box::pin(async move { turns::read_limits(&app).await })
    });
    every("sessions", sessions_every, |app| {
        Box::pin(async move { known::note_used(&app).await })
    });
    every("sweep", sweep_every, |app| {
        Box::pin(async move { sweep::sweep(&app).await })
    });
    every("branch", app.pace.branch / 10, |app| {
        Box::pin(async move { updates::read(&app).await })
    });
    every("rollout", sweep_every, |app| {
        Box::pin(async move { rollout::advance(&app).await })
    });
    every("archive", app.pace.archive, |app| {
        Box::pin(async move { archiving::round(&app).await })
    });
    every("orphans", ORPHANS, |app| {
        Box::pin(async move { report_orphans(&app).await })
    });
}

/// Listens to changes, and connects again whenever the connection is lost.
async fn listen(app: App, stop: CancellationToken) {
    let mut failing = false;
    loop {
        let began = Instant::now();
        tokio::select! {
            () = stop.cancelled() => break,
            Err(error) = known::listen(&app) => {
                failing &= began.elapsed() < LISTENED;
                if !failing {
                    tracing::warn!(%error, "changes are not heard: polls are answered from PostgreSQL");
                }
            }
        }
        failing = true;
        // Nothing depends on it: the process is ready without.
        app.loops.ended_round(known::LISTENER);
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

type Round = std::pin::Pin<Box<dyn Future<Output = sqlx::Result<()>> + Send>>;

fn spawn_act(
    loops: &mut JoinSet<()>,
    app: &App,
    stop: &CancellationToken,
    rounds: Rounds,
    act: fn(App) -> Round,
) {
    let (app, stop) = (app.clone(), stop.clone());
    loops.spawn(async move {
        let own = app.clone();
        rounds
            .run(&app.loops, &stop, move || act(own.clone()))
            .await;
    });
}

async fn watch((app, stop, rounds): (App, CancellationToken, Rounds), watcher: Watcher) {
    let own = watcher.clone();
    let round = move || {
        let watcher = own.clone();
        Box::pin(async move { watcher.round().await })
    };
    rounds.run(&app.loops, &stop, round).await;
    watcher.finish().await;
}

async fn report_orphans(app: &App) -> sqlx::Result<()> {
    for sentence in orphans::sentences(&orphans::search(app).await?) {
        tracing::error!("{sentence}");
    }
    Ok(())
}
