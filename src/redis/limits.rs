//! Token buckets: sign-in, registration, and the calls Coolify allows us. Without Redis, or while it is down, the same
//! buckets work inside the process.

use super::Redis;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many buckets the process keeps itself; beyond that the longest unused are forgotten.
const LOCAL_BUCKETS: u64 = 10_000;
/// After this every bucket is full again.
const UNUSED: Duration = Duration::from_mins(10);

/// A bucket: it holds `capacity` tokens and gets one back every `refill`.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    pub name: &'static str,
    pub capacity: u32,
    /// The time one token takes to come back.
    pub refill: Duration,
}

impl Bucket {
    fn refill_per_ms(&self) -> f64 {
        1.0 / (self.refill.as_secs_f64() * 1_000.0)
    }
}

/// Sign-ins from one address.
pub const SIGN_IN_BY_ADDRESS: Bucket = Bucket {
    name: "sign-in-address",
    capacity: 30,
    refill: Duration::from_secs(2),
};
/// Sign-ins to one account.
pub const SIGN_IN_BY_ACCOUNT: Bucket = Bucket {
    name: "sign-in-account",
    capacity: 20,
    refill: Duration::from_secs(15),
};
/// Registrations from one address.
pub const REGISTER_BY_ADDRESS: Bucket = Bucket {
    name: "register-address",
    capacity: 60,
    refill: Duration::from_secs(5),
};
/// Registrations of one e-mail address.
pub const REGISTER_BY_ACCOUNT: Bucket = Bucket {
    name: "register-account",
    capacity: 10,
    refill: Duration::from_secs(30),
};
/// Calls to Coolify, which allows 200 in any minute: together with the looks at most 40 at once and 150 a minute after that.
pub const COOLIFY: Bucket = Bucket {
    name: "coolify",
    capacity: 36,
    refill: Duration::from_millis(480),
};
/// The watcher's own share of them: however much is clicked, what Coolify does is seen.
pub const COOLIFY_LOOKS: Bucket = Bucket {
    name: "coolify-looks",
    capacity: 4,
    refill: Duration::from_millis(2_400),
};
/// Fetching logs of builds in flight: what is left of the above.
pub const COOLIFY_LOGS: Bucket = Bucket {
    name: "coolify-logs",
    capacity: 6,
    refill: Duration::from_secs(2),
};

/// What is done to a bucket.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    /// How many tokens must be left.
    keep: u32,
    /// How many are taken; put back when negative.
    count: i64,
    /// For how long nothing is to be had, when not zero.
    debt_ms: u64,
}

/// How many tokens a bucket of the process held, and when.
struct Level {
    tokens: f64,
    at: Instant,
}

/// The buckets, shared through Redis by all copies of the process.
#[derive(Clone)]
pub struct Limits {
    redis: Redis,
    prefix: Arc<str>,
    local: Cache<String, Arc<Mutex<Level>>>,
}

/// Takes tokens if that leaves `keep`; returns the wait in milliseconds otherwise. A negative number of them is put back.
const TAKE: &str = r"
local capacity, refill, keep = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local count, debt = tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(capacity, (tonumber(state[1]) or capacity) + math.max(0, now - (tonumber(state[2]) or now)) * refill)
local wait = 0
if debt > 0 then
  tokens = math.min(tokens, -debt * refill)
elseif tokens - keep >= count then
  tokens = math.min(capacity, tokens - count)
else
  wait = math.ceil((count + keep - tokens) / refill)
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - tokens) / refill) + 1000)
return wait
";

impl Limits {
    /// Buckets under a prefix of keys.
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

    /// Takes a token from the bucket of `who`, leaving `keep` tokens for others.
    ///
    /// # Errors
    /// How long until there is one.
    pub async fn take(&self, bucket: &Bucket, who: &str, keep: u32) -> Result<(), Duration> {
        let one = Change {
            keep,
            count: 1,
            ..Change::default()
        };
        self.change(bucket, who, one).await
    }

    /// Takes so many tokens at once, or none.
    ///
    /// # Errors
    /// How long until there are as many.
    pub async fn take_many(&self, bucket: &Bucket, who: &str, count: u32) -> Result<(), Duration> {
        let many = Change {
            count: count.into(),
            ..Change::default()
        };
        self.change(bucket, who, many).await
    }

