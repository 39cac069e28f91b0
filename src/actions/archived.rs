//! Reading a log from wherever it is: from the database, entry by entry, or from its object in the store.

use crate::app::App;
use crate::archive::Trouble;
use crate::archive::log_file::Entries;
use crate::store::archived_logs::{self, Whereabouts};
use crate::store::log_lines::{self, Line, Match, Of, Section};
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

mod object;

/// A log that somebody reads.
#[derive(Clone)]
pub struct OpenLog {
    of: Of,
    content: Content,
}

#[derive(Clone)]
enum Content {
    /// In the database; it may be empty.
    Rows,
    Object(Object),
    /// Why, and the position after its last entry.
    Nothing(Unread, i32),
}

/// A log as it is in the store. Whoever has it in memory to read it holds a slot, which others wait for.
#[derive(Clone)]
struct Object {
    bytes: Bytes,
    slot: Slot,
}

type Slot = Arc<OwnedSemaphorePermit>;

/// Why a log that there was cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It was kept for so many days, as long as logs are.
    Removed { days: i32 },
    /// The store does not have it, and nobody here removed it.
    Gone,
    /// The store does not answer.
    Away,
    /// Others read logs, and it was not this one's turn in time.
    Busy,
}

impl OpenLog {
    /// Finds a log, and fetches its object if it is in the store and others leave a slot for it.
    pub async fn open(app: &App, of: Of) -> sqlx::Result<Self> {
        let found = archived_logs::whereabouts(&app.pool, of).await?;
        let content = match found {
            Some(Whereabouts {
                has_entries: false,
                log_end: Some(end),
                kept_days,
            }) => match kept_days {
                Some(days) => Content::Nothing(Unread::Removed { days }, end),
                None => fetch(app, of, end).await,
            },
            _ => Content::Rows,
        };
        Ok(Self { of, content })
    }

    /// A log that grows: it is in the database.
    pub fn growing(of: Of) -> Self {
        let content = Content::Rows;
        Self { of, content }
    }

    /// Why it cannot be read.
    pub fn unread(&self) -> Option<Unread> {
        match self.content {
            Content::Nothing(why, _) => Some(why),
            Content::Rows | Content::Object(_) => None,
        }
    }

    /// The position after its last entry, if it cannot be read: a page that has shown why has all of it.
    pub fn unread_end(&self) -> Option<i32> {
        match self.content {
            Content::Nothing(_, end) => Some(end),
            Content::Rows | Content::Object(_) => None,
        }
    }

    /// Whether it is in the database, as far as it is anywhere.
    pub fn is_in_database(&self) -> bool {
        matches!(self.content, Content::Rows)
    }

    /// Its end, up to about so many bytes, from a position on.
    pub async fn end(&self, app: &App, from: i32, bytes: i32) -> sqlx::Result<Vec<Line>> {
        match &self.content {
            Content::Rows => log_lines::end(&app.pool, self.of, from, bytes).await,
            Content::Object(object) => {
                in_object(object, move |entries| object::end(entries, from, bytes)).await
            }
            Content::Nothing(..) => Ok(vec![]),
        }
    }

    /// Its sections, in their order.
    pub async fn sections(&self, app: &App) -> sqlx::Result<Vec<Section>> {
        match &self.content {
            Content::Rows => log_lines::sections(&app.pool, self.of).await,
            Content::Object(object) => in_object(object, object::sections).await,
            Content::Nothing(..) => Ok(vec![]),
        }
    }

    /// The first lines that contain a text, compared without case.
    pub async fn matches(&self, app: &App, text: &str, most: i64) -> sqlx::Result<Vec<Match>> {
        match &self.content {
            Content::Rows => log_lines::matches(&app.pool, self.of, text, most).await,
            Content::Object(object) => {
                let text = text.to_owned();
                in_object(object, move |entries| object::matches(entries, &text, most)).await
            }
            Content::Nothing(..) => Ok(vec![]),
        }
    }

