//! What following many builds costs: one look serves all of them. Run by scripts/scale.

use crate::process::{Servers, World, until};
use serde_json::{Value, json};
use sqlx::Row;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How many deployments are in flight at once.
const SIZES: [usize; 4] = [1, 10, 100, 1_000];
/// How many of them Coolify builds at once; the others wait in its queue. They begin a second apart, for they do not end all
/// at once in life either.
const BUILDERS: u64 = 20;
/// How fast Coolify builds: each takes about 45 seconds, so that 20 builders end 27 in a minute.
const SPEED: f64 = 0.3;
/// How long each size is watched.
const WINDOW: Duration = Duration::from_secs(75);
/// How often the end of builds is looked for.
const WATCH: Duration = Duration::from_millis(500);
#[tokio::test]
#[ignore = "takes minutes; scripts/scale runs it"]
async fn the_cost_at_coolify_does_not_grow_with_the_number_of_deployments() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let mut rows = Vec::new();
    for size in SIZES {
        rows.push(measure(&servers, size).await);
    }
    println!("{}", table(&rows));
    let most = rows.iter().map(|row| row.list_calls).fold(0.0, f64::max);
    assert!(most <= 61.0, "{most} looks a minute");
    assert!(
        rows.iter().all(|row| row.calls <= 190.0),
        "over Coolify's limit"
    );
}

struct Measured {
    size: usize,
    /// Calls a minute; how many of them were the look that serves all, and how many were about one build: its end, its log.
    calls: f64,
    list_calls: f64,
    single_calls: f64,
    /// How often it looked at a deployment: as many calls there would be without the look that serves all.
    looks: f64,
    connections: i64,
    concurrent: u64,
    memory_mb: f64,
    processor: f64,
    /// How many builds ended, and how long after that our row said running: the median, the 95th percentile and the longest.
    ended: usize,
    delays: Option<[f64; 3]>,
}

async fn measure(servers: &Servers, size: usize) -> Measured {
    let world = World::new(servers, &format!("scale-{size}"), SPEED).await;
    let room = json!({
        "concurrent_builds": 0, "queue_limit": 100_000, "rate_limit_per_minute": 100_000_000
    });
    world.coolify.settings(room).await;
    let builds = build(&world, size).await;
    insert(&world, &builds).await;
    let dashboard = world.dashboard(&[]).await;
    let before = Instant::now();
    let (calls, processor) = (
        world.coolify.all_calls().await,
        dashboard.processor_seconds(),
    );
    let watched = watch(&world, &builds).await;
    let minutes = before.elapsed().as_secs_f64() / 60.0;
    let after = world.coolify.all_calls().await;
    let per_minute = |call: &str, less: u64| {
        let made = after.get(call).unwrap_or(&0) - calls.get(call).unwrap_or(&0) - less;
        f64::from(u32::try_from(made).unwrap()) / minutes
    };
    let all: f64 = after.keys().map(|call| per_minute(call, 0)).sum();
    let own = f64::from(u32::try_from(watched.calls).unwrap()) / minutes;
    Measured {
        size,
        calls: all - own,
        list_calls: per_minute("deployments", watched.calls),
        single_calls: per_minute("deployment", 0),
        looks: f64::from(watched.looks) / minutes,
        connections: connections(&world).await,
        concurrent: world.coolify.ledger().await["highest_concurrent"]
            .as_u64()
            .unwrap(),
        memory_mb: dashboard.memory_mb("VmRSS"),
        processor: (dashboard.processor_seconds() - processor) / (minutes * 60.0) * 100.0,
        ended: watched.ends.len(),
        delays: delays(&world, &watched.ends).await,
    }
}

/// A build that Coolify has accepted.
struct Build {
    subdomain: String,
    application: String,
    deployment: String,
}

/// Asks Coolify itself for as many builds as are wanted.
async fn build(world: &World, size: usize) -> Vec<Build> {
    let domain = world.coolify.domain();
    let mut builds = Vec::new();
    for number in 0..size {
        let subdomain = format!("scale-{number}-abcd");
        let application = json!({
            "project_uuid": "zdoc9is0j8ht9lgmxg9edn58", "server_uuid": "s0ce9uvw53efr4edt2sywb3w",
            "environment_name": "production", "git_repository": "https://github.com/grmkris/agent",
            "git_branch": "main", "build_pack": "dockerfile", "ports_exposes": "8080",
            "name": subdomain, "domains": format!("http://{subdomain}.{domain}"),
        });
        let made = world.coolify.api("applications/public", &application).await;
        let application = made["uuid"].as_str().unwrap().to_owned();
        let asked = world
            .coolify
            .api(&format!("deploy?uuid={application}"), &Value::Null)
            .await;
        let deployment = asked["deployments"][0]["deployment_uuid"]
            .as_str()
            .unwrap()
            .to_owned();
        builds.push(Build {
            subdomain,
            application,
            deployment,
        });
    }
    builds
}

