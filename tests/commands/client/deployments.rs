//! Deployments that the client waits for: whatever happens to them, to the dashboard, or to the waiting itself.

use super::world::{PASSWORD, Somebody, World};
use super::{ADA, NOT_ALLOWED};
use crate::program::{Ended, Program};
use serde_json::{Value, json};

const REFUSED: i32 = 5;
const WAIT: [&str; 4] = ["env", "deploy", "Work", "--wait"];

#[tokio::test]
async fn a_deployment_that_does_not_succeed_fails_the_command_that_waits() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Work");
    ada.run(&["env", "cancel", "Work"]).with(REFUSED);
    ada.run(&["env", "log", "Work"])
        .with(4)
        .says("never deployed");
    world.tell("outcomes", ends("stuck_in_progress")).await;
    let (waiting, _) = ada.program(&WAIT).start("building: ");
    let cancelled = ada.json(&["env", "cancel", "Work"]);
    let deployment = &cancelled["deployment"];
    let is_cancelled = deployment.is_null() || deployment["cancelling"] == true;
    assert!(is_cancelled, "{cancelled}");
    waiting.run().with(1).says("The deployment was cancelled.");
    world.tell("outcomes", ends("fail_build")).await;
    ada.run(&WAIT)
        .with(1)
        .says("The deployment failed. ")
        .says("vps-claude env log Work");
    ada.run(&["env", "delete", "Work", "--yes", "--wait"])
        .with(0);
    world.stop().await;
}

/// Tells Coolify how the next build ends.
fn ends(outcome: &str) -> Value {
    json!({ "outcome": outcome, "times": 1 })
}

#[tokio::test]
async fn a_dashboard_that_starts_again_is_waited_for() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Work");
    world.build_slowly(true).await;
    let (waiting, _) = ada.program(&WAIT).start("building: ");
    let world = world.starts_again();
    let going_on = ada.json(&["env", "show", "Work"]);
    assert_eq!(
        going_on["status"], "deploying",
        "it was not built meanwhile"
    );
    world.build_slowly(false).await;
    waiting.run().with(0).says("Work is running: http://work-");
    world.stop().await;
}

#[tokio::test]
async fn an_interrupted_command_says_that_the_deployment_goes_on() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Work");
    world.build_slowly(true).await;
    let (waiting, _) = ada.program(&WAIT).start("building: ");
    waiting
        .stop("INT")
        .with(130)
        .says("The deployment goes on.");
    let first = &ada.json(&["env", "show", "Work"])["deployment"]["id"];
    let soon = [&WAIT[..], &["--timeout", "1s"]].concat();
    ada.run(&soon).with(6).says("has not ended within 1s");
    let second = &ada.json(&["env", "deploy", "Work"])["id"];
    assert!(first.is_string() && first == second, "{first} {second}");
    let rebuild = ["env", "deploy", "Work", "--rebuild"];
    ada.run(&rebuild)
        .with(REFUSED)
        .says_only("A deployment of Work is under way that does not build the image anew.");
    world.build_slowly(false).await;
    let ended = ada.json(&WAIT);
    assert_eq!(
        (&ended["id"], &ended["outcome"]),
        (first, &json!("succeeded"))
    );
    assert_eq!(ada.json(&rebuild)["rebuild"], true);
    world.stop().await;
}

#[tokio::test]
async fn an_environment_is_told_even_when_its_deployment_is_not_waited_for_to_the_end() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    world.build_slowly(true).await;
    let create = [
        &["env", "create", "Größe", "--password-stdin", "--deploy"][..],
        &["--wait", "--json", "--timeout", "1s"],
    ];
    ada.reading(&create.concat(), PASSWORD)
        .with(6)
        .says("\"id\": \"env_")
        .says("has not ended within 1s");
    // Another system composes the letters of its name in another way.
    let other = "GRO\u{308}SSE";
    let found = ada.json(&["env", "show", other]);
    assert_eq!(
        (&found["name"], &found["status"]),
        (&json!("Größe"), &json!("deploying"))
    );
    ada.run(&["env", "open", other, "--print"])
        .with(0)
        .says(found["url"].as_str().unwrap())
        .says("It may not answer: its status is deploying.");
    world.stop().await;
}

#[tokio::test]
async fn a_log_that_coolify_does_not_show_is_told_once() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Work");
    let abilities = json!({ "1|simulated-token": ["read", "write", "deploy"] });
    world
        .tell("settings", json!({ "token_abilities": abilities }))
        .await;
    world.build_slowly(true).await;
    ada.run(&["env", "deploy", "Work"]).with(0);
    let log = ada.program(&["env", "log", "Work", "--follow"]);
    let following = std::thread::spawn(|| log.run());
    // It is known once the build has ended, and the log is asked for some more seconds then.
    world.build_slowly(false).await;
    let text = following.join().unwrap().with(0).text;
    let told = text.matches("Coolify does not show the log").count();
    assert_eq!(told, 1, "{text}");
    world.stop().await;
}

#[tokio::test]
async fn a_removal_that_has_to_wait_says_for_what() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Work");
    ada.run(&WAIT).with(0);
    world
        .tell("settings", json!({ "api_disabled": true }))
        .await;
    let delete = ada.program(&["env", "delete", "Work", "--yes", "--wait"]);
    let (waiting, _) = delete.start("s. Coolify's API is switched off.");
    world
        .tell("settings", json!({ "api_disabled": false }))
        .await;
    waiting.run().with(0).says("Work is deleted.");
    world.stop().await;
}

#[tokio::test]
async fn nobody_who_reads_the_output_is_no_failure() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.reading(&["env", "create", "Work", "--password-stdin"], PASSWORD)
        .with(0);
    unread(&ada, "env list").says("code 0");
    world.tell("outcomes", ends("fail_build")).await;
    unread(&ada, "env deploy Work --wait --json")
        .says("The deployment failed.")
        .says("code 1");
    let other = ada.program(&["env", "list"]);
    let other = other.with("VPS_CLAUDE_URL", "http://127.0.0.1:1");
    other
        .run()
        .with(NOT_ALLOWED)
        .says("not signed in to http://127.0.0.1:1");
    world.stop().await;
}

/// What a command says whose standard output nobody reads.
fn unread(somebody: &Somebody, words: &str) -> Ended {
    let pipe = "mkfifo p; (exec 3<p; exec 3<&-) & exec 4>p; wait";
    let script = format!("{pipe}; \"$0\" {words} >&4; echo code $?");
    let file = somebody.file();
    let home = file.ancestors().nth(3).unwrap();
    Program::shell(&script)
        .with("HOME", home.to_str().unwrap())
        .with("PATH", "/usr/bin:/bin")
        .run()
        .with(0)
        .says_nothing_of("panicked")
}
