//! The migrations on large tables: how long each takes, whom it stops meanwhile, and what it rewrites. Run by
//! scripts/upgrade.

use crate::process::{Servers, World};
use sqlx::migrate::{Migration, Migrator};
use sqlx::{Connection, Executor, PgConnection, Row};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The last migration before the tables are filled.
const FILLED_AT: i64 = 12;
/// How long a migration that is not released yet may stop others.
const STOPS: Duration = Duration::from_secs(1);
/// Per environment: deployments, and entries of each one's log.
const FILL: &str = include_str!("migrations/fill.sql");

/// What a migration did.
struct Done {
    name: String,
    took: Duration,
    /// Tables that were there before and that nobody could read meanwhile.
    stopped: Vec<String>,
    /// Tables that were written anew.
    rewritten: Vec<String>,
    rows: i64,
}

#[tokio::test]
#[ignore = "takes minutes; scripts/upgrade runs it"]
async fn no_new_migration_stops_others_on_large_tables() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let world = World::empty(&servers, "migrations", 1.0).await;
    let mut connection = world.database.acquire().await.unwrap().detach();
    let (before, after): (Vec<&Migration>, Vec<&Migration>) =
        MIGRATIONS.iter().partition(|one| one.version <= FILLED_AT);
    for migration in before {
        connection
            .execute(sqlx::raw_sql(&migration.sql))
            .await
            .unwrap();
    }
    let began = Instant::now();
    let many = std::env::var("MIGRATIONS_ENVIRONMENTS").unwrap_or("10000".to_owned());
    let fill = FILL.replace(":environments", &many);
    connection.execute(sqlx::raw_sql(&fill)).await.unwrap();
    println!(
        "\n{many} environments were made in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let mut all = vec![];
    for migration in after {
        // A connection of its own counts its own rows.
        let options = world.database.connect_options();
        let mut own = PgConnection::connect_with(&options).await.unwrap();
        all.push(apply(&mut own, migration).await);
        own.close().await.unwrap();
    }
    println!("{}", table(&all));
    let released = include_str!("../../.ci/previous-release");
    let new = all.iter().filter(|one| !released.contains(&one.name));
    for one in new {
        let stops = one.took > STOPS && !one.stopped.is_empty();
        assert!(!stops && one.rewritten.is_empty(), "{}", one.name);
    }
}

/// Applies a migration as the dashboard does: in a transaction.
async fn apply(connection: &mut PgConnection, migration: &Migration) -> Done {
    let before = files(connection).await;
    let began = Instant::now();
    let mut tx = connection.begin().await.unwrap();
    tx.execute(sqlx::raw_sql(&migration.sql)).await.unwrap();
    let mut stopped: Vec<String> = sqlx::query_scalar(
        "select relation::regclass::text
         from pg_locks
         where pid = pg_backend_pid()
         and mode = 'AccessExclusiveLock'",
    )
    .fetch_all(&mut *tx)
    .await
    .unwrap();
    let rows = "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint from pg_stat_xact_user_tables";
    let rows = sqlx::query_scalar(rows).fetch_one(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let took = began.elapsed();
    let after = files(connection).await;
    stopped.retain(|table| before.contains_key(table));
    stopped.sort();
    let rewritten = before
        .iter()
        .filter(|(table, file)| after.get(*table) != Some(file));
    Done {
        name: format!(
            "{:04}_{}",
            migration.version,
            migration.description.replace(' ', "_")
        ),
        took,
        stopped,
        rewritten: rewritten.map(|(table, _)| table.clone()).collect(),
        rows,
    }
}

/// Every table and the file that it is in.
async fn files(connection: &mut PgConnection) -> BTreeMap<String, i64> {
    let files = sqlx::query(
        "select oid::regclass::text as name, relfilenode::bigint as file
         from pg_class
         where relkind = 'r'
         and relnamespace = 'public'::regnamespace",
    );
    let files = files.fetch_all(connection).await.unwrap();
    let of = |row: &sqlx::postgres::PgRow| (row.get("name"), row.get("file"));
    files.iter().map(of).collect()
}

fn table(all: &[Done]) -> String {
    let mut lines = vec![
        "\n| migration | ms | nobody reads meanwhile | rewritten | rows written |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(all.iter().map(|one| {
        format!(
            "| {} | {:.0} | {} | {} | {} |",
            one.name,
            one.took.as_secs_f64() * 1_000.0,
            one.stopped.join(", "),
            one.rewritten.join(", "),
            one.rows
        )
    }));
    lines.join("\n")
}
