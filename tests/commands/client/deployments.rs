//! Deployments that the client waits for: whatever happens to them, to the dashboard, or to the waiting itself.

use super::world::{PASSWORD, World};
use super::{ADA, NOT_ALLOWED};
use serde_json::json;

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
    let (waiting, _) = ada.program(&WAIT).start("building: ");
    ada.run(&["env", "cancel", "Work"]).with(0);
    waiting.run().with(1).says("The deployment was cancelled.");
    world
        .tell("outcomes", json!({ "outcome": "fail_build", "times": 1 }))
        .await;
    ada.run(&WAIT)
        .with(1)
        .says("The deployment failed. ")
        .says("vps-claude env log Work");
    ada.run(&["env", "delete", "Work", "--yes", "--wait"])
        .with(0);
    world.stop().await;
}

#[tokio::test]
async fn a_dashboard_that_starts_again_is_waited_for() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Work");
    let (waiting, _) = ada.program(&WAIT).start("building: ");
    let world = world.starts_again();
    waiting.run().with(0).says("Work is running: http://work-");
    world.stop().await;
}

#[tokio::test]
async fn an_interrupted_command_says_that_the_deployment_goes_on() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.create("Work");
    let (waiting, _) = ada.program(&WAIT).start("building: ");
    waiting
        .stop("INT")
        .with(130)
        .says("The deployment goes on.");
    let soon = [&WAIT[..], &["--timeout", "1s"]].concat();
    ada.run(&soon).with(6).says("has not ended within 1s");
    // It is the same deployment, which is under way.
    ada.run(&WAIT).with(0).says("Work is running");
    let all = ada.json(&["env", "list"]);
    assert_eq!(all.as_array().unwrap().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn nobody_who_reads_the_output_is_no_failure() {
    let world = World::start().await;
    let ada = world.somebody(ADA, "write").await;
    ada.sign_in();
    ada.reading(&["env", "create", "Work", "--password-stdin"], PASSWORD)
        .with(0);
    let script =
        "mkfifo p; (exec 3<p; exec 3<&-) & exec 4>p; wait; \"$0\" env list >&4; echo code $?";
    let home = ada.file();
    let home = home.ancestors().nth(3).unwrap();
    crate::program::Program::shell(script)
        .with("HOME", home.to_str().unwrap())
        .with("PATH", "/usr/bin:/bin")
        .run()
        .with(0)
        .says("code 0")
        .says_nothing_of("panicked");
    let other = ada.program(&["env", "list"]);
    let other = other.with("VPS_CLAUDE_URL", "http://127.0.0.1:1");
    other
        .run()
        .with(NOT_ALLOWED)
        .says("not signed in to http://127.0.0.1:1");
    world.stop().await;
}
