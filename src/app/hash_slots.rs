//! Limits concurrent password hashes: each takes 19 MiB and a core. It knows nothing of passwords.

use std::num::NonZero;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Semaphores for running and for pending hashes.
#[derive(Clone)]
pub struct HashSlots {
    /// Running hashes.
    pub at_once: Arc<Semaphore>,
    /// Running and pending hashes.
    pub line: Arc<Semaphore>,
}

impl HashSlots {
    /// Slots for `at_once` running and `waiting` further hashes.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            line: Arc::new(Semaphore::new(at_once + waiting)),
        }
    }
}

/// One running hash per core; pending ones complete within a second.
impl Default for HashSlots {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::new(cores, 4 * cores)
    }
}
