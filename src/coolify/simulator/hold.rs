//! Calls that are parked until somebody releases them.
//!
//! It knows who waits; it must not know why, nor what is done afterwards.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;

use super::call::Call;

/// Whether a parked call has been done already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing done yet.
    Before,
    /// Done, the answer withheld.
    After,
}

/// A parked call.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Which call.
    pub call: Call,
    /// Whether it is done.
    pub phase: Phase,
    /// The names it goes by.
    pub about: Vec<String>,
}

/// The parking place.
#[derive(Clone, Default)]
pub struct Holds(Arc<Place>);

#[derive(Default)]
struct Place {
    releases: watch::Sender<u64>,
    parked: Mutex<Vec<(u64, Held)>>,
    tickets: Mutex<u64>,
}

impl Holds {
    /// Waits until the next release. A caller that leaves is taken off the list.
    pub async fn park(&self, held: Held) {
        let mut releases = self.0.releases.subscribe();
        let _place = Ticket::take(self, held);
        // The sender lives as long as the place does, which this task holds.
        releases.changed().await.ok();
    }

    /// Lets every parked call go on.
    pub fn release(&self) {
        self.0.releases.send_modify(|count| *count += 1);
    }

    /// Everything parked now.
    pub fn list(&self) -> Vec<Held> {
        self.parked().iter().map(|(_, held)| held.clone()).collect()
    }

    fn parked(&self) -> MutexGuard<'_, Vec<(u64, Held)>> {
        self.0.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Ticket {
    holds: Holds,
    number: u64,
}

impl Ticket {
    fn take(holds: &Holds, held: Held) -> Self {
        let number = {
            let mut tickets = holds
                .0
                .tickets
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *tickets += 1;
            *tickets
        };
        holds.parked().push((number, held));
        Self {
            holds: holds.clone(),
            number,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.holds
            .parked()
            .retain(|(number, _)| *number != self.number);
    }
}