/// Writes the rows as the dashboard has them when it follows a build.
async fn insert(world: &World, builds: &[Build]) {
    let column = |of: fn(&Build) -> &String| builds.iter().map(of).cloned().collect::<Vec<_>>();
    let ids: Vec<Uuid> = builds.iter().map(|_| Uuid::now_v7()).collect();
    let deployments: Vec<Uuid> = builds.iter().map(|_| Uuid::now_v7()).collect();
    let insert = sqlx::query(
        "with new as (
           select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[])
             as new (id, deployment_id, subdomain, application, deployment)
         ), environment as (
           insert into environments
             (id, owner_id, name, name_key, subdomain, status, application_uuid, application_asked)
           select id, (select id from users limit 1), subdomain, subdomain, subdomain, 'deploying', application, true
           from new
           returning id
         ), watch as (
           insert into watches (environment_id, kind, due_at)
           select id, 'deployment', now()
           from environment
         )
         insert into deployments (id, environment_id, stage, deployment_uuid, deadline, turn_at)
         select deployment_id, id, 'build', deployment, now() + interval '1 hour', now()
         from new
         where exists (select from environment)",
    );
    insert
        .bind(ids)
        .bind(deployments)
        .bind(column(|build| &build.subdomain))
        .bind(column(|build| &build.application))
        .bind(column(|build| &build.deployment))
        .execute(&world.database)
        .await
        .unwrap();
}

/// What was seen while builds ended.
#[derive(Default)]
struct Watched {
    /// When each build was first seen to have ended.
    ends: HashMap<String, Instant>,
    /// How many calls it took to see that.
    calls: u64,
    /// How often the dashboard looked at a deployment, alone or together with others.
    looks: u32,
    counters: HashMap<Uuid, i32>,
}

impl Watched {
    /// A row counts its looks, and begins anew in every stage.
    async fn count_looks(&mut self, world: &World) {
        let rows = sqlx::query("select environment_id as id, looks from watches");
        for row in rows.fetch_all(&world.database).await.unwrap() {
            let (id, now): (Uuid, i32) = (row.get("id"), row.get("looks"));
            let was = self.counters.insert(id, now).unwrap_or(0);
            let more = if now >= was { now - was } else { now };
            self.looks += u32::try_from(more).unwrap();
        }
    }
}

/// Watches builds end for a while.
async fn watch(world: &World, builds: &[Build]) -> Watched {
    let mut watched = Watched::default();
    let began = Instant::now();
    while began.elapsed() < WINDOW {
        let builders = (began.elapsed().as_secs() + 1).min(BUILDERS);
        let builders = json!({ "concurrent_builds": builders });
        world.coolify.settings(builders).await;
        let listed = world.coolify.listed().await;
        watched.calls += 1;
        let now = Instant::now();
        let over = |build: &&Build| !listed.contains(&build.deployment);
        for build in builds.iter().filter(over) {
            watched.ends.entry(build.subdomain.clone()).or_insert(now);
        }
        watched.count_looks(world).await;
        tokio::time::sleep(WATCH).await;
    }
    watched
}

/// How long after its end each build's row said running. Those of the last moments come later.
async fn delays(world: &World, ends: &HashMap<String, Instant>) -> Option<[f64; 3]> {
    let all = "select e.subdomain, extract(epoch from now() - d.finished_at)::float8 as ago
               from deployments d
               join environments e on e.id = d.environment_id
               where d.outcome = 'succeeded'";
    until(
        "the rows of ended builds",
        Duration::from_mins(3),
        async || {
            let running = sqlx::query(all).fetch_all(&world.database).await.unwrap();
            let there = |name: &String| {
                running
                    .iter()
                    .any(|row| row.get::<String, _>("subdomain") == *name)
            };
            ends.keys().all(there).then_some(())
        },
    )
    .await;
    let rows = sqlx::query(all).fetch_all(&world.database).await.unwrap();
    let now = Instant::now();
    let mut delays: Vec<f64> = rows
        .iter()
        .filter_map(|row| {
            let ended = ends.get(&row.get::<String, _>("subdomain"))?;
            Some((now - *ended).as_secs_f64() - row.get::<f64, _>("ago"))
        })
        .collect();
    delays.sort_by(f64::total_cmp);
    let at = |percent: usize| delays.get((delays.len() * percent / 100).min(delays.len() - 1));
    Some([*at(50)?, *at(95)?, *delays.last()?])
}

async fn connections(world: &World) -> i64 {
    let open = "select count(*) from pg_stat_activity
                where application_name = 'vps-claude' and datname = current_database()";
    sqlx::query_scalar(open)
        .fetch_one(&world.database)
        .await
        .unwrap()
}

fn table(rows: &[Measured]) -> String {
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let mut table = format!(
        "\nScale: {} s each, {BUILDERS} builds of 45 s at once, {build} build\n\n\
         | in flight | calls a minute | of them the look for all | single looks and logs | with a call for each look it would be | \
         connections to PostgreSQL | calls at once | memory | processor | builds that ended | running after (median, 95 %, longest) |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
        WINDOW.as_secs(),
    );
    for row in rows {
        let delays = row
            .delays
            .map_or("none ended".to_owned(), |[median, p95, longest]| {
                format!("{median:.1} s, {p95:.1} s, {longest:.1} s")
            });
        writeln!(
            table,
            "| {} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {} | {:.0} MB | {:.1} % | {} | {delays} |",
            row.size,
            row.calls,
            row.list_calls,
            row.single_calls,
            row.looks,
            row.connections,
            row.concurrent,
            row.memory_mb,
            row.processor,
            row.ended,
        )
        .unwrap();
    }
    table
}
