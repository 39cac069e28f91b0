//! How deployments end, well or badly, and what becomes of the application.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Rig, eventually};
use crate::simulator::Options;
use crate::simulator::outcomes::{Outcome, Plan};

fn plan(outcome: Outcome) -> Plan {
    Plan {
        application: None,
        outcome,
        times: Some(1),
    }
}

#[tokio::test]
async fn a_failure_is_explained_after_its_status() {
    let rig = Rig::with(Options {
        speed: 0.2,
        ..Options::default()
    })
    .await
    .unthrottled();
    // Of all failures this is the first to come, so that it may go slowly.
    rig.simulator
        .settings(|settings| settings.server_reachable = false);
    let uuid = rig.create("violet").await;
    let deployment = rig.deploy(&uuid).await;
    let row = rig.until_deployment(&deployment, "failed").await;
    assert!(!row["logs"].to_string().contains("Deployment failed:"));
    rig.simulator.settings(|settings| settings.speed = 1_000.0);
    let path = format!("/deployments/{deployment}");
    rig.until(&path, |_, row| {
        row["logs"].to_string().contains("Deployment failed:")
    })
    .await;
    let (_, row) = rig.get(&format!("/applications/{uuid}")).await;
    assert_eq!(row["status"], "exited:unhealthy");
}

#[tokio::test]
async fn a_name_chooses_the_outcome_where_that_is_wanted() {
    let rig = Rig::new().await.unthrottled();
    for (wanted, end) in [(true, "failed"), (false, "finished")] {
        rig.simulator
            .settings(|settings| settings.outcomes_by_name = wanted);
        let uuid = rig.create(&format!("fail-{end}")).await;
        let deployment = rig.deploy(&uuid).await;
        rig.until_deployment(&deployment, end).await;
    }
    let named = ["slow-lane", "exit-now", "silent-night", "violet"].map(Outcome::of_name);
    let outcomes = [
        Some(Outcome::SlowBuild),
        Some(Outcome::ExitAfterStart),
        Some(Outcome::NeverAnswers),
        None,
    ];
    assert_eq!(named, outcomes);
}

#[tokio::test]
async fn a_failed_redeployment_keeps_the_old_container() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.running("violet").await;
    rig.simulator.outcome(plan(Outcome::Unhealthy));
    let deployment = rig.deploy(&uuid).await;
    rig.until_deployment(&deployment, "failed").await;
    assert_eq!(
        rig.get(&format!("/applications/{uuid}")).await.1["status"],
        "running:healthy"
    );
    assert_eq!(
        rig.visit("violet.localhost", "/healthz").await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn stuck_deployments_stay_until_they_are_cancelled() {
    let rig = Rig::new().await.unthrottled();
    rig.simulator
        .settings(|settings| settings.concurrent_builds = 1);
    rig.simulator.outcome(plan(Outcome::StuckQueued));
    rig.simulator.outcome(plan(Outcome::StuckInProgress));
    let first = rig.create("violet").await;
    let queued = rig.deploy(&first).await;
    let second = rig.create("rose").await;
    let building = rig.deploy(&second).await;
    rig.until(&format!("/deployments/{building}"), |_, row| {
        row["logs"].to_string().contains("#8 ")
    })
    .await;
    assert_eq!(
        rig.get(&format!("/deployments/{queued}")).await.1["status"],
        "queued"
    );
    let third = rig.create("lily").await;
    let waiting = rig.deploy(&third).await;
    assert_eq!(
        rig.get(&format!("/deployments/{waiting}")).await.1["status"],
        "queued"
    );
    rig.call(
        Method::POST,
        &format!("/deployments/{building}/cancel"),
        None,
    )
    .await;
    rig.until_deployment(&waiting, "finished").await;
}

#[tokio::test]
async fn a_crash_after_the_start_ends_in_exited() {
    let rig = Rig::new().await.unthrottled();
    rig.simulator.outcome(plan(Outcome::ExitAfterStart));
    let uuid = rig.create("violet").await;
    let deployment = rig.deploy(&uuid).await;
    rig.until_deployment(&deployment, "finished").await;
    let path = format!("/applications/{uuid}");
    let crashed =
        |_, row: &Value| row["status"] == "exited:unhealthy" && row["restart_count"] == 10;
    let row = rig.until(&path, crashed).await;
    assert_eq!(row["last_restart_type"], "crash");
}

#[tokio::test]
async fn without_a_health_check_the_health_stays_unknown() {
    let rig = Rig::new().await.unthrottled();
    let mut order = Rig::order("violet");
    order["health_check_enabled"] = json!(false);
    let (_, body) = rig.post("/applications/public", &order).await;
    let uuid = body["uuid"].as_str().unwrap();
    rig.deploy(uuid).await;
    rig.until_application(uuid, "running:unknown").await;
}

#[tokio::test]
async fn an_image_of_the_same_commit_is_used_again() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.running("violet").await;
    let again = rig.deploy(&uuid).await;
    let row = rig.until_deployment(&again, "finished").await;
    assert!(row["logs"].to_string().contains("building is skipped"));
}

#[tokio::test]
async fn an_unreachable_server_builds_nothing() {
    let rig = Rig::new().await.unthrottled();
    rig.simulator
        .settings(|settings| settings.server_reachable = false);
    let uuid = rig.create("violet").await;
    let deployment = rig.deploy(&uuid).await;
    rig.until_deployment(&deployment, "failed").await;
    assert_eq!(
        rig.get(&format!("/applications/{uuid}")).await.1["server_status"],
        false
    );
    eventually(|| rig.simulator.ledger().applications[0].builds_started == 1).await;
}

#[tokio::test]
async fn a_status_may_come_long_after_the_end() {
    let rig = Rig::with(Options {
        speed: 20.0,
        ..Options::default()
    })
    .await
    .unthrottled();
    rig.simulator.outcome(plan(Outcome::SlowStatus));
    let uuid = rig.create("violet").await;
    let deployment = rig.deploy(&uuid).await;
    rig.until_deployment(&deployment, "finished").await;
    assert_eq!(
        rig.get(&format!("/applications/{uuid}")).await.1["status"],
        "exited:unhealthy"
    );
    rig.until_application(&uuid, "running:healthy").await;
}

#[tokio::test]
async fn a_cancelled_redeployment_keeps_the_old_container() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.running("violet").await;
    rig.simulator.outcome(plan(Outcome::StuckInProgress));
    let deployment = rig.deploy(&uuid).await;
    let cancel = format!("/deployments/{deployment}/cancel");
    assert_eq!(
        rig.call(Method::POST, &cancel, None).await.0,
        StatusCode::OK
    );
    let (_, row) = rig.get(&format!("/applications/{uuid}")).await;
    assert_eq!(row["status"], "running:healthy");
    let (status, _) = rig.visit("violet.localhost", "/healthz").await;
    assert_eq!(status, StatusCode::OK);
}
