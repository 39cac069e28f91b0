//! Outages of our own: PostgreSQL goes away and comes back, connections are cut, Redis stops, nobody takes the log. Pages
//! say so and come back by themselves; jobs go on.

use crate::process::{Dashboard, Person, Servers, World, until, wait};
use std::path::Path;
use std::time::{Duration, Instant};

/// Within this time everything is well again once what was away is back.
const WELL_AGAIN: Duration = Duration::from_mins(1);
/// How long a page may take while PostgreSQL is away. It waits 3 s for a connection.
const SAYS_SO: Duration = Duration::from_secs(30);
/// How long a page may take while Redis is away; on an idle machine some milliseconds.
const WITHOUT_REDIS: Duration = Duration::from_secs(5);
/// How long a deployment may take in the middle of it all: a lease of 25 s may have to end.
const DEPLOYED: Duration = Duration::from_mins(10);
const PAGE: &str = "/environments";
const NAME: &str = "Test Workspace";

#[tokio::test]
async fn postgresql_that_crashes_and_starts_again_costs_seconds() {
    let _turn = crate::TURN.lock().await;
    let mut servers = Servers::start().await;
    let world = World::new(&servers, "crashed", 2.0).await;
    let dashboard = world.dashboard(&[]).await;
    let person = world.person(&dashboard);
    world.create(&person, NAME, true).await;
    servers.stop_postgres();
    says_unavailable(&person).await;
    let alive = person.get("/healthz").await.unwrap().status;
    let ready = person.get("/readyz").await.unwrap().status;
    assert_eq!((alive, ready), (200, 503), "it lives and cannot work");
    tokio::time::sleep(Duration::from_secs(5)).await;
    servers.start_postgres().await;
    let back = comes_back(&person).await;
    world.settles(NAME, "running", DEPLOYED).await;
    println!(
        "PostgreSQL crashed for 5 s: pages are back {back:.1} s after it, the deployment ended well"
    );
    ends_clean(&world).await;
}

#[tokio::test]
async fn connections_that_are_cut_again_and_again_cost_nothing_but_a_reload() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let world = World::new(&servers, "cut", 2.0).await;
    let dashboard = world.dashboard(&[]).await;
    let person = world.person(&dashboard);
    world.create(&person, NAME, true).await;
    let mut answers = Vec::new();
    for _ in 0..8 {
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vps-claude'";
        servers.sql(cut).await;
        answers.push(person.get(PAGE).await.unwrap().status);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(
        answers.iter().all(|status| [200, 503].contains(status)),
        "{answers:?}"
    );
    let back = comes_back(&person).await;
    world.settles(NAME, "running", DEPLOYED).await;
    println!(
        "connections cut 8 times: answers {answers:?}, back after {back:.1} s, the deployment ended well"
    );
    ends_clean(&world).await;
}

#[tokio::test]
async fn without_redis_every_page_answers_and_deployments_go_on() {
    let _turn = crate::TURN.lock().await;
    let mut servers = Servers::start().await;
    let world = World::new(&servers, "redis", 2.0).await;
    let dashboard = world.dashboard(&[]).await;
    let person = world.person(&dashboard);
    world.create(&person, NAME, true).await;
    servers.stop_redis();
    let mut slowest = Duration::ZERO;
    for _ in 0..10 {
        let asked = Instant::now();
        let page = person.get(PAGE).await.unwrap();
        slowest = slowest.max(asked.elapsed());
        assert_eq!(page.status, 200);
    }
    assert!(slowest < WITHOUT_REDIS, "{slowest:?}");
    until("that it says so", WELL_AGAIN, async || {
        says_redis(&person, "false").await
    })
    .await;
    Person::register(dashboard.url())
        .await
        .get(PAGE)
        .await
        .unwrap();
    world.settles(NAME, "running", DEPLOYED).await;
    servers.start_redis().await;
    let started = Instant::now();
    until("Redis", WELL_AGAIN, async || {
        says_redis(&person, "true").await
    })
    .await;
    println!(
        "Redis stopped: the slowest page took {slowest:.1?}, the deployment ended well, it is used again {:.1?} after its start",
        started.elapsed()
    );
    ends_clean(&world).await;
}

#[tokio::test]
async fn a_log_that_nobody_takes_stops_nothing() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let world = World::new(&servers, "log", 10.0).await;
    let full = Dashboard::start_logging_to(&world.settings, Path::new("/dev/full")).await;
    deploys_and_stops(&world, full, "On a full disk").await;
    let closed = Dashboard::start_logging_to_nobody(&world.settings).await;
    deploys_and_stops(&world, closed, "With nobody there").await;
    println!("log on a full disk, and closed: pages, jobs and the end of the process are as ever");
    ends_clean(&world).await;
}

async fn deploys_and_stops(world: &World, dashboard: Dashboard, name: &str) {
    let person = world.person(&dashboard);
    world.create(&person, name, true).await;
    world.settles(name, "running", DEPLOYED).await;
    assert_eq!(person.get(PAGE).await.unwrap().status, 200);
    assert!(dashboard.stop().await.success());
}

/// The page says what is wrong and what to do, and does not let people wait.
async fn says_unavailable(person: &Person) {
    let asked = Instant::now();
    let page = person.get(PAGE).await.unwrap();
    assert_eq!(page.status, 503);
    assert!(
        page.text.contains("The database cannot be reached"),
        "{}",
        page.text
    );
    assert!(asked.elapsed() < SAYS_SO, "{:?}", asked.elapsed());
}

/// The seconds until the page is there again.
async fn comes_back(person: &Person) -> f64 {
    let began = Instant::now();
    until("the page", WELL_AGAIN, async || {
        let page = person.get(PAGE).await.ok()?;
        (page.status == 200).then_some(())
    })
    .await;
    began.elapsed().as_secs_f64()
}

async fn says_redis(person: &Person, word: &str) -> Option<()> {
    let text = person.get("/readyz").await.ok()?.text;
    text.contains(&format!("\"redis\":{word}")).then_some(())
}

async fn ends_clean(world: &World) {
    let idle = wait(WELL_AGAIN, async || (world.jobs().await == 0).then_some(())).await;
    assert!(idle.is_some(), "a job is left over");
    let ledger = world.coolify.ledger().await;
    let applications = ledger["applications"].as_array().unwrap();
    assert!(!applications.is_empty(), "nothing was ever deployed");
    for record in applications {
        assert_eq!(record["deployments_at_once"], 1, "{record}");
    }
}
