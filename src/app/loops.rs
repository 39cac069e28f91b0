//! When each of the worker's loops last completed a round: a hung loop makes the process not ready. It knows no loop.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The loops by name.
#[derive(Clone, Default)]
pub struct Loops(Arc<Mutex<BTreeMap<&'static str, Instant>>>);

impl Loops {
    /// Records that the loop has started or completed a round.
    pub fn ended_round(&self, name: &'static str) {
        let mut loops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loops.insert(name, Instant::now());
    }

    /// Forgets a loop that was asked to stop.
    pub fn stopped(&self, name: &str) {
        let mut loops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loops.remove(name);
    }

    /// The loops that have not completed a round within the limit.
    pub fn hanging(&self, limit: Duration) -> Vec<&'static str> {
        let loops = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let late = loops.iter().filter(|(_, ended)| ended.elapsed() > limit);
        late.map(|(name, _)| *name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_hangs_when_its_last_round_ended_long_ago() {
        let loops = Loops::default();
        loops.ended_round("look");
        assert!(loops.hanging(Duration::from_hours(1)).is_empty());
        std::thread::sleep(Duration::from_millis(5));
        loops.ended_round("sweep");
        assert_eq!(loops.hanging(Duration::ZERO), ["look", "sweep"]);
        loops.stopped("look");
        assert_eq!(loops.hanging(Duration::ZERO), ["sweep"]);
    }
}
