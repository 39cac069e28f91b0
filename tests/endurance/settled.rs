//! What looking at many environments that run costs: each is asked at its own address. Run by scripts/scale.

use crate::process::{Servers, World};
use axum::Router;
use axum::routing::get;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// How many environments run, and how long they are watched: longer than it takes to look at each.
const SIZES: [(i32, Duration); 2] = [
    (1_000, Duration::from_mins(3)),
    (10_000, Duration::from_mins(8)),
];
/// How long nothing is measured at first: the looks spread.
const WARM_UP: Duration = Duration::from_mins(1);
struct Measured {
    size: i32,
    /// Calls to Coolify a minute, and statements to PostgreSQL a second.
    calls: f64,
    statements: f64,
    /// Of how long ago the last confirmation is: the worst 99th percentile seen, and the oldest.
    p99_seconds: f64,
    oldest_seconds: f64,
    processor: f64,
    memory_mb: f64,
    errors: i64,
}

#[tokio::test]
#[ignore = "takes minutes; scripts/scale runs it"]
async fn what_runs_is_looked_at_without_asking_coolify() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let mut rows = vec![];
    for (size, window) in SIZES {
        rows.push(measure(&servers, size, window).await);
    }
    println!("{}", table(&rows));
    assert!(
        rows.iter().all(|row| row.errors == 0),
        "what answers is lost"
    );
}

/// Everything below `localhost` at this port is an environment that answers, and that nobody has used yet: the first look changes nothing.
pub async fn environments() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let domain = format!("localhost:{}", listener.local_addr().unwrap().port());
    let unused = || async { r#"{"status":"expired","lastHeartbeat":0}"# };
    let router = Router::new().route("/healthz", get(unused));
    tokio::spawn(async move { axum::serve(listener, router).await });
    domain
}

async fn measure(servers: &Servers, size: i32, window: Duration) -> Measured {
    let world = World::new(servers, &format!("settled-{size}"), 1.0).await;
    insert(&world, size).await;
    let domain = environments().await;
    let dashboard = world.dashboard(&[("AGENTS_DOMAIN", &domain)]).await;
    tokio::time::sleep(WARM_UP).await;
    let before = Instant::now();
    let (calls, statements) = (calls(&world).await, statements(&world).await);
    let processor = dashboard.processor_seconds();
    let (mut p99, mut oldest) = (0.0_f64, 0.0_f64);
    while before.elapsed() < window {
        let (now_p99, now_oldest) = ages(&world).await;
        (p99, oldest) = (p99.max(now_p99), oldest.max(now_oldest));
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let seconds = before.elapsed().as_secs_f64();
    let lost = "select count(*) from environments where status <> 'running'";
    Measured {
        size,
        calls: (self::calls(&world).await - calls) / seconds * 60.0,
        statements: (self::statements(&world).await - statements) / seconds,
        p99_seconds: p99,
        oldest_seconds: oldest,
        processor: (dashboard.processor_seconds() - processor) / seconds * 100.0,
        memory_mb: dashboard.memory_mb("VmRSS"),
        errors: sqlx::query_scalar(lost)
            .fetch_one(&world.database)
            .await
            .unwrap(),
    }
}

/// Rows as the dashboard has them of what runs, checked within the last minute.
pub async fn insert(world: &World, size: i32) {
    let insert = "with environment as (
           insert into environments
             (id, owner_id, name, name_key, subdomain, status, application_uuid, application_asked)
           select gen_random_uuid(), (select id from users limit 1), 'e' || n, 'e' || n, 'e' || n || '-abcd',
             'running', 'application-' || n, true
           from generate_series(1, $1) n
           returning id
         )
         insert into watches (environment_id, kind, due_at, checked_at)
         select id, 'settled', now() + random() * interval '1 minute', now()
         from environment";
    let insert = sqlx::query(insert).bind(size);
    insert.execute(&world.database).await.unwrap();
    sqlx::query("analyze")
        .execute(&world.database)
        .await
        .unwrap();
}

/// How long ago what runs was confirmed, in seconds: the 99th percentile and the longest.
async fn ages(world: &World) -> (f64, f64) {
    let ages = "select
           percentile_cont(0.99) within group (order by extract(epoch from now() - checked_at))::float8,
           max(extract(epoch from now() - checked_at))::float8
         from watches";
    sqlx::query_as(ages)
        .fetch_one(&world.database)
        .await
        .unwrap()
}

async fn calls(world: &World) -> f64 {
    let total = world.coolify.ledger().await["calls_total"]
        .as_u64()
        .unwrap();
    f64::from(u32::try_from(total).unwrap())
}

/// Transactions of the database so far; what the dashboard sends is one statement each, as a rule.
async fn statements(world: &World) -> f64 {
    let count = "select (xact_commit + xact_rollback)::float8
                 from pg_stat_database where datname = current_database()";
    sqlx::query_scalar(count)
        .fetch_one(&world.database)
        .await
        .unwrap()
}

fn table(rows: &[Measured]) -> String {
    let mut table = String::from(
        "\nWhat runs and answers\n\n\
         | running | calls to Coolify a minute | with a call for each look it would be | age of the last check (worst 99 %, oldest) | \
         statements a second | share of a core | memory | lost |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        writeln!(
            table,
            "| {} | {:.1} | {} | {:.0} s, {:.0} s | {:.0} | {:.1} % | {:.0} MB | {} |",
            row.size,
            row.calls,
            row.size,
            row.p99_seconds,
            row.oldest_seconds,
            row.statements,
            row.processor,
            row.memory_mb,
            row.errors,
        )
        .unwrap();
    }
    table
}
