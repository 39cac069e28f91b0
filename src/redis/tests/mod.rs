//! Redis that is there, that is not, and that hangs; and the arithmetic of the call budget on both sides.

mod calls;
mod hanging;
mod schedule;
mod world;

use super::Redis;
use fred::prelude::ClientLike;

/// The address of the Redis of this run.
pub fn url() -> String {
    std::env::var("REDIS_URL").expect("REDIS_URL is set by scripts/test")
}

/// A connection to Redis that is there already.
pub async fn redis() -> Redis {
    connected(&url()).await
}

async fn connected(url: &str) -> Redis {
    let redis = Redis::connect(Some(url)).unwrap();
    let client = redis.0.as_ref().unwrap();
    client.wait_for_connect().await.unwrap();
    redis
}

fn prefix() -> String {
    format!("test:{}:", uuid::Uuid::now_v7())
}