    /// All of it, to be read in parts by somebody who may take long: the slot is held only while a part is read.
    pub fn parts(self) -> Parts {
        Parts {
            keeps_slot: false,
            ..self.parts_from(0)
        }
    }

    /// What is there from a position on, to be read in parts at once.
    pub fn parts_from(self, from: i32) -> Parts {
        let (entries, slot) = match self.content {
            Content::Object(Object { bytes, slot }) => (Some(Entries::of(bytes)), Some(slot)),
            Content::Rows | Content::Nothing(..) => (None, None),
        };
        Parts {
            of: self.of,
            from,
            entries,
            slot,
            keeps_slot: true,
        }
    }
}

async fn fetch(app: &App, of: Of, end: i32) -> Content {
    let Ok(slot) = timeout(app.pace.log_slot, slot(app)).await else {
        return Content::Nothing(Unread::Busy, end);
    };
    match app.archive.get(of.deployment).await {
        Ok(bytes) => Content::Object(Object { bytes, slot }),
        Err(why) => {
            tracing::warn!(deployment = %of.deployment, %why, "a log cannot be read from its store");
            let why = match why {
                Trouble::Missing => Unread::Gone,
                Trouble::Away(_) => Unread::Away,
            };
            Content::Nothing(why, end)
        }
    }
}

/// Waits until there is a slot for one more.
async fn slot(app: &App) -> Slot {
    let slot = Arc::clone(&app.log_slots).acquire_owned().await;
    slot.expect("nobody closes the slots").into()
}

async fn in_object<T: Send + 'static>(
    object: &Object,
    read: impl FnOnce(Entries) -> io::Result<T> + Send + 'static,
) -> sqlx::Result<T> {
    let entries = Entries::of(object.bytes.clone());
    Ok(apart(Arc::clone(&object.slot), move || read(entries)).await??)
}

/// Decompresses where it keeps nobody waiting, a few logs at a time. Whoever asks and leaves frees no slot before it is done.
async fn apart<T: Send + 'static>(
    slot: Slot,
    read: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let read = spawn_blocking(move || {
        let read = read();
        drop(slot);
        read
    });
    read.await.map_err(io::Error::from)
}

/// A log that is read from its first entry to its last.
pub struct Parts {
    of: Of,
    /// The position after what was read.
    from: i32,
    /// What is left of the object, if it is one.
    entries: Option<Entries>,
    /// The slot that was not given back.
    slot: Option<Slot>,
    keeps_slot: bool,
}

impl Parts {
    /// The position from which the next part is read.
    pub fn from(&self) -> i32 {
        self.from
    }

    /// The next part, of about so many bytes; empty at the end. A log may be moved to the store while it is read.
    pub async fn next(&mut self, app: &App, bytes: i32) -> sqlx::Result<Vec<Line>> {
        let mut lines = self.read(app, bytes).await?;
        if lines.is_empty() && self.entries.is_none() {
            let log = OpenLog::open(app, self.of).await?;
            if let Some(why) = log.unread().filter(|_| self.from > 0) {
                return Err(io::Error::other(format!("the log cannot be read on: {why:?}")).into());
            }
            let opened = log.parts();
            (self.entries, self.slot) = (opened.entries, opened.slot);
            lines = self.read(app, bytes).await?;
        }
        if let Some(last) = lines.last() {
            self.from = last.position.saturating_add(1);
        }
        Ok(lines)
    }

    async fn read(&mut self, app: &App, bytes: i32) -> sqlx::Result<Vec<Line>> {
        let from = self.from;
        let Some(mut entries) = self.entries.take() else {
            return log_lines::part(&app.pool, self.of, from, bytes).await;
        };
        let slot = match self.slot.take() {
            Some(slot) => slot,
            None => slot(app).await,
        };
        self.slot = self.keeps_slot.then(|| Arc::clone(&slot));
        let read = apart(slot, move || {
            let part = object::part(&mut entries, from, bytes);
            (part, entries)
        });
        let (part, entries) = read.await?;
        self.entries = Some(entries);
        Ok(part?)
    }
}
