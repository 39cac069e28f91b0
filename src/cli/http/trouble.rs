//! Why a request has no answer that helps, and after which pause another attempt may.

use crate::cli::failure::Failure;
use std::time::Duration;

/// The pause before the first other attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// The longest pause that is not what the dashboard asks for.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Why a request was not answered as wanted, and whether another attempt may help.
pub struct Trouble {
    pub failure: Failure,
    pub(super) again: Again,
    /// How long to wait before that, if the dashboard says so.
    pub(super) after: Option<Duration>,
}

/// Whether another attempt may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    Never,
    /// Only for somebody who waits anyway: it may be over in a while.
    WhileWaiting,
    /// Only if doing it twice is the same as once: it may have been done.
    IfRepeatable,
    /// It was not done.
    Always,
    /// The same request, by its key, is still being carried out.
    UnderWay,
}

impl Trouble {
    /// An answer that lacks what is needed.
    pub fn not_understood(failure: Failure) -> Self {
        Self {
            failure,
            again: Again::WhileWaiting,
            after: None,
        }
    }

    /// How long somebody who waits anyway waits before they ask again, after so many other attempts; `None` if that cannot
    /// help.
    pub fn pause_while_waiting(&self, tries: u32) -> Option<Duration> {
        (self.again != Again::Never).then(|| self.pause(tries))
    }

    /// How long to wait after so many other attempts: as long as the dashboard says, but never without a pause.
    pub fn pause(&self, tries: u32) -> Duration {
        let longer = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries));
        let pause = self.after.unwrap_or(longer.min(LONGEST_PAUSE));
        pause.max(FIRST_PAUSE)
    }
}
