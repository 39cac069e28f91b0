//! Token buckets for sign-in, registration and the API. Without Redis, or during its outages, they work inside the process.

use super::Redis;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The maximum number of buckets inside the process; the least recently used are dropped.
const LOCAL_BUCKETS: u64 = 10_000;
/// After this time every bucket is full again.
const UNUSED: Duration = Duration::from_hours(5);

/// A bucket of `capacity` tokens that gains one every `refill`.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    pub name: &'static str,
    pub capacity: u32,
    /// The time to regain one token.
    pub refill: Duration,
}

impl Bucket {
    /// One of somebody who tries passwords.
    const fn of_passwords(name: &'static str) -> Self {
        Self {
            name,
            capacity: 20,
            refill: Duration::from_secs(15),
        }
    }

    fn refill_per_ms(&self) -> f64 {
        1.0 / (self.refill.as_secs_f64() * 1_000.0)
    }
}

/// Failed sign-ins from one network.
pub const SIGN_IN_BY_ADDRESS: Bucket = Bucket {
    name: "sign-in-address",
    capacity: 30,
    refill: Duration::from_secs(2),
};
/// Failed sign-ins to one account from one network.
pub const SIGN_IN_BY_ACCOUNT: Bucket = Bucket::of_passwords("sign-in-account");
/// Failed sign-ins to one account in a browser where somebody signed in to it before.
pub const SIGN_IN_BY_BROWSER: Bucket = Bucket::of_passwords("sign-in-browser");
/// Wrong passwords of somebody who is signed in and asked again.
pub const PROMPT_BY_USER: Bucket = Bucket::of_passwords("prompt-user");
/// Registrations from one network.
pub const REGISTER_BY_ADDRESS: Bucket = Bucket {
    name: "register-address",
    capacity: 60,
    refill: Duration::from_secs(5),
};
/// Registrations of one e-mail address from one network.
pub const REGISTER_BY_ACCOUNT: Bucket = Bucket {
    name: "register-account",
    capacity: 10,
    refill: Duration::from_secs(30),
};
/// Looks of one person at repositories of their choice.
pub const SOURCES_BY_USER: Bucket = Bucket {
    name: "sources-user",
    capacity: 30,
    refill: Duration::from_secs(2),
};
/// Wrong tokens of the API from one network.
pub const TOKEN_BY_ADDRESS: Bucket = Bucket {
    name: "token-address",
    capacity: 60,
    refill: Duration::from_secs(1),
};
/// Requests with all tokens of one person.
pub const API_BY_USER: Bucket = Bucket {
    name: "api-user",
    capacity: 300,
    refill: Duration::from_millis(100),
};
/// A local bucket's tokens at a point in time.
struct Level {
    tokens: f64,
    at: Instant,
}

/// The buckets, shared by all instances through Redis.
#[derive(Clone)]
pub struct Limits {
    redis: Redis,
    prefix: Arc<str>,
    local: Cache<String, Arc<Mutex<Level>>>,
}

/// Takes a token: zero or less is how many are left, negated, and more is the wait for one in milliseconds.
pub(super) const TAKE: &str = r"
local capacity, refill = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(capacity, (tonumber(state[1]) or capacity) + math.max(0, now - (tonumber(state[2]) or now)) * refill)
local wait
if tokens >= 1 then
  tokens = tokens - 1
  wait = -math.floor(tokens)
else
  wait = math.ceil((1 - tokens) / refill)
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - tokens) / refill) + 1000)
return wait
";

/// Puts a token back. A bucket that is not kept is full.
pub(super) const GIVE_BACK: &str = r"
local tokens = tonumber(redis.call('HMGET', KEYS[1], 'tokens')[1])
if tokens then
  redis.call('HSET', KEYS[1], 'tokens', tostring(math.min(tonumber(ARGV[1]), tokens + 1)))
end
return 0
";

impl Limits {
    /// Buckets with this key prefix.
    pub fn new(redis: Redis, prefix: &str) -> Self {
        Self {
            redis,
            prefix: prefix.into(),
            local: Cache::builder()
                .max_capacity(LOCAL_BUCKETS)
                .time_to_idle(UNUSED)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
        }
    }

    /// Takes a token from the bucket of `who`; returns how many are left.
    ///
    /// # Errors
    /// The time until a token is available.
    pub async fn take(&self, bucket: &Bucket, who: &str) -> Result<u32, Duration> {
        match self.take_shared(bucket, who).await {
            Some(taken) => taken,
            None => self.take_local(bucket, who),
        }
    }

