//! Deleting: what goes when, and what is left behind.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{Rig, eventually};
use crate::simulator::Options;
use crate::simulator::removal::Change;

async fn delete(rig: &Rig, uuid: &str, query: &str) -> StatusCode {
    let path = format!("/applications/{uuid}?{query}");
    rig.call(Method::DELETE, &path, None).await.0
}

async fn add_volume(rig: &Rig, uuid: &str) {
    let order = json!({ "type": "persistent", "name": "workspace", "mount_path": "/w" });
    let (status, _) = rig
        .post(&format!("/applications/{uuid}/storages"), &order)
        .await;
    assert_eq!(status, StatusCode::CREATED);
}

#[tokio::test]
async fn deleting_takes_its_time_and_holds_the_domain() {
    let rig = Rig::with(Options {
        speed: 20.0,
        ..Options::default()
    })
    .await
    .unthrottled();
    rig.simulator
        .settings(|settings| settings.delete_seconds = Some(20.0));
    let uuid = rig.create("violet").await;
    add_volume(&rig, &uuid).await;
    assert_eq!(
        delete(&rig, &uuid, "delete_volumes=1&docker_cleanup=0").await,
        StatusCode::OK
    );
    assert_eq!(
        delete(&rig, &uuid, "delete_volumes=1&docker_cleanup=0").await,
        StatusCode::OK
    );
    let path = format!("/applications/{uuid}");
    assert_eq!(rig.get(&path).await.0, StatusCode::OK);
    let (status, _) = rig
        .post("/applications/public", &Rig::order("violet"))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    let body = rig
        .until(&path, |status, _| status == StatusCode::NOT_FOUND)
        .await;
    assert_eq!(body["message"], "Application not found.");
    let (status, body) = rig.call(Method::DELETE, &path, None).await;
    assert_eq!(
        (status, &body["message"]),
        (StatusCode::NOT_FOUND, &json!("Application not found"))
    );
    rig.create("violet").await;
    let record = rig.simulator.ledger().applications.remove(0);
    assert!(record.deleted_at.is_some() && record.volumes_removed && record.volumes[0].removed);
    assert!(!record.docker_cleanup && !record.orphan_container);
}

#[tokio::test]
async fn volumes_stay_when_they_are_not_asked_for() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.create("violet").await;
    add_volume(&rig, &uuid).await;
    delete(&rig, &uuid, "delete_volumes=0").await;
    rig.until(&format!("/applications/{uuid}"), |status, _| {
        status == StatusCode::NOT_FOUND
    })
    .await;
    let record = rig.simulator.ledger().applications.remove(0);
    assert!(!record.volumes_removed && !record.volumes[0].removed);
    assert!(record.docker_cleanup);
}

#[tokio::test]
async fn a_build_in_flight_leaves_an_orphan() {
    let rig = Rig::with(Options::default()).await.unthrottled();
    rig.simulator
        .settings(|settings| settings.delete_seconds = Some(0.0));
    let uuid = rig.create("violet").await;
    let deployment = rig.deploy(&uuid).await;
    delete(&rig, &uuid, "delete_volumes=1").await;
    rig.simulator.settings(|settings| settings.speed = 50.0);
    rig.until(&format!("/applications/{uuid}"), |status, _| {
        status == StatusCode::NOT_FOUND
    })
    .await;
    assert_eq!(
        rig.get(&format!("/deployments/{deployment}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(rig.get("/deployments").await.1, json!([]));
    eventually(|| rig.simulator.ledger().applications[0].orphan_container).await;
    let path = format!("/applications/{uuid}");
    assert_eq!(rig.get(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        rig.visit("violet.localhost", "/").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_cancelled_build_leaves_none() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.create("violet").await;
    let deployment = rig.deploy(&uuid).await;
    rig.call(
        Method::POST,
        &format!("/deployments/{deployment}/cancel"),
        None,
    )
    .await;
    delete(&rig, &uuid, "delete_volumes=1").await;
    rig.until(&format!("/applications/{uuid}"), |status, _| {
        status == StatusCode::NOT_FOUND
    })
    .await;
    assert!(!rig.simulator.ledger().applications[0].orphan_container);
}

#[tokio::test]
async fn an_unreachable_server_keeps_container_and_volumes() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.create("violet").await;
    add_volume(&rig, &uuid).await;
    rig.deploy(&uuid).await;
    rig.until_application(&uuid, "running:healthy").await;
    rig.simulator
        .settings(|settings| settings.server_reachable = false);
    delete(&rig, &uuid, "delete_volumes=1").await;
    rig.until(&format!("/applications/{uuid}"), |status, _| {
        status == StatusCode::NOT_FOUND
    })
    .await;
    let record = rig.simulator.ledger().applications.remove(0);
    assert!(record.orphan_container && !record.volumes_removed);
}

#[tokio::test]
async fn an_application_can_vanish_behind_our_back() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.running("violet").await;
    assert!(rig.simulator.set_state("violet", &Change::Vanish));
    assert!(!rig.simulator.set_state("violet", &Change::Vanish));
    assert_eq!(
        rig.get(&format!("/applications/{uuid}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert!(rig.simulator.ledger().applications[0].vanished);
}
