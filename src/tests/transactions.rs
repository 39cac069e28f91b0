//! Stories of transactions whose caller goes away: nothing of them stays open.

use super::database::Database;
use crate::store;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::timeout;

/// The time of a transaction stands still.
async fn is_open(pool: &PgPool) -> bool {
    let mut connection = pool.acquire().await.unwrap();
    let mut now = async || -> OffsetDateTime {
        let now = sqlx::query_scalar("select now()");
        now.fetch_one(&mut *connection).await.unwrap()
    };
    let before = now().await;
    now().await == before
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_transaction_open() {
    let database = Database::new().await;
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.connect_lazy_with(database.options());
    let mut cancelled = 0;
    for microseconds in (0..2_000).step_by(10) {
        let beginning = store::begin(&pool);
        let begun = timeout(Duration::from_micros(microseconds), beginning).await;
        cancelled += u32::from(begun.is_err());
        drop(begun);
        assert!(!is_open(&pool).await, "cancelled after {microseconds} µs");
    }
    assert!(cancelled > 0);
    pool.close().await;
    database.remove().await;
}
