//! The status cache: what a row's poll needs to say "nothing new". It may vanish at any time.

use crate::domain::id::{EnvironmentId, UserId};
use fred::prelude::{Client, ClientLike, KeysInterface, LuaInterface};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// How long an entry is believed, in case a change was never told.
const BELIEVED: Duration = Duration::from_secs(5);
/// How many entries the process keeps itself.
const LOCAL_ENTRIES: usize = 10_000;

/// What is known of a row without asking the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Known {
    pub owner: UserId,
    pub version: i64,
    #[serde(with = "time::serde::timestamp::option")]
    pub checked_at: Option<OffsetDateTime>,
}

/// Keeps the newer of two versions, so that a slow reader cannot bring an old one back.
const PUT: &str = r"
local old = redis.call('GET', KEYS[1])
if old and cjson.decode(old)['version'] > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
";

/// The status cache, in Redis when it is there, in the process otherwise.
#[derive(Clone)]
pub struct StatusCache {
    redis: Option<Client>,
    prefix: Arc<str>,
    local: Arc<Mutex<HashMap<EnvironmentId, (Known, Instant)>>>,
}

impl StatusCache {
    /// A cache under a prefix of keys.
    pub fn new(redis: Option<Client>, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.into(),
            local: Arc::default(),
        }
    }

    /// What is known of the row, if it is fresh enough to be believed.
    pub async fn get(&self, id: EnvironmentId) -> Option<Known> {
        match self.connected() {
            Some(client) => {
                let json: Option<String> = client.get(self.key(id)).await.ok()?;
                serde_json::from_str(&json?).ok()
            }
            None => self.get_local(id),
        }
    }

    /// Tells what a row is now.
    pub async fn put(&self, id: EnvironmentId, known: Known) {
        let Some(client) = self.connected() else {
            return self.put_local(id, known);
        };
        let json = serde_json::to_string(&known).expect("three plain values are JSON");
        let arguments = vec![
            json,
            known.version.to_string(),
            BELIEVED.as_millis().to_string(),
        ];
        let stored: Result<i64, _> = client.eval(PUT, self.key(id), arguments).await;
        if let Err(error) = stored {
            tracing::debug!(%error, "status cache not written");
        }
    }

    /// The row is gone.
    pub async fn forget(&self, id: EnvironmentId) {
        self.local().remove(&id);
        if let Some(client) = self.connected() {
            let _: Result<i64, _> = client.del(self.key(id)).await;
        }
    }

    fn connected(&self) -> Option<&Client> {
        self.redis.as_ref().filter(|client| client.is_connected())
    }

    fn key(&self, id: EnvironmentId) -> String {
        format!("{}status:{id}", self.prefix)
    }

    fn local(&self) -> std::sync::MutexGuard<'_, HashMap<EnvironmentId, (Known, Instant)>> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get_local(&self, id: EnvironmentId) -> Option<Known> {
        self.local()
            .get(&id)
            .filter(|(_, at)| at.elapsed() < BELIEVED)
            .map(|(known, _)| *known)
    }

    fn put_local(&self, id: EnvironmentId, known: Known) {
        let mut entries = self.local();
        if entries.len() > LOCAL_ENTRIES {
            entries.retain(|_, (_, at)| at.elapsed() < BELIEVED);
        }
        let newer = entries
            .get(&id)
            .is_some_and(|(old, at)| old.version > known.version && at.elapsed() < BELIEVED);
        if !newer {
            entries.insert(id, (known, Instant::now()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn behaves(cache: StatusCache) {
        let (id, owner) = (EnvironmentId::new(), UserId::new());
        let known = |version| Known {
            owner,
            version,
            checked_at: None,
        };
        assert_eq!(cache.get(id).await, None);
        cache.put(id, known(2)).await;
        cache.put(id, known(1)).await;
        assert_eq!(
            cache.get(id).await,
            Some(known(2)),
            "an older version does not come back"
        );
        cache.forget(id).await;
        assert_eq!(cache.get(id).await, None);
    }

    #[tokio::test]
    async fn the_newest_version_is_kept_without_redis() {
        behaves(StatusCache::new(None, "")).await;
    }

    #[tokio::test]
    async fn the_newest_version_is_kept_with_redis() {
        let url = std::env::var("REDIS_URL").expect("REDIS_URL is set by scripts/test");
        let client =
            fred::prelude::Builder::from_config(fred::prelude::Config::from_url(&url).unwrap())
                .build()
                .unwrap();
        client.init().await.unwrap();
        behaves(StatusCache::new(
            Some(client),
            &format!("test:{}:", uuid::Uuid::now_v7()),
        ))
        .await;
    }
}
