//! The client: the same executable, against a dashboard, with nothing but its address and a token.

mod alone;
mod deployments;
mod world;

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use world::{PASSWORD, World};

const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";
/// What a wrong token and an unknown environment end with.
const NOT_ALLOWED: i32 = 3;
const NOT_FOUND: i32 = 4;
const REFUSED: i32 = 5;

#[tokio::test]
async fn somebody_signs_in_and_out_and_only_they_can_read_the_token() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    let url = world.url.as_str();
    let login = |token: &str| ada.reading(&["login", url], token);
    login("vpsc_wrong")
        .with(NOT_ALLOWED)
        .says("This is no token, or not any more")
        .says("/account");
    login("").with(2).says("No token was given");
    assert!(!ada.file().exists(), "a token that does not work is stored");
    login(&format!("{}\n", ada.token))
        .with(0)
        .says(&format!("signed in to {url} as Somebody ({ADA})"))
        .says("read, deploy, write");
    let elsewhere = ada.program(&["login", url]);
    elsewhere
        .with("VPS_CLAUDE_URL", "https://elsewhere.example.com")
        .run_reading(&ada.token)
        .with(0)
        .says("VPS_CLAUDE_URL is set to another address");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&ada.file()), 0o600);
    assert_eq!(mode(ada.file().parent().unwrap()), 0o700);
    ada.run(&["env", "list"])
        .with(0)
        .says("You have no environments.");
    ada.run(&["logout"]).with(0);
    assert!(!ada.file().exists());
    ada.run(&["env", "list"])
        .with(NOT_ALLOWED)
        .says_only("You are not signed in.");
    let given = ada.program(&["env", "list", "--json"]);
    let given = given.with("VPS_CLAUDE_URL", url);
    let given = given.with("VPS_CLAUDE_TOKEN", &ada.token).run().with(0);
    assert_eq!(given.text, "[]");
    world.stop().await;
}

#[tokio::test]
async fn somebody_creates_deploys_and_deletes_with_the_client_alone() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    let create = [
        "env",
        "create",
        "Test Workspace",
        "--password-stdin",
        "--deploy",
        "--wait",
        "--variable",
        "GREETING=hello",
        "--memory",
        "2g",
    ];
    ada.reading(&create, "short")
        .with(REFUSED)
        .says_only("password: This password is too short.");
    ada.reading(&create, PASSWORD)
        .with(0)
        .says("building: ")
        .says("Test Workspace is running: http://test-workspace-");
    let found = ada.json(&["env", "show", "test workspace"]);
    let text = |field: &str| found[field].as_str().unwrap();
    assert_eq!(
        (text("name"), text("status")),
        ("Test Workspace", "running")
    );
    ada.run(&["env", "list", "--status", "running"])
        .with(0)
        .says("NAME            STATUS   URL")
        .says(&format!("Test Workspace  running  {}", text("url")));
    let url = ada.run(&["env", "open", text("subdomain"), "--print"]);
    assert_eq!(url.with(0).text.trim_end_matches('/'), text("url"));
    ada.run(&["env", "log", text("id"), "--follow"])
        .with(0)
        .says("Building docker image");
    let password = ["env", "password", text("id"), "--password-stdin"];
    ada.reading(&password, PASSWORD)
        .with(0)
        .says("is deployed again");
    ada.run(&["env", "delete", text("id")])
        .with(2)
        .says_only("There is no terminal to ask at: use --yes.");
    ada.run(&["env", "delete", "Test Workspace", "--yes", "--wait"])
        .with(0)
        .says("Test Workspace is deleted.");
    ada.run(&["env", "show", text("id")]).with(NOT_FOUND);
    assert_eq!(ada.json(&["env", "list"]), Value::Array(vec![]));
    world.stop().await;
}

/// Everything that is done with an environment.
const ALL: [&[&str]; 7] = [
    &["show"],
    &["deploy"],
    &["cancel"],
    &["open", "--print"],
    &["log"],
    &["password", "--password-stdin"],
    &["delete", "--yes"],
];

#[tokio::test]
async fn what_is_somebody_elses_is_not_there_by_any_command() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Ada's");
    let found = ada.json(&["env", "show", "Ada's"]);
    let bob = world.somebody(BOB, "write").await;
    bob.sign_in();
    for called in ["id", "name", "subdomain"] {
        for command in ALL {
            let called = found[called].as_str().unwrap();
            let words = [&["env", command[0], called], &command[1..]].concat();
            bob.reading(&words, PASSWORD).with(NOT_FOUND);
        }
    }
    assert_eq!(bob.json(&["env", "list"]), Value::Array(vec![]));
    let same = ada.json(&["env", "show", "Ada's"]);
    assert_eq!(found["version"], same["version"]);
    world.stop().await;
}

#[tokio::test]
async fn a_token_that_may_read_changes_nothing() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Kept");
    let mut reader = world.somebody(BOB, "read").await;
    let visitor = crate::visitor::Visitor::sign_in(&world.url, ADA, "eight letters and more");
    reader.token = visitor.await.token("read").await;
    reader.sign_in();
    reader.run(&["env", "list"]).with(0).says("Kept");
    let deploy = ["env", "deploy", "Kept", "--json"];
    let refused = reader.run(&deploy).with(NOT_ALLOWED);
    let problem: Value = serde_json::from_str(&refused.text).unwrap();
    let sentence = problem["detail"].as_str().unwrap();
    assert!(sentence.contains("it needs the scope deploy"), "{problem}");
    assert_eq!(problem["status"], 403);
    let delete = ["env", "delete", "Kept", "--yes"];
    reader
        .run(&delete)
        .with(NOT_ALLOWED)
        .says("the scope write");
    ada.run(&["env", "show", "Kept"]).with(0).says("pending");
    world.stop().await;
}
