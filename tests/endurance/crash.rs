//! The crash matrix: the dashboard is killed at every call to Coolify and every commit of a deployment and of a removal,
//! started again, and must come to the right end with exactly one application.

mod change;
mod outcome;
mod points;

use crate::process::{Dashboard, Environment, PASSWORD, Person, Servers, World, until, wait};
use futures_util::{StreamExt, stream};
use outcome::{Outcome, table};
use points::{At, Journey, Point, points};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How many crash points are tried at once: most of the time each of them only waits for a lease to end.
const AT_ONCE: usize = 48;
/// How many processes may start at once.
const STARTS: usize = 4;
/// How long a killed dashboard may take to reach its crash point, and to come to its end afterwards.
const LIMIT: Duration = Duration::from_mins(15);
/// Within this time of the restart somebody must have taken up the environment again: its lease ends after 25 s.
const BEGINS_WITHIN: Duration = Duration::from_secs(45);
/// How long the last job may be there after the end.
const LAST_JOB: Duration = Duration::from_mins(2);
/// When a call lands late, this long after the crash: its environment has been taken up again by then.
const LATE: Duration = Duration::from_secs(28);

/// How fast Coolify builds until the crash, while nobody looks, and afterwards.
const SPEEDS: [f64; 3] = [4.0, 0.25, 50.0];

#[tokio::test]
async fn a_killed_dashboard_goes_on_where_it_was_and_never_makes_a_second_application() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let starts = Semaphore::new(STARTS);
    let began = Instant::now();
    let mut outcomes: Vec<Outcome> = stream::iter(points().into_iter().enumerate())
        .map(|(number, point)| try_point(&servers, &starts, number, point))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    outcomes.sort_by_key(|outcome| outcome.point.label());
    println!("{}", table(&outcomes, began.elapsed()));
    let wrong: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn try_point(servers: &Servers, starts: &Semaphore, number: usize, point: Point) -> Outcome {
    let world = {
        let _start = starts.acquire().await;
        World::new(servers, &format!("crash-{number}"), SPEEDS[0]).await
    };
    world
        .coolify
        .settings(json!({ "delete_seconds": 0.5 }))
        .await;
    let mut scene = Scene::set(&world, starts, point).await;
    let reached = scene.reach().await;
    let before = world.named(NAME).await;
    let late = async {
        if let At::LateCall(..) = point.at {
            tokio::time::sleep(LATE).await;
        }
        world.coolify.release().await;
    };
    let recover = scene.recover(before.clone());
    let ((begins, seconds), ()) = tokio::join!(recover, late);
    let mut outcome = judge(&world, point, before, begins, seconds).await;
    if !reached {
        outcome
            .wrong
            .push("the crash point was not reached".to_owned());
    }
    for wrong in &mut outcome.wrong {
        *wrong = format!("{}: {wrong}\n{}", point.label(), world.last_words());
    }
    outcome
}

const NAME: &str = "Test Workspace";

/// A journey that has come as far as the click that begins it.
struct Scene<'a> {
    world: &'a World,
    starts: &'a Semaphore,
    point: Point,
    dashboard: Dashboard,
    environment: Environment,
}

impl<'a> Scene<'a> {
    async fn set(world: &'a World, starts: &'a Semaphore, point: Point) -> Scene<'a> {
        let mut dashboard = start(world, starts, "").await;
        let person = world.person(&dashboard);
        let deployed = point.journey != Journey::Deploy;
        let held = matches!(point.journey, Journey::RemoveBuild | Journey::Cancel);
        if held {
            world.coolify.outcome("stuck_in_progress").await;
        }
        let mut environment = world.create(&person, NAME, deployed).await;
        match point.journey {
            Journey::Deploy => {}
            Journey::Remove | Journey::Redeploy | Journey::Change => {
                world.coolify.speed(SPEEDS[2]).await;
                world.settles(NAME, "running", LIMIT).await;
                world.coolify.speed(SPEEDS[0]).await;
                if point.journey == Journey::Change {
                    change::ask(&person, &environment).await;
                }
            }
            Journey::RemoveBuild | Journey::Cancel => {
                environment = until("the build", LIMIT, async || {
                    let now = world.named(NAME).await;
                    now.filter(|now| now.deployment_uuid.is_some())
                })
                .await;
            }
        }
        let failpoints = point.failpoints();
        if !failpoints.is_empty() {
            dashboard.kill();
            dashboard = start(world, starts, &failpoints).await;
        }
        if let Some(fault) = point.fault() {
            world.coolify.fault(fault).await;
        }
        Scene {
            world,
            starts,
            point,
            dashboard,
            environment,
        }
    }

    /// Clicks, waits for the crash point, and lets the dashboard die there.
    async fn reach(&mut self) -> bool {
        let person = self.world.person(&self.dashboard);
        let _ = click(&person, self.point.journey, &self.environment).await;
        let held = self.point.fault().is_some();
        let reached = wait(LIMIT, async || {
            let now = if held {
                self.world.coolify.held().await > 0
            } else {
                self.dashboard.ended().is_some()
            };
            now.then_some(())
        })
        .await;
        self.world.coolify.speed(SPEEDS[1]).await;
        self.dashboard.kill();
        reached.is_some()
    }

    /// Starts the dashboard again; says when the environment was taken up again and when it came to its end.
    async fn recover(&mut self, before: Option<Environment>) -> (Option<f64>, f64) {
        let world = self.world;
        let turn = self.starts.acquire().await;
        let restart = Instant::now();
        self.dashboard = world.dashboard(&[]).await;
        drop(turn);
        if self.is_click_lost(before.as_ref()) {
            let person = world.person(&self.dashboard);
            click(&person, self.point.journey, &self.environment)
                .await
                .expect("it is there again");
        }
        let begins = wait(LIMIT, async || {
            let now = world.named(NAME).await;
            let same =
                now.as_ref().map(|now| now.touched) == before.as_ref().map(|was| was.touched);
            (!same || self.is_over(now.as_ref())).then(|| restart.elapsed().as_secs_f64())
        })
        .await;
        world.coolify.speed(SPEEDS[2]).await;
        wait(LIMIT, async || {
            let now = world.named(NAME).await;
            self.is_over(now.as_ref()).then_some(())
        })
        .await;
        let needless = self.is_over(before.as_ref());
        (
            begins.filter(|_| !needless),
            restart.elapsed().as_secs_f64(),
        )
    }

    /// Whether the dashboard died before it had noted what was asked for: then the person sees an error and asks again.
    fn is_click_lost(&self, before: Option<&Environment>) -> bool {
        matches!(self.point.at, At::Commit("asked.before", _))
            && before.is_some_and(|was| matches!(was.status.as_str(), "pending" | "running"))
    }

    fn is_over(&self, now: Option<&Environment>) -> bool {
        now.map_or("gone", |now| now.status.as_str()) == self.point.journey.end()
    }
}

