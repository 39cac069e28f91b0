//! The file that lets the simulator go on where it stopped.
//!
//! It knows when and how the file is written; it must not know what the rows mean. The file holds the
//! applications' variables, so only its owner may read it.

use std::fs::{File, OpenOptions, rename};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::inner::Inner;
use super::ledger::Traffic;
use super::moment::Moment;
use super::world::World;

/// How long changes are collected before they are written.
const COLLECTING: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
struct Kept {
    world: World,
    traffic: Traffic,
}

/// What the file holds, or the beginning of everything. Builds that were in flight go on: whatever would have
/// happened meanwhile happens at the first look.
///
/// # Errors
/// When the file is there but cannot be read or understood.
pub fn load(file: Option<&Path>) -> io::Result<(World, Traffic)> {
    let Some(file) = file.filter(|file| file.exists()) else {
        return Ok((World::new(), Traffic::default()));
    };
    let kept: Kept = serde_json::from_reader(BufReader::new(File::open(file)?))?;
    Ok((kept.world, kept.traffic))
}

/// Writes the file whole, beside the old one, and puts it in its place.
///
/// # Errors
/// When it cannot be written.
fn save(inner: &Inner) -> io::Result<()> {
    let Some(file) = &inner.file else {
        return Ok(());
    };
    let _alone = inner.writing.lock().unwrap_or_else(PoisonError::into_inner);
    let text = {
        let state = inner.state();
        json!({ "world": state.world, "traffic": state.traffic }).to_string()
    };
    let beside = file.with_extension("new");
    let mut out = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&beside)?;
    out.write_all(text.as_bytes())?;
    rename(&beside, file)
}

/// Lets due things happen in time and writes the file after changes, until the simulator stops.
pub async fn run(inner: Arc<Inner>) {
    let stopping = inner.stopping.clone();
    stopping.run_until_cancelled(tick(inner)).await;
}

async fn tick(inner: Arc<Inner>) {
    loop {
        let changed = inner.changed.notified();
        let due = inner.state().world.next_due();
        let wait = due.map_or(Duration::MAX, |due| Moment::now().until(due));
        tokio::select! {
            () = changed => {}
            () = tokio::time::sleep(wait) => {}
        }
        if inner.file.is_some() {
            tokio::time::sleep(COLLECTING).await;
            write(&inner).await;
        }
    }
}

/// Writes the file, if there is one, and reports in the log when that fails.
pub async fn write(inner: &Arc<Inner>) {
    if inner.file.is_none() {
        return;
    }
    let inner = Arc::clone(inner);
    let written = tokio::task::spawn_blocking(move || save(&inner)).await;
    if let Ok(Err(error)) = written {
        tracing::warn!(%error, "simulator's state was not written");
    }
}
