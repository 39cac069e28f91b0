//! How deployments end, well or badly, and what becomes of the application.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{TestClient, eventually};
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
    let client = TestClient::with(Options {
        speed: 0.2,
        ..Options::default()
    })
    .await
    .without_rate_limit();
    // Of all failures this is the first to come, so that it may go slowly.
    client
        .simulator
        .settings(|settings| settings.server_reachable = false);
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    let row = client.until_deployment(&deployment, "failed").await;
    assert!(!row["logs"].to_string().contains("Deployment failed:"));
    client
        .simulator
        .settings(|settings| settings.speed = 1_000.0);
    let path = format!("/deployments/{deployment}");
    client
        .until(&path, |_, row| {
            row["logs"].to_string().contains("Deployment failed:")
        })
        .await;
    let (_, row) = client.get(&format!("/applications/{uuid}")).await;
    assert_eq!(row["status"], "exited:unhealthy");
}

#[tokio::test]
async fn a_name_chooses_the_outcome_where_that_is_wanted() {
    let client = TestClient::new().await.without_rate_limit();
    for (wanted, end) in [(true, "failed"), (false, "finished")] {
        client
            .simulator
            .settings(|settings| settings.outcomes_by_name = wanted);
        let uuid = client.create(&format!("fail-{end}")).await;
        let deployment = client.deploy(&uuid).await;
        client.until_deployment(&deployment, end).await;
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
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.running("violet").await;
    client.simulator.outcome(plan(Outcome::Unhealthy));
    let deployment = client.deploy(&uuid).await;
    client.until_deployment(&deployment, "failed").await;
    assert_eq!(
        client.get(&format!("/applications/{uuid}")).await.1["status"],
        "running:healthy"
    );
    assert_eq!(
        client.visit("violet.localhost", "/healthz").await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn stuck_deployments_stay_until_they_are_cancelled() {
    let client = TestClient::new().await.without_rate_limit();
    client
        .simulator
        .settings(|settings| settings.concurrent_builds = 1);
    client.simulator.outcome(plan(Outcome::StuckQueued));
    client.simulator.outcome(plan(Outcome::StuckInProgress));
    let first = client.create("violet").await;
    let queued = client.deploy(&first).await;
    let second = client.create("rose").await;
    let building = client.deploy(&second).await;
    client
        .until(&format!("/deployments/{building}"), |_, row| {
            row["logs"].to_string().contains("#8 ")
        })
        .await;
    assert_eq!(
        client.get(&format!("/deployments/{queued}")).await.1["status"],
        "queued"
    );
    let third = client.create("lily").await;
    let waiting = client.deploy(&third).await;
    assert_eq!(
        client.get(&format!("/deployments/{waiting}")).await.1["status"],
        "queued"
    );
    client
        .call(
            Method::POST,
            &format!("/deployments/{building}/cancel"),
            None,
        )
        .await;
    client.until_deployment(&waiting, "finished").await;
}

#[tokio::test]
async fn a_crash_after_the_start_ends_in_exited() {
    let client = TestClient::new().await.without_rate_limit();
    client.simulator.outcome(plan(Outcome::ExitAfterStart));
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    client.until_deployment(&deployment, "finished").await;
    let path = format!("/applications/{uuid}");
    let crashed =
        |_, row: &Value| row["status"] == "exited:unhealthy" && row["restart_count"] == 10;
    let row = client.until(&path, crashed).await;
    assert_eq!(row["last_restart_type"], "crash");
}

#[tokio::test]
async fn without_a_health_check_the_health_stays_unknown() {
    let client = TestClient::new().await.without_rate_limit();
    let mut order = TestClient::order("violet");
    order["health_check_enabled"] = json!(false);
    let (_, body) = client.post("/applications/public", &order).await;
    let uuid = body["uuid"].as_str().unwrap();
    client.deploy(uuid).await;
    client.until_application(uuid, "running:unknown").await;
}

#[tokio::test]
async fn an_image_of_the_same_commit_is_used_again() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.running("violet").await;
    let again = client.deploy(&uuid).await;
    let row = client.until_deployment(&again, "finished").await;
    assert!(row["logs"].to_string().contains("building is skipped"));
}

#[tokio::test]
async fn an_unreachable_server_builds_nothing() {
    let client = TestClient::new().await.without_rate_limit();
    client
        .simulator
        .settings(|settings| settings.server_reachable = false);
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    client.until_deployment(&deployment, "failed").await;
    assert_eq!(
        client.get(&format!("/applications/{uuid}")).await.1["server_status"],
        false
    );
    eventually(|| client.simulator.ledger().applications[0].builds_started == 1).await;
}

#[tokio::test]
async fn a_status_may_come_long_after_the_end() {
    let client = TestClient::with(Options {
        speed: 20.0,
        ..Options::default()
    })
    .await
    .without_rate_limit();
    client.simulator.outcome(plan(Outcome::SlowStatus));
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    client.until_deployment(&deployment, "finished").await;
    assert_eq!(
        client.get(&format!("/applications/{uuid}")).await.1["status"],
        "exited:unhealthy"
    );
    client.until_application(&uuid, "running:healthy").await;
}

#[tokio::test]
async fn a_cancelled_redeployment_keeps_the_old_container() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.running("violet").await;
    client.simulator.outcome(plan(Outcome::StuckInProgress));
    let deployment = client.deploy(&uuid).await;
    let cancel = format!("/deployments/{deployment}/cancel");
    assert_eq!(
        client.call(Method::POST, &cancel, None).await.0,
        StatusCode::OK
    );
    let (_, row) = client.get(&format!("/applications/{uuid}")).await;
    assert_eq!(row["status"], "running:healthy");
    let (status, _) = client.visit("violet.localhost", "/healthz").await;
    assert_eq!(status, StatusCode::OK);
}
