//! Who may hash a password: each hash takes 19 MiB and a core. It knows nothing of passwords.

use std::num::NonZero;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Slots for those who hash, and for those who wait for it.
#[derive(Clone)]
pub struct HashSlots {
    /// For those who hash.
    pub at_once: Arc<Semaphore>,
    /// For those who hash and those who wait for it.
    pub line: Arc<Semaphore>,
}

impl HashSlots {
    /// Slots for so many at once, while so many more wait.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(at_once)),
            line: Arc::new(Semaphore::new(at_once + waiting)),
        }
    }
}

/// One hash for each core, and a line that is done within a second.
impl Default for HashSlots {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::new(cores, 4 * cores)
    }
}
