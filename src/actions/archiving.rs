//! Finished logs on their way to the object store, and out of it again. Each is claimed, so that one process has it at a
//! time; whatever is begun twice ends as if it was done once. Nothing leaves the database before the store has it.

use crate::app::App;
use crate::archive::Trouble;
use crate::archive::log_file::{Entries, Writer};
use crate::crash;
use crate::domain::deployment::KeptEntry;
use crate::domain::id::DeploymentId;
use crate::store::archived_logs::{self, Claim};
use crate::store::log;
use bytes::Bytes;
use std::io;
use std::time::{Duration, Instant};

/// The most logs that are moved, and removed, in a round: what older versions left is moved slowly.
const BATCH: u32 = 10;
/// No further log is begun in a round after this time.
const ENOUGH: Duration = Duration::from_secs(4);
/// The duration of a claim; longer than anything that is asked of the store.
const LEASE: Duration = Duration::from_mins(1);

/// After how many rounds one that could not be moved is tried again.
const RETRY_ROUNDS: u32 = 6;

/// Why a log was not moved or removed.
#[derive(Debug)]
pub(crate) enum Failed {
    Store(Trouble),
    Database(sqlx::Error),
}

impl From<Trouble> for Failed {
    fn from(trouble: Trouble) -> Self {
        Self::Store(trouble)
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// What was read or written in memory is no log.
impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Store(Trouble::Away(error.to_string()))
    }
}

/// Moves and removes the logs for which it is time, and ends when the store does not answer.
pub async fn round(app: &App) -> sqlx::Result<()> {
    let began = Instant::now();
    for _ in 0..BATCH {
        // What cannot be moved does not keep others from being removed.
        let (moved, removed) = (move_one(app).await, remove_one(app).await);
        match moved.and_then(|moved| Ok(moved | removed?)) {
            Ok(true) if began.elapsed() < ENOUGH => {}
            Ok(_) => break,
            Err(Failed::Database(error)) => return Err(error),
            Err(Failed::Store(why)) => {
                note_failure(app, &why);
                break;
            }
        }
    }
    Ok(())
}

/// The store did not answer as it should; logged once.
pub fn note_failure(app: &App, why: &Trouble) {
    if app.archive.note(true) {
        tracing::warn!(%why, "the store of logs cannot be used; logs stay in the database until it can");
    }
}

/// The store answered as it should.
fn note_success(app: &App) {
    if app.archive.note(false) {
        tracing::info!("the store of logs can be used again");
    }
}

/// Moves a log; `false` when there is none to be moved.
async fn move_one(app: &App) -> Result<bool, Failed> {
    let settles = app.pace.log_settles;
    let Some(claim) = archived_logs::claim(&app.pool, settles, LEASE).await? else {
        return Ok(false);
    };
    let moved = move_claimed(app, &claim).await;
    if moved.is_err() {
        // Later than the next round, which takes the others first.
        let after = app.pace.archive * RETRY_ROUNDS;
        archived_logs::retry(&app.pool, claim.id, after).await?;
    }
    moved.map(|()| true)
}

/// Moves a log that is claimed.
pub(crate) async fn move_claimed(app: &App, claim: &Claim) -> Result<(), Failed> {
    let Some((object, end)) = read(app, claim).await? else {
        return Ok(archived_logs::retry(&app.pool, claim.id, Duration::ZERO).await?);
    };
    // Whoever was held up meanwhile may have read what another process was just removing.
    if !archived_logs::renew(&app.pool, claim, LEASE).await? {
        return Ok(());
    }
    app.archive.put(claim.id.into(), object).await?;
    note_success(app);
    crash::point("archive.put");
    archived_logs::stored(&app.pool, claim.id, end).await?;
    crash::point("archive.stored");
    Ok(())
}

/// The whole log as an object, and the position after its last entry; `None` when nothing of it is in the database any
/// more, because another process has just moved it: an object of nothing would take the place of that.
async fn read(app: &App, claim: &Claim) -> Result<Option<(Bytes, i32)>, Failed> {
    let id = DeploymentId::from(claim.id);
    let (mut writer, mut end) = (Writer::new(), 0);
    let mut part = log::part(&app.pool, id, end).await?;
    if part.is_empty() {
        return Ok(None);
    }
    if let Some(first) = part.first().filter(|_| claim.is_stored) {
        end = add_stored(app, &mut writer, id, first.position).await?;
    }
    while let Some(last) = part.last() {
        end = last.position.saturating_add(1);
        part.iter().try_for_each(|entry| writer.add(entry))?;
        part = log::part(&app.pool, id, end).await?;
    }
    Ok(Some((writer.finish()?, end)))
}

/// Adds what the store has already, up to a position: entries that came afterwards are not the whole log.
async fn add_stored(
    app: &App,
    writer: &mut Writer,
    id: DeploymentId,
    before: i32,
) -> Result<i32, Failed> {
    let object = match app.archive.get(id).await {
        Ok(object) => object,
        Err(Trouble::Missing) => return Ok(0),
        Err(trouble) => return Err(trouble.into()),
    };
    let mut end = 0;
    let is_before = |entry: &KeptEntry| entry.position < before;
    for entry in Entries::of(object) {
        let entry = entry?;
        if is_before(&entry) {
            end = entry.position + 1;
            writer.add(&entry)?;
        }
    }
    Ok(end)
}

/// Removes a log whose deployment is gone, or which was kept for long enough; `false` when there is none.
async fn remove_one(app: &App) -> Result<bool, Failed> {
    let kept = app.pace.log_retention;
    let Some(id) = archived_logs::claim_removal(&app.pool, kept, LEASE).await? else {
        return Ok(false);
    };
    if let Err(trouble) = app.archive.remove(id.into()).await {
        archived_logs::retry(&app.pool, id, app.pace.archive).await?;
        return Err(trouble.into());
    }
    note_success(app);
    crash::point("archive.removed");
    archived_logs::removed(&app.pool, id).await?;
    Ok(true)
}
