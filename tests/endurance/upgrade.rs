//! An upgrade: the previous release works with the tables of the new one, and a new version that is started beside it in the
//! middle of many deployments takes over without losing or doubling one. Run by scripts/upgrade.

use crate::process::{Dashboard, PASSWORD, Person, Servers, World, until};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How fast Coolify builds: each takes about two seconds, and most of the time is what Coolify allows to be asked.
const SPEED: f64 = 5.0;
/// How long everything may take.
const LIMIT: Duration = Duration::from_mins(20);
/// How long both versions work together.
const TOGETHER: Duration = Duration::from_secs(5);
const NAME: &str = "Test Workspace";

/// The executable of the previous release.
fn previous() -> PathBuf {
    let path = std::env::var_os("PREVIOUS").expect("PREVIOUS is set by scripts/upgrade");
    PathBuf::from(path)
}

fn environments() -> usize {
    let told = std::env::var("UPGRADE_ENVIRONMENTS").ok();
    told.map_or(50, |told| told.parse().expect("a number"))
}

#[tokio::test]
#[ignore = "needs the previous release; scripts/upgrade builds it"]
async fn the_previous_release_works_with_the_tables_of_this_one() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let world = World::empty(&servers, "previous", SPEED).await;
    let old = Dashboard::start_other(&previous(), &world.settings, world.log()).await;
    let before = tables(&world).await;
    // It makes the tables new, and goes.
    drop(world.dashboard(&[]).await);
    let person = Person::register(old.url()).await;
    world.create(&person, NAME, true).await;
    world.settles(NAME, "running", LIMIT).await;
    let running = world.named(NAME).await.unwrap();
    assert!(world.coolify.opens(&running.subdomain, PASSWORD).await);
    let form = [("confirmation", NAME)];
    let page = person.post(&running.path("delete"), &form).await.unwrap();
    assert_eq!(page.status, 303, "{}", page.text);
    world.settles(NAME, "gone", LIMIT).await;
    let records = world.coolify.records(&running.subdomain).await;
    assert!(records[0]["deleted_at"].is_string(), "{records:?}");
    println!(
        "\nThe previous release registered, created, deployed and deleted; it made {before} migrations, and found {}.",
        tables(&world).await
    );
}

/// How many migrations were applied.
async fn tables(world: &World) -> i64 {
    let count = sqlx::query_scalar("select count(*) from _sqlx_migrations");
    count.fetch_one(&world.database).await.unwrap()
}

#[tokio::test]
#[ignore = "needs the previous release; scripts/upgrade builds it"]
async fn an_upgrade_in_the_middle_of_many_deployments_loses_and_doubles_none() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let mut lines = vec![];
    for signal in ["TERM", "KILL"] {
        lines.push(upgrade(&servers, signal).await);
    }
    println!(
        "\nAn upgrade in the middle of {} deployments\n\n\
         | the previous release ends with | ended before it began | ended when it ended | seconds in all | succeeded | applications | builds |\n\
         |---|---|---|---|---|---|---|\n{}",
        environments(),
        lines.join("\n")
    );
}

/// Starts the new version beside the old one, which ends by this signal; a line of the table.
async fn upgrade(servers: &Servers, signal: &str) -> String {
    let world = World::empty(servers, &format!("upgrade-{signal}"), SPEED).await;
    let mut old = Dashboard::start_other(&previous(), &world.settings, world.log()).await;
    let person = Person::register(old.url()).await;
    let began = Instant::now();
    for number in 0..environments() {
        world
            .create(&person, &format!("Workspace {number}"), true)
            .await;
    }
    until("the first deployments", LIMIT, async || {
        (ended(&world).await > 2).then_some(())
    })
    .await;
    let before = ended(&world).await;
    let new = world.dashboard(&[]).await;
    tokio::time::sleep(TOGETHER).await;
    let meanwhile = ended(&world).await;
    match signal {
        "TERM" => assert!(old.stop().await.success()),
        _ => old.kill(),
    }
    let all = i64::try_from(environments()).unwrap();
    until(&world.last_words(), LIMIT, async || {
        (ended(&world).await == all).then_some(())
    })
    .await;
    let seconds = began.elapsed().as_secs_f64();
    let found = check(&world).await;
    assert!(new.stop().await.success());
    format!("| SIG{signal} | {before} | {meanwhile} | {seconds:.0} | {found} |")
}

/// How many deployments have ended.
async fn ended(world: &World) -> i64 {
    let count = "select count(*) from deployments where finished_at is not null";
    let count = sqlx::query_scalar(count).fetch_one(&world.database);
    count.await.unwrap()
}

/// Every deployment succeeded, with one application and one build.
async fn check(world: &World) -> String {
    let all = environments();
    let succeeded = "select count(*) from deployments where outcome = 'succeeded'";
    let succeeded = sqlx::query_scalar(succeeded).fetch_one(&world.database);
    let succeeded: i64 = succeeded.await.unwrap();
    assert_eq!(usize::try_from(succeeded).unwrap(), all);
    let ledger = world.coolify.ledger().await;
    let records = ledger["applications"].as_array().unwrap();
    let wrong: Vec<&Value> = records
        .iter()
        .filter(|one| {
            let counts = [
                "builds_started",
                "deployments_requested",
                "deployments_at_once",
            ];
            counts.iter().any(|count| one[count] != 1) || !one["deleted_at"].is_null()
        })
        .collect();
    assert!(records.len() == all && wrong.is_empty(), "{wrong:#?}");
    let builds = records
        .iter()
        .filter_map(|one| one["builds_started"].as_u64());
    let builds: u64 = builds.sum();
    format!("{succeeded} | {} | {builds}", records.len())
}
