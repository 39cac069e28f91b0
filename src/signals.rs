//! The signals that end a command: the first asks it to finish, the second ends it, a third kills it.

use std::future::Future;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code after a signal that ended what was not finished.
pub const KILLED: u8 = 130;

/// A signal ended what was not finished.
#[derive(Debug, thiserror::Error)]
#[error("it was interrupted")]
pub struct Interrupted;

/// What the signals since then asked for.
#[derive(Debug, Clone)]
pub struct Stop {
    /// To finish.
    pub asked: CancellationToken,
    /// To end at once.
    pub at_once: CancellationToken,
}

impl Stop {
    /// Counts the signals from now on.
    ///
    /// # Errors
    /// When signal handlers cannot be installed.
    pub fn on_signal() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = hangup()?;
        let (asked, at_once) = (CancellationToken::new(), CancellationToken::new());
        let stop = Self { asked, at_once };
        let told = stop.clone();
        tokio::spawn(async move {
            for token in [Some(told.asked), Some(told.at_once), None] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                    () = hung_up(&mut hangup) => {}
                }
                let Some(token) = token else { break };
                token.cancel();
            }
            std::process::exit(KILLED.into());
        });
        Ok(stop)
    }

    /// What the work returns, unless it is still under way at the first signal.
    ///
    /// # Errors
    /// Those of the work, and that it was interrupted.
    pub async fn unless_asked<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        unless(&self.asked, work).await
    }

    /// The same for the second signal.
    ///
    /// # Errors
    /// The same.
    pub async fn unless_at_once<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        unless(&self.at_once, work).await
    }
}

/// The end of the terminal, unless whoever started this wants it to outlive that, as `nohup` does.
fn hangup() -> io::Result<Option<Signal>> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The first bit is SIGHUP's. Elsewhere than on Linux it is not known.
    let is_heard = ignored.is_some_and(|mask| mask & 1 == 0);
    is_heard.then(|| signal(SignalKind::hangup())).transpose()
}

async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => {
            hangup.recv().await;
        }
        None => std::future::pending().await,
    }
}

async fn unless<T>(
    token: &CancellationToken,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    tokio::select! {
        biased;
        () = token.cancelled() => Err(Interrupted.into()),
        done = work => done,
    }
}
