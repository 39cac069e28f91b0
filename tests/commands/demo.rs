//! The demo: with nothing but a database it shows an environment's way to its address, and ends when it is asked to.

use crate::database;
use crate::program::Program;
use crate::visitor::Visitor;
use std::time::{Duration, Instant};

/// How long a deployment may take: the demo builds as slowly as life does.
const DEPLOYED: Duration = Duration::from_mins(10);
/// How often the row is looked at.
const LOOK: Duration = Duration::from_millis(200);

#[tokio::test]
async fn the_demo_needs_a_database_alone_and_deploys_what_one_creates() {
    let database = database::create("demo").await;
    let demo = Program::new(&["demo"])
        .with("DATABASE_URL", database::url_of(&database).as_str())
        .with("LISTEN", "127.0.0.1:0");
    let (demo, url) = demo.start("vps-claude is ready: ");
    let visitor = Visitor::register(&url).await;
    let fields = [
        ("name", "Test Workspace"),
        ("password", "let me in, please"),
        ("deploy", "1"),
    ];
    visitor.post("/environments", &fields).await;
    let table = runs(&visitor).await;
    let address = between(&table, "data-copy=\"", "\"");
    assert!(address.starts_with("http://test-workspace-"), "{address}");
    assert_eq!(visitor.status_at(address, "/healthz").await, 200);
    demo.stop("TERM").with(0).says("stopped");
    database::remove(&database).await;
}

#[tokio::test]
async fn the_demo_with_data_begins_with_two_people_and_every_status() {
    let database = database::create("demo").await;
    let start = || {
        Program::new(&["demo", "--with-data"])
            .with("DATABASE_URL", database::url_of(&database).as_str())
            .with("LISTEN", "127.0.0.1:0")
            .start("vps-claude is ready: ")
    };
    let (demo, url) = start();
    let ada = Visitor::sign_in(&url, "ada@example.com", "demo-password").await;
    let table = ada.page("/environments").await;
    for word in ["pending", "deploying", "running", "error", "deleting"] {
        let badge = format!("<span class=\"dot\" aria-hidden=\"true\"></span>{word}<");
        assert!(table.contains(&badge), "nothing is {word}:\n{table}");
    }
    let bob = Visitor::sign_in(&url, "bob@example.com", "demo-password").await;
    let rows = |table: &str| table.matches("<tr id=\"env_").count();
    let of_both = rows(&table) + rows(&bob.page("/environments").await);
    assert!(of_both >= 12, "{of_both}");
    let form = ada.page("/environments/new").await;
    assert!(form.contains("<code>silent</code>"), "{form}");
    demo.stop("TERM").with(0).says("demo-password");
    // The second time the data is there already.
    let (demo, url) = start();
    let ada = Visitor::sign_in(&url, "ada@example.com", "demo-password").await;
    assert!(ada.page("/environments").await.contains("Atlas"));
    demo.stop("TERM").with(0).says("stopped");
    database::remove(&database).await;
}

/// Waits until the table's only row says that it runs, and returns the table.
async fn runs(visitor: &Visitor) -> String {
    let deadline = Instant::now() + DEPLOYED;
    loop {
        let table = visitor.page("/environments").await;
        let status = between(
            &table,
            "<span class=\"dot\" aria-hidden=\"true\"></span>",
            "<",
        );
        match status {
            "running" => return table,
            "deploying" => assert!(Instant::now() < deadline, "{table}"),
            other => panic!("it is {other}:\n{table}"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in\n{text}"));
    rest.split_once(after).unwrap().0
}
