//! The arithmetic: tables of waits, what holds whatever is asked, and that the process and Redis get the same results.

use super::world::{Ask, World};
use crate::redis::schedule::{CallRates, Lane, Millis, Rate};
use Ask::{Pause, Paused, Reserve, Try};
use Lane::{Deployment, Log, Look, Removal};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const MINUTE: Millis = 60_000;
/// What Coolify allows in any minute.
const ALLOWED: usize = 200;
/// A time as Redis's clock has it.
const TODAY: Millis = 1_790_000_000_000;

/// A call a second, a look every two, a removal that goes before others every five.
const SIMPLE: CallRates = CallRates {
    common: rate(60, 5),
    looks: rate(30, 2),
    removals: rate(12, 2),
};

const fn rate(per_minute: u32, burst: u32) -> Rate {
    Rate { per_minute, burst }
}

/// The time, what is asked then, and the wait that is answered.
type Row = (Millis, Ask, Millis);

const TABLES: [(&str, &[Row]); 9] = [
    (
        "a burst at once, then one after the other",
        &[
            (0, Reserve(Deployment, 5, 0), 0),
            (0, Reserve(Deployment, 1, 0), 1_000),
            (0, Reserve(Deployment, 3, 0), 4_000),
            (4_000, Reserve(Deployment, 1, 0), 1_000),
            (20_000, Reserve(Deployment, 5, 0), 0),
            (20_000, Reserve(Deployment, 9, 0), 5_000),
        ],
    ),
    (
        "the time before a later reservation is for others",
        &[
            (0, Reserve(Deployment, 2, 10_000), 10_000),
            (0, Reserve(Deployment, 5, 0), 0),
            (0, Reserve(Deployment, 5, 0), 5_000),
            (0, Reserve(Deployment, 1, 0), 8_000),
        ],
    ),
    (
        "between two later reservations there is room as well",
        &[
            (0, Reserve(Deployment, 1, 20_000), 20_000),
            (0, Reserve(Deployment, 1, 5_000), 5_000),
            (0, Reserve(Deployment, 5, 0), 0),
            (0, Reserve(Deployment, 5, 0), 6_000),
            (0, Reserve(Deployment, 5, 18_000), 21_000),
        ],
    ),
    (
        "a removal waits for removals alone and delays the deployments that come after",
        &[
            (0, Reserve(Deployment, 5, 0), 0),
            (0, Reserve(Deployment, 5, 0), 5_000),
            (0, Reserve(Removal, 2, 0), 0),
            (0, Reserve(Removal, 1, 0), 5_000),
            (0, Reserve(Deployment, 1, 0), 9_000),
        ],
    ),
    (
        "a removal takes common calls where it need not go before others",
        &[
            (0, Reserve(Removal, 5, 0), 0),
            (0, Reserve(Deployment, 1, 0), 1_000),
            (0, Reserve(Removal, 2, 0), 0),
        ],
    ),
    (
        "a look has a share of its own, and common calls while half a burst is left",
        &[
            (0, Try(Look), 0),
            (0, Try(Look), 0),
            (0, Try(Look), 0),
            (0, Try(Look), 0),
            (0, Try(Look), 0),
            (0, Try(Look), 1_000),
            (0, Reserve(Deployment, 2, 0), 0),
            (0, Try(Look), 2_000),
            (2_000, Try(Look), 0),
        ],
    ),
    (
        "a log waits until nobody else does",
        &[
            (0, Try(Log), 0),
            (0, Try(Log), 0),
            (0, Try(Log), 1_000),
            (0, Reserve(Deployment, 5, 0), 2_000),
            (0, Try(Log), 6_000),
            (5_999, Try(Log), 1),
            (6_000, Try(Log), 0),
        ],
    ),
    (
        "what does not begin now is not taken",
        &[
            (0, Try(Deployment), 0),
            (0, Reserve(Deployment, 4, 0), 0),
            (0, Try(Deployment), 1_000),
            (0, Try(Deployment), 1_000),
            (0, Try(Removal), 0),
            (0, Reserve(Deployment, 1, 0), 2_000),
        ],
    ),
    (
        "nobody begins before the end of a pause",
        &[
            (0, Pause(30_000), 0),
            (0, Pause(1_000), 0),
            (0, Paused, 30_000),
            (0, Reserve(Deployment, 1, 0), 30_000),
            (0, Reserve(Deployment, 5, 0), 31_000),
            (0, Reserve(Removal, 1, 0), 30_000),
            (0, Reserve(Deployment, 1, 40_000), 40_000),
            (10_000, Try(Look), 20_000),
            (10_000, Try(Log), 30_000),
            (30_000, Paused, 0),
            (30_000, Try(Look), 0),
        ],
    ),
];