    /// Puts a token back into the bucket of `who`.
    pub async fn give_back(&self, bucket: &Bucket, who: &str) {
        let arguments = vec![bucket.capacity.to_string()];
        let shared = self.redis.run(GIVE_BACK, self.key(bucket, who), arguments);
        let shared: Option<u64> = shared.await;
        if shared.is_none() {
            let level = self.level(bucket, who);
            let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
            level.tokens = f64::from(bucket.capacity).min(level.tokens + 1.0);
        }
    }

    fn key(&self, bucket: &Bucket, who: &str) -> String {
        format!("{}{}:{who}", self.prefix, bucket.name)
    }

    async fn take_shared(&self, bucket: &Bucket, who: &str) -> Option<Result<u32, Duration>> {
        let key = self.key(bucket, who);
        let arguments = vec![
            bucket.capacity.to_string(),
            bucket.refill_per_ms().to_string(),
        ];
        let wait: i64 = self.redis.run(TAKE, key, arguments).await?;
        Some(match u64::try_from(wait) {
            Ok(wait) if wait > 0 => Err(Duration::from_millis(wait)),
            _ => Ok(u32::try_from(-wait).unwrap_or_default()),
        })
    }

    fn take_local(&self, bucket: &Bucket, who: &str) -> Result<u32, Duration> {
        let level = self.level(bucket, who);
        let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
        level.take(bucket)
    }

    fn level(&self, bucket: &Bucket, who: &str) -> Arc<Mutex<Level>> {
        let full = || {
            Arc::new(Mutex::new(Level {
                tokens: bucket.capacity.into(),
                at: Instant::now(),
            }))
        };
        self.local.get_with(format!("{}:{who}", bucket.name), full)
    }
}

impl Level {
    fn take(&mut self, bucket: &Bucket) -> Result<u32, Duration> {
        let (capacity, refill) = (f64::from(bucket.capacity), bucket.refill.as_secs_f64());
        let back = self.at.elapsed().as_secs_f64() / refill;
        self.at = Instant::now();
        self.tokens = capacity.min(self.tokens + back);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            Ok(whole(self.tokens))
        } else {
            Err(Duration::from_secs_f64((1.0 - self.tokens) * refill))
        }
    }
}

/// How many whole tokens there are.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no bucket holds so many, and none less than nothing"
)]
fn whole(tokens: f64) -> u32 {
    tokens.floor() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Bucket = Bucket {
        name: "slow",
        capacity: 3,
        refill: Duration::from_hours(1),
    };

    async fn behaves(limits: &Limits) {
        for taken in 1..=SLOW.capacity {
            assert_eq!(limits.take(&SLOW, "a").await, Ok(SLOW.capacity - taken));
        }
        let wait = limits.take(&SLOW, "a").await.unwrap_err();
        assert!(
            wait > Duration::from_mins(59) && wait <= Duration::from_secs(3_601),
            "{wait:?}"
        );
        assert!(
            limits.take(&SLOW, "b").await.is_ok(),
            "another one has a bucket of its own"
        );
        limits.give_back(&SLOW, "a").await;
        assert!(limits.take(&SLOW, "a").await.is_ok());
        assert!(limits.take(&SLOW, "a").await.is_err());
        for _ in 0..=SLOW.capacity {
            limits.give_back(&SLOW, "b").await;
            limits.give_back(&SLOW, "c").await;
        }
        for who in ["b", "c"] {
            for _ in 0..SLOW.capacity {
                assert!(limits.take(&SLOW, who).await.is_ok());
            }
            let wait = limits.take(&SLOW, who).await;
            assert!(wait.is_err(), "it holds no more than its capacity");
        }
    }

    #[tokio::test]
    async fn a_bucket_empties_and_says_how_long_to_wait_without_redis() {
        behaves(&Limits::new(Redis::default(), "")).await;
    }

    #[tokio::test]
    async fn a_bucket_empties_and_says_how_long_to_wait_with_redis() {
        let redis = crate::redis::tests::redis().await;
        let prefix = format!("test:{}:", uuid::Uuid::now_v7());
        behaves(&Limits::new(redis.clone(), &prefix)).await;
        let elsewhere = Limits::new(redis, &prefix);
        assert!(
            elsewhere.take(&SLOW, "a").await.is_err(),
            "another copy shares the bucket"
        );
    }
}
