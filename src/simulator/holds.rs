//! Calls that are held until somebody releases them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Serialize;
use tokio::sync::watch;

use super::{calls::Call, locking::lock};

/// Whether a held call has been done already, its response withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Before,
    After,
}

/// A held call.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    pub call: Call,
    pub phase: Phase,
    /// Names and identifiers of the applications it is about.
    pub about: Vec<String>,
}

/// All calls that are held now.
#[derive(Default)]
pub struct Holds {
    releases: watch::Sender<()>,
    held: Mutex<BTreeMap<u64, Held>>,
}

impl Holds {
    /// Waits until the next release. A caller that leaves is taken off the list.
    pub async fn hold(&self, call: Held) {
        let mut releases = self.releases.subscribe();
        let number = {
            let mut held = lock(&self.held);
            let number = held.last_key_value().map_or(0, |(last, _)| last + 1);
            held.insert(number, call);
            number
        };
        let _listed = Listed(self, number);
        // The sender is part of `self`, so it is there as long as this waits.
        releases.changed().await.ok();
    }

    /// Lets every held call go on.
    pub fn release(&self) {
        self.releases.send_replace(());
    }

    /// Everything held now.
    pub fn list(&self) -> Vec<Held> {
        lock(&self.held).values().cloned().collect()
    }
}

struct Listed<'a>(&'a Holds, u64);

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        lock(&self.0.held).remove(&self.1);
    }
}