async fn check(mut world: impl AsyncFnMut() -> World) {
    for (name, rows) in TABLES {
        let mut world = world().await;
        for (number, (at, ask, wait)) in rows.iter().enumerate() {
            let answer = world.ask(&SIMPLE, *ask, TODAY + at).await;
            assert_eq!(answer, *wait, "{name}: row {number}, {ask:?}");
        }
    }
}

#[tokio::test]
async fn every_wait_is_the_one_in_the_tables_without_redis() {
    check(async || World::process()).await;
}

#[tokio::test]
async fn every_wait_is_the_one_in_the_tables_with_redis() {
    check(World::redis).await;
}

/// Something that is asked of the budget, with reservations for later among it.
fn anything(chance: &mut StdRng) -> Ask {
    let lanes = [Removal, Deployment, Deployment, Look, Log];
    let lane = lanes[chance.random_range(0..lanes.len())];
    let calls = chance.random_range(1..=12);
    match chance.random_range(0..100) {
        0..30 => Reserve(lane, calls, 0),
        30..50 => Reserve(lane, calls, chance.random_range(0..90_000)),
        50..98 => Try(lane),
        98 => Paused,
        _ => Pause(chance.random_range(0..20_000)),
    }
}

#[tokio::test]
async fn the_process_and_redis_get_the_same_results() {
    for seed in 0..4 {
        let mut chance = StdRng::seed_from_u64(seed);
        let (mut process, mut redis) = (World::process(), World::redis().await);
        let (rates, mut now) = (CallRates::default(), TODAY);
        for number in 0..600 {
            // For a while everything is for later, so that there are more gaps than are remembered.
            let ask = match number {
                100..160 => Reserve(
                    Deployment,
                    1,
                    (160 - number) * 5_000 + chance.random_range(0..900),
                ),
                _ => anything(&mut chance),
            };
            let ours = process.ask(&rates, ask, now).await;
            let theirs = redis.ask(&rates, ask, now).await;
            assert_eq!(ours, theirs, "seed {seed}, {number}: {ask:?}");
            now += chance.random_range(0..1_500);
        }
    }
}

/// The most calls that begin in any minute.
fn busiest_minute(mut begun: Vec<Millis>) -> usize {
    begun.sort_unstable();
    let within = |first: usize| begun.partition_point(|at| *at <= begun[first] + MINUTE) - first;
    (0..begun.len()).map(within).max().unwrap_or(0)
}

/// Asks many times, as often as `pace` says, and notes when calls begin.
async fn begun(seed: u64, pace: Millis, ask: impl Fn(&mut StdRng) -> Ask) -> Vec<Millis> {
    let mut chance = StdRng::seed_from_u64(seed);
    let (mut world, rates, mut now) = (World::process(), CallRates::default(), 0);
    let mut begun = vec![];
    for _ in 0..4_000 {
        let asked = ask(&mut chance);
        let wait = world.ask(&rates, asked, now).await;
        match asked {
            Reserve(_, calls, _) => begun.extend((0..calls).map(|_| now + wait)),
            Try(_) if wait == 0 => begun.push(now),
            _ => {}
        }
        now += chance.random_range(0..=2 * pace);
        // Now and then nobody asks, and bursts come back.
        if chance.random_ratio(1, 500) {
            now += MINUTE;
        }
    }
    begun
}

#[tokio::test]
async fn no_minute_sees_more_calls_than_coolify_allows_whatever_the_mix() {
    let mut busiest = 0;
    for seed in 0..8 {
        for pace in [10, 100, 400, 2_000] {
            let most = busiest_minute(begun(seed, pace, anything).await);
            assert!(most <= ALLOWED, "{most} calls, seed {seed}, pace {pace}");
            busiest = busiest.max(most);
        }
    }
    assert!(busiest > 160, "the mix asks for too little: {busiest}");
}

#[tokio::test]
async fn a_removal_waits_only_for_removals_before_it() {
    let (rates, mut chance) = (CallRates::default(), StdRng::seed_from_u64(1));
    let (mut crowded, mut alone) = (World::process(), World::process());
    // Alone, removals have nothing but what they may take before others.
    let only = CallRates {
        common: rate(1, 16),
        ..rates
    };
    alone.ask(&only, Reserve(Deployment, 16, 0), 0).await;
    alone.ask(&only, Reserve(Deployment, 16, 0), 0).await;
    let (mut now, mut waited_less) = (0, 0);
    for _ in 0..400 {
        let calls = chance.random_range(1..=9);
        crowded.ask(&rates, Reserve(Deployment, 9, 0), now).await;
        if chance.random_ratio(1, 4) {
            let removal = Reserve(Removal, calls, 0);
            let deployment = crowded.ask(&rates, Reserve(Deployment, 1, 0), now).await;
            let wait = crowded.ask(&rates, removal, now).await;
            assert!(wait <= alone.ask(&only, removal, now).await);
            waited_less += u32::from(wait < deployment);
        }
        now += chance.random_range(0..12_000);
    }
    assert!(waited_less > 50, "{waited_less}");
}
