//! Three copies on one PostgreSQL and one Redis, killed and started again at random while people deploy and delete: nothing
//! is lost, nothing is doubled, and together they stay within what Coolify allows.

use crate::process::{Dashboard, Environment, Person, Servers, World, wait};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How many copies there are.
const COPIES: usize = 3;
/// How long everything may take to come to its end once nobody is killed any more: Coolify's limit decides.
const CALM: Duration = Duration::from_mins(45);
/// How many calls Coolify allows in a minute.
const ALLOWED: u64 = 200;

/// What happened.
#[derive(Default)]
struct Tally {
    kills: Cell<u32>,
    refused: Cell<u32>,
}

/// `COPIES_ENVIRONMENTS` and `COPIES_SECONDS` make it longer: scripts/copies does.
#[tokio::test]
async fn several_copies_that_are_killed_at_random_lose_nothing_and_double_nothing() {
    let _turn = crate::TURN.lock().await;
    let environments = number("COPIES_ENVIRONMENTS", 6);
    let lasting = Duration::from_secs(number("COPIES_SECONDS", 20));
    let servers = Servers::start().await;
    let world = World::new(&servers, "copies", 5.0).await;
    let settings = json!({ "delete_seconds": 5.0 });
    world.coolify.settings(settings).await;
    let mut copies = Vec::new();
    for _ in 0..COPIES {
        copies.push(world.dashboard(&[]).await);
    }
    let tally = Tally::default();
    let copies = RefCell::new(copies);
    let names: Vec<String> = (0..environments)
        .map(|n| format!("Workspace {n}"))
        .collect();
    let end = Instant::now() + lasting;
    tokio::join!(
        kill_at_random(&world, &copies, &tally, end),
        people(&world, &copies, &names, &tally, end),
    );
    let calm = Instant::now();
    let settled = wait(CALM, async || {
        settled(&world, &names, &copies).await.then_some(())
    })
    .await;
    let findings = findings(&world, &names, &tally, calm.elapsed()).await;
    println!("{}", findings.text);
    assert!(settled.is_some(), "not settled\n{}", world.last_words());
    assert!(findings.wrong.is_empty(), "{:#?}", findings.wrong);
}

fn number(variable: &str, default: u64) -> u64 {
    let told = std::env::var(variable).ok();
    told.map_or(default, |told| told.parse().expect("a number"))
}

/// The names that are deleted again once they run: every other one.
fn is_deleted(number: usize) -> bool {
    number % 2 == 1
}

async fn kill_at_random(
    world: &World,
    copies: &RefCell<Vec<Dashboard>>,
    tally: &Tally,
    end: Instant,
) {
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(rand::random_range(500..3_000))).await;
        let which = rand::random_range(0..COPIES);
        let fresh = world.spawn();
        // Dropping the old one kills it.
        copies.borrow_mut()[which] = fresh;
        tally.kills.set(tally.kills.get() + 1);
    }
}

