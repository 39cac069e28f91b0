//! The rate limit: so many calls a minute for the user to whom every token belongs.

use std::time::{Duration, Instant};

use super::{answer::Answer, clock::Time};

const MINUTE: Duration = Duration::from_mins(1);

/// Who is counted apart.
#[derive(Clone, Copy)]
pub enum Caller {
    WithToken,
    WithoutToken,
    /// `/api/health` has a limit of its own.
    Health,
}

/// The calls of each within its present minute.
#[derive(Default)]
pub struct RateLimits([Option<(Instant, u32)>; 3]);

impl RateLimits {
    /// Counts a call and says how many are left in this minute.
    ///
    /// # Errors
    /// The 429 when none was left.
    pub fn count(&mut self, caller: Caller, limit: u32) -> Result<u32, Answer> {
        let counted = &mut self.0[caller as usize];
        let now = Instant::now();
        let (since, calls) = counted
            .filter(|(since, _)| now - *since < MINUTE)
            .unwrap_or((now, 0));
        if calls >= limit {
            let wait = MINUTE.saturating_sub(now - since).as_secs().max(1);
            let reset = Time::now().after(Duration::from_secs(wait));
            return Err(Answer::too_many_requests(wait, limit, reset.unix_seconds()));
        }
        *counted = Some((since, calls + 1));
        Ok(limit - calls - 1)
    }
}
