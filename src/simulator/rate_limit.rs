//! The rate limit: how many calls with a token are let in within a real minute.

use std::time::{Duration, Instant};

use super::response::ApiResponse;

const MINUTE: Duration = Duration::from_mins(1);

/// The present minute, which began with a call, and the calls within it.
#[derive(Default)]
pub struct RateLimit {
    began: Option<Instant>,
    calls: u32,
}

impl RateLimit {
    /// Counts a call and says how many are left in its minute, or refuses it.
    pub fn count(&mut self, limit: u32) -> Result<u32, ApiResponse> {
        let present = self.began.filter(|began| began.elapsed() < MINUTE);
        let began = present.unwrap_or_else(Instant::now);
        let calls = present.map_or(0, |_| self.calls);
        if calls >= limit {
            let wait = MINUTE.saturating_sub(began.elapsed()).as_secs().max(1);
            return Err(ApiResponse::too_many_requests(wait, limit));
        }
        (self.began, self.calls) = (Some(began), calls + 1);
        Ok(limit - self.calls)
    }
}