async fn start(world: &World, starts: &Semaphore, failpoints: &str) -> Dashboard {
    let _start = starts.acquire().await;
    if failpoints.is_empty() {
        world.dashboard(&[]).await
    } else {
        world.dashboard(&[("FAILPOINTS", failpoints)]).await
    }
}

async fn click(
    person: &Person,
    journey: Journey,
    environment: &Environment,
) -> reqwest::Result<u16> {
    let action = match journey {
        Journey::Deploy | Journey::Redeploy | Journey::Change => "deploy",
        Journey::Remove | Journey::RemoveBuild => "delete",
        Journey::Cancel => "cancel",
    };
    let form = [("confirmation", NAME)];
    let page = person.post(&environment.path(action), &form).await?;
    Ok(page.status)
}

async fn judge(
    world: &World,
    point: Point,
    before: Option<Environment>,
    begins: Option<f64>,
    seconds: f64,
) -> Outcome {
    let mut wrong = Vec::new();
    let end = world.named(NAME).await;
    let shown = end.as_ref().map_or("gone", |end| end.status.as_str());
    if shown != point.journey.end() {
        let reason = end.as_ref().and_then(|end| end.reason.clone());
        wrong.push(format!("ended {shown}: {reason:?}"));
    }
    if begins.is_some_and(|begins| begins > BEGINS_WITHIN.as_secs_f64()) {
        wrong.push(format!("was taken up again only after {begins:?} s"));
    }
    let idle = wait(LAST_JOB, async || (world.jobs().await == 0).then_some(()));
    if idle.await.is_none() {
        wrong.push("a job is left over".to_owned());
    }
    let row = before.as_ref().or(end.as_ref());
    let subdomain = row.map(|row| row.subdomain.clone()).unwrap_or_default();
    let records = if subdomain.is_empty() {
        world.coolify.ledger().await["applications"]
            .as_array()
            .unwrap()
            .clone()
    } else {
        world.coolify.records(&subdomain).await
    };
    let most = |key: &str| records.iter().filter_map(|one| one[key].as_u64()).max();
    if records.len() != 1 {
        wrong.push(format!("{} applications were made", records.len()));
    }
    if most("builds_at_once") > Some(1) || most("deployments_at_once") > Some(1) {
        wrong.push("two builds went on at once".to_owned());
    }
    wrong.extend(
        records
            .iter()
            .flat_map(|one| left_wrong(point.journey, one)),
    );
    if let (Journey::Change, [application]) = (point.journey, &records[..]) {
        wrong.extend(change::left(world, application).await);
    }
    if matches!(shown, "running") && !world.coolify.opens(&subdomain, PASSWORD).await {
        wrong.push("its password does not open it".to_owned());
    }
    if matches!(shown, "running") && world.variables_left().await > 0 {
        wrong.push("its variable was not sent, or is still here".to_owned());
    }
    Outcome {
        point,
        begins,
        seconds,
        end: shown.to_owned(),
        applications: records.len(),
        builds: records
            .iter()
            .filter_map(|one| one["builds_started"].as_u64())
            .sum(),
        at_once: most("builds_at_once").unwrap_or(0),
        wrong,
    }
}

/// What is wrong with what Coolify has at the end.
fn left_wrong(journey: Journey, record: &Value) -> Vec<String> {
    let gone = record["deleted_at"].is_string();
    let volumes = record["volumes"].as_array().map_or(0, Vec::len);
    let mut wrong = Vec::new();
    let mut note = |is: bool, what: &str| {
        if is {
            wrong.push(what.to_owned());
        }
    };
    note(record["orphan_container"] == true, "a container runs on");
    if journey.end() == "gone" {
        note(!gone, "the application is still there");
        note(record["volumes_removed"] != true, "volumes are left");
        note(
            record["docker_cleanup"] == true,
            "the server's build cache was pruned",
        );
    } else {
        note(gone, "the application is gone");
        note(volumes != 4, "volumes are missing or doubled");
    }
    wrong
}
