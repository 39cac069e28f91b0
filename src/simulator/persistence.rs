//! The file with the state between runs. It holds the applications' variables, so only its owner may read it.

use super::server::{Server, Shared};
use super::{clock::Time, ledger::Ledger, locking::lock, state::State};
use serde::Deserialize;
use serde_json::json;
use std::fs::{File, OpenOptions, rename};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// How long changes are collected before they are written.
const COLLECTING: Duration = Duration::from_millis(100);

#[derive(Default, Deserialize)]
pub struct Saved {
    pub state: State,
    pub ledger: Ledger,
}

/// What the file holds, or the beginning of everything. Builds that were in flight go on: whatever would have
/// happened meanwhile happens at the first look.
pub fn load(file: Option<&Path>) -> io::Result<Saved> {
    match file.filter(|file| file.exists()) {
        Some(file) => Ok(serde_json::from_reader(BufReader::new(File::open(file)?))?),
        None => Ok(Saved::default()),
    }
}

/// Lets due things happen in time and writes the file after changes, until this is dropped.
pub async fn follow(shared: &Shared) {
    loop {
        let changed = shared.changed.notified();
        let due = shared.state().clock.next_due();
        let wait = due.map_or(Duration::MAX, |due| Time::now().until(due));
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(wait) => {}
        }
        if shared.file.is_some() {
            tokio::time::sleep(COLLECTING).await;
            write(shared).await;
        }
    }
}

/// Writes the file, if there is one, and reports in the log when that fails.
pub async fn write(shared: &Shared) {
    let shared = Shared::clone(shared);
    let written = tokio::task::spawn_blocking(move || save(&shared)).await;
    if let Ok(Err(error)) = written {
        tracing::warn!(%error, "simulator's state was not written");
    }
}

/// Writes the file whole, beside the old one, and puts it in its place.
fn save(server: &Server) -> io::Result<()> {
    let Some(file) = server.file.as_ref().map(lock) else {
        return Ok(());
    };
    let text = {
        let (state, ledger) = (server.state(), lock(&server.ledger));
        json!({ "state": &*state, "ledger": &*ledger }).to_string()
    };
    let beside = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true).mode(0o600);
    options.open(&beside)?.write_all(text.as_bytes())?;
    rename(&beside, &*file)
}
