//! What polls need, kept in the process: who a session belongs to, and which version of a list or of a page is current.
//! An entry ends with the change that outdates it, because PostgreSQL announces every change; while nobody listens,
//! nothing is kept and everything is read from PostgreSQL. It must not know how to read or to listen.

use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::metrics::Metrics;
use moka::sync::Cache;
use prometheus_client::metrics::counter::Counter;
use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The maximum number of entries of each kind; a large one is about 100 bytes.
const ENTRIES: u64 = 50_000;

/// The current version of the page of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageVersion {
    pub owner: UserId,
    pub row: String,
    /// The newest deployment, and the position after the last line of its log.
    pub log: Option<(DeploymentId, i32)>,
    /// Whether the log may still grow.
    pub log_grows: bool,
}

/// A value until a time: until a session expires, or until a status counts as unconfirmed.
#[derive(Clone)]
struct Until<V> {
    value: V,
    ends: Instant,
}

/// Entries of one kind.
#[derive(Clone)]
pub struct Kept<K, V> {
    entries: Cache<K, Until<V>>,
    hits: Counter,
    misses: Counter,
    hearing: Arc<Hearing>,
}

/// Whether changes are heard, and how many were.
#[derive(Default)]
struct Hearing {
    listening: AtomicBool,
    heard: AtomicU64,
}

/// When a read began, as a count of the changes heard before it.
#[derive(Debug, Clone, Copy)]
pub struct Before(u64);

impl<K: Hash + Eq + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Kept<K, V> {
    fn new(name: &'static str, metrics: &Metrics, hearing: &Arc<Hearing>) -> Self {
        Self {
            entries: Cache::new(ENTRIES),
            hits: metrics.lookups(name, true),
            misses: metrics.lookups(name, false),
            hearing: Arc::clone(hearing),
        }
    }

    /// The current value, if it is kept.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let found = self.current(key);
        let counter = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        counter.inc();
        found
    }

    fn current<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if !self.hearing.listening.load(Ordering::SeqCst) {
            return None;
        }
        let kept = self.entries.get(key)?;
        (kept.ends > Instant::now()).then_some(kept.value)
    }

    /// Call it before reading a value that is to be kept.
    pub fn before(&self) -> Before {
        Before(self.hearing.heard.load(Ordering::SeqCst))
    }

    /// Keeps a value for at most this time, unless a change was heard since before it was read: it may be outdated.
    pub fn keep(&self, before: Before, key: &K, value: V, lives: Duration) {
        let ends = Instant::now() + lives;
        self.entries.insert(key.clone(), Until { value, ends });
        if self.hearing.heard.load(Ordering::SeqCst) != before.0 {
            self.entries.invalidate(key);
        }
    }
}

/// All that is kept.
#[derive(Clone)]
pub struct PollCache {
    /// The users of sessions.
    pub sessions: Kept<String, UserId>,
    /// The versions of owners' lists.
    pub lists: Kept<UserId, String>,
    /// The versions of environments' pages.
    pub pages: Kept<EnvironmentId, PageVersion>,
    /// Wakes whoever waits for any change.
    pub heard: Arc<Notify>,
    used: Arc<Mutex<HashSet<String>>>,
    hearing: Arc<Hearing>,
}

impl PollCache {
    /// An empty one, whose lookups are counted there.
    pub fn new(metrics: &Metrics) -> Self {
        let hearing = Arc::default();
        Self {
            sessions: Kept::new("sessions", metrics, &hearing),
            lists: Kept::new("lists", metrics, &hearing),
            pages: Kept::new("pages", metrics, &hearing),
            heard: Arc::default(),
            used: Arc::default(),
            hearing,
        }
    }

    /// From now on every change is heard.
    pub fn listening(&self) {
        self.hear(|| {
            self.sessions.entries.invalidate_all();
            self.lists.entries.invalidate_all();
            self.pages.entries.invalidate_all();
        });
        self.hearing.listening.store(true, Ordering::SeqCst);
    }

    /// Whether every change is heard.
    pub fn is_listening(&self) -> bool {
        self.hearing.listening.load(Ordering::SeqCst)
    }

    /// Changes may be missed from now on.
    pub fn not_listening(&self) {
        self.hearing.listening.store(false, Ordering::SeqCst);
    }

    /// A session ended.
    pub fn session_ended(&self, id: &str) {
        self.hear(|| self.sessions.entries.invalidate(id));
    }

    /// An owner's list changed.
    pub fn list_changed(&self, owner: UserId) {
        self.hear(|| self.lists.entries.invalidate(&owner));
    }

    /// An environment's page changed.
    pub fn page_changed(&self, id: EnvironmentId) {
        self.hear(|| self.pages.entries.invalidate(&id));
    }

    /// Counts first: whoever keeps a value after that finds that it may be outdated.
    fn hear(&self, invalidate: impl FnOnce()) {
        self.hearing.heard.fetch_add(1, Ordering::SeqCst);
        invalidate();
        self.heard.notify_waiters();
    }

    /// Remembers that a session is in use.
    pub fn note_used(&self, session: &str) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(session) {
            used.insert(session.to_owned());
        }
    }

    /// The sessions used since the last call.
    pub fn take_used(&self) -> Vec<String> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *used).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[test]
    fn an_entry_ends_with_its_change_or_its_time() {
        let cache = PollCache::new(&Metrics::default());
        cache.listening();
        let (ada, bob) = (UserId::new(), UserId::new());
        for owner in [ada, bob] {
            let before = cache.lists.before();
            cache.lists.keep(before, &owner, "1".to_owned(), LONG);
        }
        cache.list_changed(ada);
        assert_eq!(cache.lists.get(&ada), None);
        assert_eq!(cache.lists.get(&bob), Some("1".to_owned()));
        let before = cache.lists.before();
        cache
            .lists
            .keep(before, &bob, "2".to_owned(), Duration::ZERO);
        assert_eq!(cache.lists.get(&bob), None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let cache = PollCache::new(&Metrics::default());
        cache.listening();
        let before = cache.sessions.before();
        cache.session_ended("a");
        cache
            .sessions
            .keep(before, &"a".to_owned(), UserId::new(), LONG);
        assert_eq!(cache.sessions.get("a"), None);
    }

    #[test]
    fn nothing_is_kept_while_nobody_listens() {
        let cache = PollCache::new(&Metrics::default());
        let owner = UserId::new();
        let keep = || {
            let before = cache.lists.before();
            cache.lists.keep(before, &owner, "1".to_owned(), LONG);
        };
        keep();
        assert_eq!(cache.lists.get(&owner), None);
        cache.listening();
        assert_eq!(cache.lists.get(&owner), None, "it may be outdated");
        keep();
        assert!(cache.lists.get(&owner).is_some());
        cache.not_listening();
        assert_eq!(cache.lists.get(&owner), None);
    }

    #[test]
    fn each_used_session_is_noted_once() {
        let cache = PollCache::new(&Metrics::default());
        cache.note_used("a");
        cache.note_used("a");
        assert_eq!(cache.take_used(), ["a"]);
        assert!(cache.take_used().is_empty());
    }
}
