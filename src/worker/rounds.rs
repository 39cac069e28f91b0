//! Supervised loops: each round runs in its own task with a timeout, and a panic ends only that round. It knows nothing
//! of the work.

use super::due::Start;
use crate::app::Loops;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The timeout of a round.
const ROUND_LIMIT: Duration = Duration::from_secs(45);
/// A loop with a longer interval reports that it is alive in between.
const REST: Duration = Duration::from_secs(15);
/// The restart delay of a loop that panicked.
const RESTART: Duration = Duration::from_secs(1);

/// A loop that repeats one action.
pub struct Rounds {
    name: &'static str,
    begin: Begin,
    limit: Duration,
}

/// When a round begins.
enum Begin {
    /// At an interval, or when a round took longer, as long after its end.
    Every(Duration),
    /// When somebody says so.
    On(Start),
}

impl Rounds {
    /// Rounds at an interval.
    pub fn every(name: &'static str, period: Duration) -> Self {
        Self::new(name, Begin::Every(period))
    }

    /// Rounds that are started.
    pub fn on(name: &'static str, start: &Start) -> Self {
        Self::new(name, Begin::On(Arc::clone(start)))
    }

    fn new(name: &'static str, begin: Begin) -> Self {
        Self {
            name,
            begin,
            limit: ROUND_LIMIT,
        }
    }

    /// Runs rounds until asked to stop. A failed round is repeated, because the failure may be temporary.
    pub async fn run<F>(&self, loops: &Loops, stop: &CancellationToken, act: impl Fn() -> F)
    where
        F: Future<Output = sqlx::Result<()>> + Send + 'static,
    {
        let mut beginning = self.begin.first();
        let mut failing = false;
        loops.ended_round(self.name);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = beginning.next() => {}
                () = sleep(REST) => {
                    loops.ended_round(self.name);
                    continue;
                }
            }
            let failed = self.round(act()).await;
            if let Some(error) = failed.as_ref().filter(|_| !failing) {
                tracing::warn!(what = self.name, %error, "cannot work at the moment");
            }
            failing = failed.is_some();
            loops.ended_round(self.name);
        }
        loops.stopped(self.name);
    }

    /// Runs one round; returns the reason if it failed. A panic is logged here.
    async fn round<F>(&self, act: F) -> Option<String>
    where
        F: Future<Output = sqlx::Result<()>> + Send + 'static,
    {
        let task = tokio::spawn(timeout(self.limit, act));
        let ending = AbortOnDrop(task.abort_handle());
        let ended = task.await;
        drop(ending);
        match ended {
            Ok(Ok(Ok(()))) => None,
            Ok(Ok(Err(error))) => Some(error.to_string()),
            Ok(Err(_)) => Some("a round took too long".to_owned()),
            Err(error) => {
                tracing::error!(what = self.name, %error, "a round panicked");
                Some(error.to_string())
            }
        }
    }
}

impl Begin {
    fn first(&self) -> Beginning {
        match self {
            Self::Every(period) => {
                let mut ticks = interval(*period);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                Beginning::Tick(ticks)
            }
            Self::On(start) => Beginning::Start(Arc::clone(start)),
        }
    }
}

/// The beginning of the next round.
enum Beginning {
    Tick(Interval),
    Start(Start),
}

impl Beginning {
    async fn next(&mut self) {
        match self {
            Self::Tick(ticks) => drop(ticks.tick().await),
            Self::Start(start) => start.notified().await,
        }
    }
}

/// Aborts the round when the loop itself is aborted.
struct AbortOnDrop(tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a loop in its own task, and restarts it if it panics.
pub async fn supervise<F>(loops: Loops, stop: CancellationToken, name: &str, run: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    while !stop.is_cancelled() {
        let task = tokio::spawn(run());
        let _ending = AbortOnDrop(task.abort_handle());
        match task.await {
            Ok(()) => break,
            Err(error) => tracing::error!(what = name, %error, "a loop panicked"),
        }
        sleep(RESTART).await;
    }
    loops.stopped(name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Counts what is done, and stops after so many times.
    fn counted(
        stop: &CancellationToken,
        times: u32,
    ) -> (Arc<AtomicU32>, impl Fn() -> u32 + Clone + use<>) {
        let count = Arc::new(AtomicU32::new(0));
        let (own, stop) = (Arc::clone(&count), stop.clone());
        let act = move || {
            let now = own.fetch_add(1, Ordering::Relaxed) + 1;
            if now == times {
                stop.cancel();
            }
            now
        };
        (count, act)
    }

    #[tokio::test]
    async fn a_round_that_fails_or_panics_ends_alone() {
        let stop = CancellationToken::new();
        let (count, act) = counted(&stop, 4);
        let rounds = Rounds::every("a", Duration::from_millis(1));
        let act = move || {
            let act = act.clone();
            async move {
                match act() {
                    1 => panic!("the first round"),
                    2 => Err(sqlx::Error::PoolTimedOut),
                    _ => Ok(()),
                }
            }
        };
        rounds.run(&Loops::default(), &stop, act).await;
        assert_eq!(count.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn a_round_that_never_ends_is_ended() {
        let (stop, loops) = (CancellationToken::new(), Loops::default());
        let (count, act) = counted(&stop, 2);
        let rounds = Rounds {
            limit: Duration::from_millis(20),
            ..Rounds::every("a", Duration::from_millis(1))
        };
        let act = move || {
            let act = act.clone();
            async move {
                if act() == 1 {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
        };
        rounds.run(&loops, &stop, act).await;
        assert_eq!(count.load(Ordering::Relaxed), 2);
        assert!(loops.hanging(Duration::ZERO).is_empty(), "it has stopped");
    }

    #[tokio::test]
    async fn a_loop_that_panics_begins_again() {
        let stop = CancellationToken::new();
        let (count, act) = counted(&stop, 3);
        let act = move || {
            let act = act.clone();
            async move { assert!(act() > 2, "not yet") }
        };
        supervise(Loops::default(), stop, "a", act).await;
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }
}
