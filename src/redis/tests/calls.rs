//! The budget as its users have it: with Redis shared by all copies, without it inside the process.

use super::{prefix, redis};
use crate::redis::Redis;
use crate::redis::calls::{CallBudget, CallRates, Lane};
use crate::redis::schedule::Rate;
use std::time::Duration;

const NOW: Duration = Duration::ZERO;
/// What may pass between two lines of a test.
const SLACK: Duration = Duration::from_secs(30);

/// A call an hour after the first ones: time that passes changes nothing.
fn slow() -> CallRates {
    let rate = |burst| Rate {
        per_minute: 1,
        burst,
    };
    CallRates {
        common: rate(8),
        looks: rate(2),
        removals: rate(4),
    }
}

fn assert_about(wait: Duration, minutes: u64) {
    let expected = Duration::from_mins(minutes);
    assert!(
        wait <= expected && wait + SLACK > expected,
        "{wait:?} in place of {expected:?}"
    );
}

async fn behaves(budget: &CallBudget, other: &CallBudget) {
    assert_eq!(other.left().await, 8);
    assert_eq!(budget.reserve(Lane::Deployment, 6, NOW).await, NOW);
    assert_eq!(other.left().await, 2);
    assert_eq!(other.reserve(Lane::Deployment, 2, NOW).await, NOW);
    assert_eq!(budget.left().await, 0);
    assert_about(budget.reserve(Lane::Deployment, 3, NOW).await, 3);
    assert_about(
        other
            .reserve(Lane::Deployment, 1, Duration::from_hours(1))
            .await,
        60,
    );
    assert_about(other.reserve(Lane::Deployment, 1, NOW).await, 4);
    assert_eq!(other.reserve(Lane::Removal, 4, NOW).await, NOW);
    assert_about(budget.reserve(Lane::Removal, 1, NOW).await, 1);
    assert!(budget.try_one(Lane::Look).await.is_ok());
    assert!(other.try_one(Lane::Look).await.is_ok());
    assert_about(budget.try_one(Lane::Look).await.unwrap_err(), 1);
    assert!(budget.try_one(Lane::Log).await.unwrap_err() > Duration::from_mins(5));
    assert_eq!(other.paused().await, NOW);
    budget.pause(Duration::from_mins(2)).await;
    assert_about(other.paused().await, 2);
    budget.pause(Duration::from_hours(20)).await;
    assert_about(other.paused().await, 5);
    assert_about(other.try_one(Lane::Look).await.unwrap_err(), 5);
}

#[tokio::test]
async fn it_hands_out_times_and_heeds_a_pause_without_redis() {
    let budget = CallBudget::new(Redis::default(), "", slow());
    behaves(&budget, &budget.clone()).await;
}

#[tokio::test]
async fn two_copies_share_it_with_redis() {
    let prefix = prefix();
    let copy = async || CallBudget::new(redis().await, &prefix, slow());
    behaves(&copy().await, &copy().await).await;
}

#[tokio::test]
async fn a_pause_outlasts_redis() {
    let nowhere = Redis::connect(Some("redis://127.0.0.1:1")).unwrap();
    let budget = CallBudget::new(nowhere, "", slow());
    budget.pause(Duration::from_mins(2)).await;
    assert_about(budget.paused().await, 2);
    assert_about(budget.reserve(Lane::Removal, 1, NOW).await, 2);
}

#[tokio::test]
async fn a_reservation_for_the_end_of_time_is_one_for_tomorrow() {
    let budget = CallBudget::new(Redis::default(), "", CallRates::default());
    let wait = budget.reserve(Lane::Deployment, 1, Duration::MAX).await;
    assert_about(wait, 24 * 60);
}