/// Everybody makes an environment that is deployed at once, and later deletes every other one.
async fn people(
    world: &World,
    copies: &RefCell<Vec<Dashboard>>,
    names: &[String],
    tally: &Tally,
    end: Instant,
) {
    let pause = (end - Instant::now()) / 2 / u32::try_from(names.len()).unwrap();
    for name in names {
        while world.named(name).await.is_none() {
            let form = [
                ("name", name.as_str()),
                ("password", "opens it all"),
                ("deploy", "1"),
            ];
            send(&somebody(world, copies), "/environments", &form, tally).await;
        }
        tokio::time::sleep(pause).await;
    }
    while Instant::now() < end {
        delete_what_runs(world, copies, names, tally).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn delete_what_runs(
    world: &World,
    copies: &RefCell<Vec<Dashboard>>,
    names: &[String],
    tally: &Tally,
) {
    let now = world.environments().await.unwrap();
    let doomed = now.iter().filter(|(name, now)| {
        let number = names.iter().position(|one| one == name);
        now.status == "running" && number.is_some_and(is_deleted)
    });
    for (name, environment) in doomed {
        let form = [("confirmation", name.as_str())];
        send(
            &somebody(world, copies),
            &environment.path("delete"),
            &form,
            tally,
        )
        .await;
    }
}

/// A person at any of the copies, which may be dead at the moment.
fn somebody(world: &World, copies: &RefCell<Vec<Dashboard>>) -> Person {
    world.person(&copies.borrow()[rand::random_range(0..COPIES)])
}

async fn send(person: &Person, path: &str, form: &[(&str, &str)], tally: &Tally) {
    if person.post(path, form).await.is_err() {
        tally.refused.set(tally.refused.get() + 1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn settled(world: &World, names: &[String], copies: &RefCell<Vec<Dashboard>>) -> bool {
    delete_what_runs(world, copies, names, &Tally::default()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let now = world.environments().await.unwrap();
    let is_kept = |name: &String| {
        names
            .iter()
            .position(|one| one == name)
            .is_some_and(|n| !is_deleted(n))
    };
    let kept = names.iter().filter(|name| is_kept(name)).count();
    let done = |(name, now): &(String, Environment)| is_kept(name) && now.status == "running";
    now.len() == kept && now.iter().all(done) && world.jobs().await == 0
}

struct Findings {
    text: String,
    wrong: Vec<String>,
}

async fn findings(world: &World, names: &[String], tally: &Tally, calm: Duration) -> Findings {
    let ledger = world.coolify.ledger().await;
    let records = ledger["applications"].as_array().unwrap();
    let now = world.environments().await.unwrap();
    let left = records.iter().filter(|one| one["deleted_at"].is_null());
    let left: Vec<&str> = left.filter_map(|one| one["name"].as_str()).collect();
    let known = |name: &&&str| now.iter().any(|(_, one)| one.subdomain == **name);
    let strangers: Vec<&&str> = left.iter().filter(|name| !known(name)).collect();
    let doubled = records.len().saturating_sub(names.len());
    let at_once = records
        .iter()
        .filter_map(|one| one["deployments_at_once"].as_u64())
        .max();
    let most = ledger["most_calls_in_a_minute"].as_u64().unwrap_or(0);
    let throttled: u64 = ledger["calls"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|answers| answers["429"].as_u64())
        .sum();
    let jobs = world.jobs().await;
    let mut wrong = Vec::new();
    let mut note = |is: bool, what: String| {
        if is {
            wrong.push(what);
        }
    };
    note(doubled > 0, format!("{doubled} applications too many"));
    note(
        records.len() < names.len(),
        "an environment was never deployed".to_owned(),
    );
    note(
        !strangers.is_empty(),
        format!("left at Coolify: {strangers:?}"),
    );
    note(
        left.len() != now.len(),
        "rows and applications differ".to_owned(),
    );
    note(
        at_once > Some(1),
        "two builds of one application at once".to_owned(),
    );
    note(
        records.iter().any(|one| one["orphan_container"] == true),
        "a container runs on".to_owned(),
    );
    note(most > ALLOWED, format!("{most} calls within a minute"));
    note(
        throttled > 0,
        format!("Coolify refused {throttled} calls: too many"),
    );
    note(jobs > 0, format!("{jobs} jobs are left over"));
    let text = format!(
        "\nSeveral copies: {COPIES} processes, {} environments\n\n\
         | what | found |\n|---|---|\n\
         | processes killed | {} |\n\
         | clicks that met a dead process and were repeated | {} |\n\
         | environments that run at the end | {} |\n\
         | applications made, for {} environments | {} |\n\
         | applications removed | {} |\n\
         | applications that no row knows | {} |\n\
         | most deployments of one application at once | {} |\n\
         | jobs left over | {jobs} |\n\
         | calls to Coolify | {} |\n\
         | most calls within a minute, of {ALLOWED} allowed | {most} |\n\
         | calls that Coolify refused as too many | {throttled} |\n\
         | seconds from the last kill until all was settled | {:.0} |\n",
        names.len(),
        tally.kills.get(),
        tally.refused.get(),
        now.len(),
        names.len(),
        records.len(),
        records.len() - left.len(),
        strangers.len(),
        at_once.unwrap_or(0),
        ledger["calls_total"],
        calm.as_secs_f64(),
    );
    Findings { text, wrong }
}
