//! Stories of transactions whose caller goes away: nothing of them stays open.

use super::database::Database;
use crate::store;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use time::OffsetDateTime;
use tokio::task::yield_now;

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

/// Polls a future this often, and then leaves it.
async fn abandon<F: Future>(future: F, polls: usize) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if polled.is_ready() {
            return;
        }
        yield_now().await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_transaction_open() {
    let database = Database::new().await;
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.connect_lazy_with(database.options());
    for polls in (1..100).cycle().take(2_000) {
        abandon(store::begin(&pool), polls).await;
        assert!(!is_open(&pool).await, "left after {polls} polls");
    }
    pool.close().await;
    database.remove().await;
}
