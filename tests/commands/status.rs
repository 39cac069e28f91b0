//! `vps-claude status` against a database that the real executable has served with.

use crate::database;
use crate::program::Program;
use serde_json::Value;

/// A database whose tables are there, and nobody who serves with it any more.
async fn served() -> String {
    let database = database::create("status").await;
    let serve = Program::new(&[]).able_to_serve(&database);
    let (serve, _) = serve.start("serving address=");
    serve.stop("TERM").with(0);
    database
}

fn status(database: &str, arguments: &[&str]) -> Program {
    let arguments: Vec<&str> = ["status"].iter().chain(arguments).copied().collect();
    Program::new(&arguments).able_to_serve(database)
}

#[tokio::test]
async fn everything_is_counted_in_lines_or_as_json() {
    let database = served().await;
    let ended = status(&database, &[]).run().with(0);
    let lines: Vec<&str> = ended.text.lines().collect();
    assert_eq!(lines.len(), 17, "{}", ended.text);
    assert_eq!(lines[0], "environments pending            0");
    assert_eq!(lines[15], "oldest check                 none");
    assert_eq!(lines[16], "calls to Coolify left     unknown");
    let widths: Vec<usize> = lines.iter().map(|line| line.len()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{lines:#?}");
    let redis = std::env::var("REDIS_URL").expect("REDIS_URL is set by scripts/test");
    let ended = status(&database, &["--json"]).with("REDIS_URL", &redis);
    let json: Value = serde_json::from_str(&ended.run().with(0).text).unwrap();
    assert_eq!(json["environments"]["running"], 0);
    assert_eq!(json["deployments"]["build"], 0);
    // Others share the budget.
    let left = json["coolify_calls_left"].as_u64();
    assert!(left.is_some_and(|left| left <= 16), "{json}");
    assert_eq!(json["hanging"], Value::Array(vec![]));
    database::remove(&database).await;
}

#[tokio::test]
async fn what_hangs_is_named_and_ends_with_one() {
    let database = served().await;
    let url = database::url_of(&database);
    let old = "insert into mq_msgs (id, attempt_at, attempts, channel_name, channel_args)
               values (gen_random_uuid(), now() - interval '2 minutes', 13, '', '')";
    database::execute(&url, old).await;
    let words =
        "HANGS  Nobody took 1 due jobs for a minute. Check that vps-claude runs, and its log.";
    let ended = status(&database, &[]).run().with(1);
    ended.says(words).says("jobs overdue                    1");
    database::remove(&database).await;
}

#[tokio::test]
async fn a_database_without_tables_is_named() {
    let database = database::create("status").await;
    let ended = status(&database, &[]).run().with(1);
    ended.says("vps-claude: DATABASE_URL: it has no tables of this version; run serve first");
    database::remove(&database).await;
}
