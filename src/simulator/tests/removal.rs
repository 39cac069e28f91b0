//! Deleting: what goes when, and what is left behind.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{TestClient, eventually};
use crate::simulator::Options;
use crate::simulator::removal::Change;

async fn delete(client: &TestClient, uuid: &str, query: &str) -> StatusCode {
    let path = format!("/applications/{uuid}?{query}");
    client.call(Method::DELETE, &path, None).await.0
}

async fn add_volume(client: &TestClient, uuid: &str) {
    let order = json!({ "type": "persistent", "name": "workspace", "mount_path": "/w" });
    let (status, _) = client
        .post(&format!("/applications/{uuid}/storages"), &order)
        .await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn deleting_takes_its_time_and_holds_the_domain() {
    let client = TestClient::with(Options {
        speed: 20.0,
        ..Options::default()
    })
    .await
    .without_rate_limit();
    client
        .simulator
        .settings(|settings| settings.delete_seconds = Some(20.0));
    let uuid = client.create("violet").await;
    add_volume(&client, &uuid).await;
    assert_eq!(
        delete(&client, &uuid, "delete_volumes=1&docker_cleanup=0").await,
        StatusCode::OK
    );
    assert_eq!(
        delete(&client, &uuid, "delete_volumes=1&docker_cleanup=0").await,
        StatusCode::OK
    );
    let path = format!("/applications/{uuid}");
    assert_eq!(client.get(&path).await.0, StatusCode::OK);
    let (status, _) = client
        .post("/applications/public", &TestClient::order("violet"))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let body = client
        .until(&path, |status, _| status == StatusCode::NOT_FOUND)
        .await;
    assert_eq!(body["message"], "Application not found.");
    let (status, body) = client.call(Method::DELETE, &path, None).await;
    assert_eq!(
        (status, &body["message"]),
        (StatusCode::NOT_FOUND, &json!("Application not found"))
    );
    client.create("violet").await;
    let record = client.simulator.ledger().applications.remove(0);
    assert!(record.deleted_at.is_some() && record.volumes_removed && record.volumes[0].removed);
    assert!(!record.docker_cleanup && !record.orphan_container);
}

#[tokio::test]
async fn volumes_stay_when_they_are_not_asked_for() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    add_volume(&client, &uuid).await;
    delete(&client, &uuid, "delete_volumes=0").await;
    client
        .until(&format!("/applications/{uuid}"), |status, _| {
            status == StatusCode::NOT_FOUND
        })
        .await;
    let record = client.simulator.ledger().applications.remove(0);
    assert!(!record.volumes_removed && !record.volumes[0].removed);
    assert!(record.docker_cleanup);
}

#[tokio::test]
async fn a_build_in_flight_leaves_an_orphan() {
    let client = TestClient::with(Options::default())
        .await
        .without_rate_limit();
    client
        .simulator
        .settings(|settings| settings.delete_seconds = Some(0.0));
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    delete(&client, &uuid, "delete_volumes=1").await;
    client.simulator.settings(|settings| settings.speed = 50.0);
    client
        .until(&format!("/applications/{uuid}"), |status, _| {
            status == StatusCode::NOT_FOUND
        })
        .await;
    assert_eq!(
        client.get(&format!("/deployments/{deployment}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(client.get("/deployments").await.1, json!([]));
    eventually(|| client.simulator.ledger().applications[0].orphan_container).await;
    let path = format!("/applications/{uuid}");
    assert_eq!(client.get(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        client.visit("violet.localhost", "/").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_cancelled_build_leaves_none() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    client
        .call(
            Method::POST,
            &format!("/deployments/{deployment}/cancel"),
            None,
        )
        .await;
    delete(&client, &uuid, "delete_volumes=1").await;
    client
        .until(&format!("/applications/{uuid}"), |status, _| {
            status == StatusCode::NOT_FOUND
        })
        .await;
    assert!(!client.simulator.ledger().applications[0].orphan_container);
}

#[tokio::test]
async fn an_unreachable_server_keeps_container_and_volumes() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    add_volume(&client, &uuid).await;
    client.deploy(&uuid).await;
    client.until_application(&uuid, "running:healthy").await;
    client
        .simulator
        .settings(|settings| settings.server_reachable = false);
    delete(&client, &uuid, "delete_volumes=1").await;
    client
        .until(&format!("/applications/{uuid}"), |status, _| {
            status == StatusCode::NOT_FOUND
        })
        .await;
    let record = client.simulator.ledger().applications.remove(0);
    assert!(record.orphan_container && !record.volumes_removed);
}

#[tokio::test]
async fn an_application_can_vanish_behind_our_back() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.running("violet").await;
    assert!(client.simulator.set_state("violet", &Change::Vanish));
    assert!(!client.simulator.set_state("violet", &Change::Vanish));
    assert_eq!(
        client.get(&format!("/applications/{uuid}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert!(client.simulator.ledger().applications[0].vanished);
}
