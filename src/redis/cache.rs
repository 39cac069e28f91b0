//! The status cache: the fields of a row that a poll needs to answer "nothing new". Entries may disappear at any time.

use super::Redis;
use crate::domain::id::{EnvironmentId, UserId};
use fred::prelude::KeysInterface;
use moka::ops::compute::Op;
use moka::sync::Cache;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// How long an entry lives, in case an update was missed.
const BELIEVED: Duration = Duration::from_secs(5);
/// The maximum number of entries inside the process.
const LOCAL_ENTRIES: u64 = 10_000;

/// A cached snapshot of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Known {
    pub owner: UserId,
    pub version: i64,
    #[serde(with = "time::serde::timestamp::option")]
    pub checked_at: Option<OffsetDateTime>,
    /// The status has not been confirmed for too long.
    pub unconfirmed: bool,
}

/// Stores an entry unless the stored one is newer, so that a slow reader cannot restore an old version.
const PUT: &str = r"
local old = redis.call('GET', KEYS[1])
if old and cjson.decode(old)['version'] > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1
";

/// The status cache, in Redis if available, otherwise inside the process.
#[derive(Clone)]
pub struct StatusCache {
    redis: Redis,
    prefix: Arc<str>,
    local: Cache<EnvironmentId, Known>,
}

impl StatusCache {
    /// A cache with this key prefix.
    pub fn new(redis: Redis, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.into(),
            local: Cache::builder()
                .max_capacity(LOCAL_ENTRIES)
                .time_to_live(BELIEVED)
                .build(),
        }
    }

    /// The row's entry, unless it has expired.
    pub async fn get(&self, id: EnvironmentId) -> Option<Known> {
        let Some(client) = self.redis.connected() else {
            return self.local.get(&id);
        };
        let json: Option<String> = client.get(self.key(id)).await.ok()?;
        serde_json::from_str(&json?).ok()
    }

    /// Stores the row's current state.
    pub async fn put(&self, id: EnvironmentId, known: Known) {
        let json = serde_json::to_string(&known).expect("three plain values are JSON");
        let believed = BELIEVED.as_millis().to_string();
        let arguments = vec![json, known.version.to_string(), believed];
        let shared: Option<i64> = self.redis.run(PUT, self.key(id), arguments).await;
        if shared.is_none() {
            self.put_local(id, known);
        }
    }

    /// Removes the entry of a deleted row.
    pub async fn forget(&self, id: EnvironmentId) {
        self.local.invalidate(&id);
        if let Some(client) = self.redis.connected() {
            let _: Result<i64, _> = client.del(self.key(id)).await;
        }
    }

    fn key(&self, id: EnvironmentId) -> String {
        format!("{}status:{id}", self.prefix)
    }

    fn put_local(&self, id: EnvironmentId, known: Known) {
        self.local.entry(id).and_compute_with(|old| match old {
            Some(old) if old.value().version > known.version => Op::Nop,
            _ => Op::Put(known),
        });
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
            unconfirmed: false,
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
        behaves(StatusCache::new(Redis::default(), "")).await;
    }

    #[tokio::test]
    async fn the_newest_version_is_kept_with_redis() {
        let redis = crate::redis::tests::redis().await;
        let prefix = format!("test:{}:", uuid::Uuid::now_v7());
        behaves(StatusCache::new(redis, &prefix)).await;
    }
}
