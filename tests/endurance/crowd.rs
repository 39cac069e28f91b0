//! A crowd: ten people deploy twenty environments each at once, to a Coolify with the limits it has in life. Run by
//! scripts/scale.

use crate::process::{Person, Servers, World, until};
use serde_json::json;
use sqlx::Row;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How many people there are, and how many environments each deploys.
const PEOPLE: usize = 10;
const EACH: usize = 20;
/// How fast Coolify builds: each takes about six seconds.
const SPEED: f64 = 2.0;
/// How long everything may take.
const LIMIT: Duration = Duration::from_hours(1);
/// How often Coolify's own record is read; that is no call.
const WATCH: Duration = Duration::from_millis(100);
/// Lines of the log at which a step is attempted, finds nothing to do, and ends.
const LOG: &str =
    "info,sqlxmq=warn,sqlx=warn,tower_sessions=warn,vps_claude::actions::engine=debug";
/// What the former way cost, measured on 1137077 with six people and eight deployments each.
const FORMERLY: [&str; 4] = ["12 s", "25 s", "14.3", "not counted"];

#[tokio::test]
#[ignore = "takes a quarter of an hour; scripts/scale runs it"]
async fn a_crowd_gets_its_turns_and_nobody_is_refused() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let world = World::new(&servers, "crowd", SPEED).await;
    let dashboard = world.dashboard(&[("RUST_LOG", LOG)]).await;
    let mut people = vec![];
    for _ in 0..PEOPLE {
        people.push(Person::register(dashboard.url()).await);
    }
    let clicked = Instant::now();
    let clicks = people
        .iter()
        .enumerate()
        .map(|(number, person)| click(number, person));
    let (first_build, ()) = tokio::join!(first_build(&world, clicked), async {
        futures_util::future::join_all(clicks).await;
    });
    let looks = follow(&world).await;
    let found = Found {
        seconds: clicked.elapsed().as_secs_f64(),
        first_build,
        longest_pause: looks,
        calls: world.coolify.all_calls().await,
        attempts: world.count_in_log("step attempted") + world.count_in_log("nothing to do"),
        finished: world.count_in_log("step ended") - world.count_in_log("next=Again"),
        order: order(&world).await,
        ends: ends(&world).await,
    };
    println!("{}", found.table());
    let all = i64::try_from(PEOPLE * EACH).unwrap();
    assert_eq!(found.ends.get("succeeded"), Some(&all), "{:?}", found.ends);
    assert!(found.is_fair(), "{:?}", found.order);
}

/// One person after the other clicks, but nobody waits for another.
async fn click(number: usize, person: &Person) {
    for nth in 0..EACH {
        let name = format!("Person {number} workspace {nth}");
        let form = [
            ("name", name.as_str()),
            ("password", "opens it all"),
            ("deploy", "1"),
        ];
        let mut page = person.post("/environments", &form).await.unwrap();
        // Too many passwords at once: the page says so, and one tries again.
        while page.status == 503 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            page = person.post("/environments", &form).await.unwrap();
        }
        assert_eq!(page.status, 303, "{}", page.text);
    }
}

/// The seconds until Coolify is asked for the first build.
async fn first_build(world: &World, clicked: Instant) -> f64 {
    until("the first build", LIMIT, async || {
        (world.coolify.calls("deploy").await > 0).then_some(())
    })
    .await;
    clicked.elapsed().as_secs_f64()
}

/// Waits until nothing moves any more; the longest pause between two looks at the builds meanwhile, in seconds.
async fn follow(world: &World) -> f64 {
    let (mut count, mut last, mut longest) = (0, Instant::now(), 0.0_f64);
    let began = Instant::now();
    loop {
        let now = world.coolify.calls("deployments").await;
        if now != count {
            longest = longest.max(last.elapsed().as_secs_f64());
            (count, last) = (now, Instant::now());
        }
        let moving = "select count(*), count(*) filter (where stage = 'build')
                      from deployments where finished_at is null";
        let moving = sqlx::query_as(moving).fetch_one(&world.database);
        let (moving, building): (i64, i64) = moving.await.unwrap();
        if building == 0 {
            // There is nothing to look at.
            last = Instant::now();
        }
        if moving == 0 {
            return longest;
        }
        assert!(
            began.elapsed() < LIMIT,
            "{moving} still move\n{}",
            world.last_words()
        );
        tokio::time::sleep(WATCH).await;
    }
}

/// Whose deployment came up, in the order of time.
async fn order(world: &World) -> Vec<uuid::Uuid> {
    let order =
        "select e.owner_id from deployments d join environments e on e.id = d.environment_id
                 where d.outcome = 'succeeded' order by d.finished_at";
    sqlx::query_scalar(order)
        .fetch_all(&world.database)
        .await
        .unwrap()
}

/// How many deployments ended how.
async fn ends(world: &World) -> HashMap<String, i64> {
    let ends = "select outcome, count(*) as count from deployments group by outcome";
    let rows = sqlx::query(ends).fetch_all(&world.database).await.unwrap();
    rows.iter()
        .map(|row| (row.get("outcome"), row.get("count")))
        .collect()
}

struct Found {
    seconds: f64,
    first_build: f64,
    longest_pause: f64,
    calls: HashMap<String, u64>,
    attempts: usize,
    finished: usize,
    order: Vec<uuid::Uuid>,
    ends: HashMap<String, i64>,
}

impl Found {
    /// Whether everybody's first one came up before anybody's third.
    fn is_fair(&self) -> bool {
        let mut counts: HashMap<uuid::Uuid, usize> = HashMap::new();
        for owner in &self.order {
            let count = counts.entry(*owner).or_default();
            *count += 1;
            if *count == 3 {
                return counts.len() == PEOPLE;
            }
        }
        false
    }

    /// Calls for one deployment, beside the look that serves all, and what is asked for whoever deploys.
    fn calls_each(&self) -> f64 {
        let shared = ["deployments", "server", "find", "address"];
        let own = self
            .calls
            .iter()
            .filter(|(name, _)| !shared.contains(&name.as_str()));
        let sum: u64 = own.map(|(_, count)| count).sum();
        f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(PEOPLE * EACH).unwrap())
    }

    fn table(&self) -> String {
        let attempts = f64::from(u32::try_from(self.attempts).unwrap());
        let finished = f64::from(u32::try_from(self.finished.max(1)).unwrap());
        let [first, pause, each, steps] = FORMERLY;
        format!(
            "\nCrowd: {PEOPLE} people, {EACH} deployments each, Coolify's own limits, {:.0} s in all\n\n\
             | what | now | formerly |\n|---|---|---|\n\
             | deployments that ended | {:?} | some cancelled |\n\
             | until the first build was asked for | {:.1} s | {first} until it was up |\n\
             | everybody's first one before anybody's third | {} | no |\n\
             | longest pause between two looks | {:.1} s | {pause} |\n\
             | calls a deployment, beside the shared looks | {:.1} | {each} |\n\
             | attempts for each step that ended | {:.2} | {steps} |\n\
             | calls | {} | |\n",
            self.seconds,
            self.ends,
            self.first_build,
            if self.is_fair() { "yes" } else { "no" },
            self.longest_pause,
            self.calls_each(),
            attempts / finished,
            json!(self.calls),
        )
    }
}
