//! Asks what is due, and begins the rounds that have something to do. It asks at every tick while something moves, and
//! rarely otherwise: what makes work is announced as a change, and wakes it. Without announcements it asks at every tick.
//! It must not know what a round does.

use crate::actions::upcoming::{Upcoming, upcoming};
use crate::actions::watching::Kind;
use crate::app::App;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long the question may take. Without an answer all rounds begin, and find out themselves.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest pause between two questions, in ticks.
const RARELY: u32 = 4;
/// The name of this loop.
pub const NAME: &str = "due";

/// Tells a loop to begin a round.
pub type Start = Arc<Notify>;

/// The loops that begin a round when something is due.
#[derive(Clone, Default)]
pub struct Starts {
    deployment: Start,
    removal: Start,
    settled: Start,
    pub logs: Start,
    pub turns: Start,
}

impl Starts {
    /// The start of the watcher of this kind.
    pub fn of(&self, kind: Kind) -> &Start {
        match kind {
            Kind::Deployment => &self.deployment,
            Kind::Removal => &self.removal,
            Kind::Settled => &self.settled,
        }
    }

    fn begin(&self, upcoming: &Upcoming) {
        let is_due = |seconds: Option<f64>| seconds.is_some_and(|seconds| seconds <= 0.0);
        let has_work = [
            is_due(upcoming.deployment),
            is_due(upcoming.removal),
            is_due(upcoming.settled),
            is_due(upcoming.log),
            upcoming.waiting,
        ];
        let starts = self.all().into_iter().zip(has_work);
        starts
            .filter(|(_, has_work)| *has_work)
            .for_each(|(start, _)| start.notify_one());
    }

    fn begin_all(&self) {
        self.all().into_iter().for_each(|start| start.notify_one());
    }

    fn all(&self) -> [&Start; 5] {
        let Self {
            deployment,
            removal,
            settled,
            logs,
            turns,
        } = self;
        [deployment, removal, settled, logs, turns]
    }
}

/// Asks until told to stop.
pub async fn run(app: App, stop: CancellationToken, starts: Starts) {
    let tick = app.pace.tick;
    loop {
        let (pause, moves) = if let Ok(Ok(upcoming)) = timeout(LIMIT, upcoming(&app)).await {
            starts.begin(&upcoming);
            let pause = pause(&upcoming, tick, app.polls.is_listening());
            (pause, upcoming.moves)
        } else {
            starts.begin_all();
            (tick, true)
        };
        app.loops.ended_round(NAME);
        tokio::select! {
            () = stop.cancelled() => break,
            () = app.changed.notified(), if !moves => {}
            () = sleep(pause) => {}
        }
    }
}

/// The time until the next question.
fn pause(upcoming: &Upcoming, tick: Duration, is_listening: bool) -> Duration {
    if upcoming.moves || !is_listening {
        return tick;
    }
    let Upcoming {
        deployment,
        removal,
        settled,
        log,
        ..
    } = upcoming;
    let due = [deployment, removal, settled, log].into_iter().flatten();
    let soonest = due.copied().fold(f64::INFINITY, f64::min).max(0.0);
    let soonest = Duration::try_from_secs_f64(soonest).unwrap_or(Duration::MAX);
    soonest.clamp(tick, tick * RARELY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(500);

    #[test]
    fn it_asks_rarely_only_while_nothing_moves_and_changes_are_heard() {
        let nothing = Upcoming::default();
        assert_eq!(pause(&nothing, TICK, true), TICK * RARELY);
        assert_eq!(pause(&nothing, TICK, false), TICK);
        let moves = Upcoming {
            moves: true,
            ..Upcoming::default()
        };
        assert_eq!(pause(&moves, TICK, true), TICK);
    }

    #[test]
    fn it_asks_when_the_next_work_is_due() {
        for (settled, log, expected) in [
            (Some(-3.0), None, TICK),
            (Some(0.1), None, TICK),
            (Some(100.0), Some(1.25), Duration::from_millis(1_250)),
            (Some(100.0), None, TICK * RARELY),
        ] {
            let upcoming = Upcoming {
                settled,
                log,
                ..Upcoming::default()
            };
            assert_eq!(
                pause(&upcoming, TICK, true),
                expected,
                "{settled:?} {log:?}"
            );
        }
    }

    #[tokio::test]
    async fn only_rounds_that_have_something_to_do_begin() {
        let starts = Starts::default();
        starts.begin(&Upcoming {
            deployment: Some(5.0),
            settled: Some(-1.0),
            waiting: true,
            ..Upcoming::default()
        });
        let begun = async |start: &Start| {
            let begun = timeout(Duration::ZERO, start.notified()).await;
            begun.is_ok()
        };
        assert!(begun(starts.of(Kind::Settled)).await && begun(&starts.turns).await);
        for start in [
            starts.of(Kind::Deployment),
            starts.of(Kind::Removal),
            &starts.logs,
        ] {
            assert!(!begun(start).await);
        }
    }
}