    /// Puts tokens back that were taken and not needed.
    pub async fn put_back(&self, bucket: &Bucket, who: &str, count: u32) {
        let back = Change {
            count: -i64::from(count),
            ..Change::default()
        };
        // A bucket in debt takes nothing back: it does not matter then.
        self.change(bucket, who, back).await.ok();
    }

    /// Empties the bucket, so that nothing is to be had for this long.
    pub async fn pause(&self, bucket: &Bucket, who: &str, pause: Duration) {
        let debt = Change {
            debt_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX).max(1),
            ..Change::default()
        };
        self.change(bucket, who, debt).await.ok();
    }

    async fn change(&self, bucket: &Bucket, who: &str, change: Change) -> Result<(), Duration> {
        let wait = match self.change_shared(bucket, who, change).await {
            Some(wait) => wait,
            None => self.change_local(bucket, who, change),
        };
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    async fn change_shared(&self, bucket: &Bucket, who: &str, change: Change) -> Option<Duration> {
        let key = format!("{}{}:{who}", self.prefix, bucket.name);
        let arguments = vec![
            bucket.capacity.to_string(),
            bucket.refill_per_ms().to_string(),
            change.keep.to_string(),
            change.count.to_string(),
            change.debt_ms.to_string(),
        ];
        let wait = self.redis.run(TAKE, key, arguments).await;
        wait.map(Duration::from_millis)
    }

    fn change_local(&self, bucket: &Bucket, who: &str, change: Change) -> Duration {
        let full = || {
            Arc::new(Mutex::new(Level {
                tokens: bucket.capacity.into(),
                at: Instant::now(),
            }))
        };
        let level = self.local.get_with(format!("{}:{who}", bucket.name), full);
        let mut level = level.lock().unwrap_or_else(PoisonError::into_inner);
        level.change(bucket, change)
    }
}

impl Level {
    fn change(&mut self, bucket: &Bucket, change: Change) -> Duration {
        let (capacity, refill) = (f64::from(bucket.capacity), bucket.refill.as_secs_f64());
        let back = self.at.elapsed().as_secs_f64() / refill;
        self.at = Instant::now();
        self.tokens = capacity.min(self.tokens + back);
        let count = f64::from(i32::try_from(change.count).unwrap_or(i32::MAX));
        let missing = count + f64::from(change.keep) - self.tokens;
        if change.debt_ms > 0 {
            let debt = Duration::from_millis(change.debt_ms).as_secs_f64();
            self.tokens = self.tokens.min(-debt / refill);
        } else if missing <= 0.0 {
            self.tokens = capacity.min(self.tokens - count);
        } else {
            return Duration::from_secs_f64(missing * refill);
        }
        Duration::ZERO
    }
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
        assert!(limits.take(&SLOW, "a", 0).await.is_ok());
        assert!(
            limits.take(&SLOW, "a", 2).await.is_err(),
            "two are kept for others"
        );
        assert!(limits.take(&SLOW, "a", 0).await.is_ok());
        assert!(limits.take(&SLOW, "a", 0).await.is_ok());
        let wait = limits.take(&SLOW, "a", 0).await.unwrap_err();
        assert!(
            wait > Duration::from_mins(59) && wait <= Duration::from_secs(3_601),
            "{wait:?}"
        );
        assert!(
            limits.take(&SLOW, "b", 0).await.is_ok(),
            "another one has a bucket of its own"
        );
        assert!(
            limits.take_many(&SLOW, "b", 3).await.is_err(),
            "two are left, and none is taken"
        );
        assert!(limits.take_many(&SLOW, "b", 2).await.is_ok());
        limits.put_back(&SLOW, "b", 5).await;
        assert!(limits.take_many(&SLOW, "b", 4).await.is_err(), "it is full");
        assert!(limits.take_many(&SLOW, "b", 3).await.is_ok());
        limits.pause(&SLOW, "c", Duration::from_hours(2)).await;
        let wait = limits.take(&SLOW, "c", 0).await.unwrap_err();
        assert!(
            wait > Duration::from_mins(179) && wait <= Duration::from_secs(3 * 3_600 + 1),
            "{wait:?}"
        );
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
            elsewhere.take(&SLOW, "a", 0).await.is_err(),
            "another copy shares the bucket"
        );
    }
}
