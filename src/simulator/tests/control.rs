//! The handle over HTTP, and what outlives a restart.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{PATIENCE, Rig, eventually};
use crate::simulator::Options;

#[tokio::test]
async fn everything_can_be_asked_over_http() {
    let rig = Rig::new().await.unthrottled();
    let fault = json!({ "call": "deployments_of_application", "fault": "unavailable", "times": 1 });
    rig.control(Method::POST, "/faults", &fault).await;
    assert_eq!(
        rig.get("/deployments/applications/x").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let listed = rig.control(Method::GET, "/faults", &Value::Null).await;
    assert_eq!(
        (&listed[0]["struck"], &listed[0]["times"]),
        (&json!(1), &json!(0))
    );
    rig.control(Method::DELETE, "/faults", &Value::Null).await;
    assert_eq!(
        rig.control(Method::GET, "/faults", &Value::Null).await,
        json!([])
    );
    let outcome = json!({ "application": "violet", "outcome": "fail_clone", "times": null });
    rig.control(Method::POST, "/outcomes", &outcome).await;
    let uuid = rig.create("violet").await;
    let deployment = rig.deploy(&uuid).await;
    rig.until_deployment(&deployment, "failed").await;
    rig.control(
        Method::POST,
        "/applications/violet/state",
        &json!({ "state": "degraded" }),
    )
    .await;
    assert_eq!(
        rig.get(&format!("/applications/{uuid}")).await.1["status"],
        "degraded:unhealthy"
    );
    rig.control(Method::POST, "/release", &Value::Null).await;
    assert_eq!(
        rig.control(Method::GET, "/held", &Value::Null).await,
        json!([])
    );
}

#[tokio::test]
async fn settings_are_changed_in_part_and_unknown_ones_refused() {
    let rig = Rig::new().await;
    let changes = json!({ "api_disabled": true, "token_abilities": { "2|reader": ["read"] }, "profile": "4.0.0" });
    rig.control(Method::POST, "/settings", &changes).await;
    assert_eq!(rig.get("/version").await.0, StatusCode::FORBIDDEN);
    let changes =
        json!({ "api_disabled": false, "token_abilities": { (rig.token.clone()): null } });
    rig.control(Method::POST, "/settings", &changes).await;
    assert_eq!(rig.get("/version").await.0, StatusCode::UNAUTHORIZED);
    let reader = Rig {
        token: "2|reader".to_owned(),
        simulator: rig.simulator.clone(),
        http: rig.http.clone(),
    };
    assert_eq!(
        reader.get("/version").await,
        (StatusCode::OK, json!("4.0.0"))
    );
    let url = format!("{}/simulator/settings", rig.simulator.url());
    for wrong in [
        json!({ "sped": 2 }),
        json!({ "speed": 0 }),
        json!({ "speed": -1 }),
        json!({ "delete_seconds": -0.5 }),
    ] {
        let request = rig.http.post(&url).json(&wrong);
        let status = request.send().await.unwrap().status();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn the_ledger_counts_calls_and_tells_no_secret() {
    let rig = Rig::new().await.unthrottled();
    let uuid = rig.create("violet").await;
    let item = json!({ "key": "PASSWORD", "value": "tell-nobody", "is_literal": true });
    rig.patch(
        &format!("/applications/{uuid}/envs/bulk"),
        &json!({ "data": [item] }),
    )
    .await;
    rig.deploy(&uuid).await;
    rig.until_application(&uuid, "running:healthy").await;
    let ledger = rig.control(Method::GET, "/ledger", &Value::Null).await;
    assert_eq!(ledger["applications"][0]["name"], "violet");
    assert_eq!(ledger["applications"][0]["fqdn"], "http://violet.localhost");
    assert_eq!(ledger["applications"][0]["builds_started"], 1);
    assert_eq!(ledger["calls"]["create"]["201"], 1);
    assert_eq!(ledger["highest_concurrent"], 1);
    assert_eq!(ledger["calls_last_minute"], ledger["calls_total"]);
    let text = ledger.to_string();
    assert!(!text.contains("tell-nobody") && !text.contains("simulated-token"));
}

#[tokio::test]
async fn down_refuses_connections_and_comes_back_on_the_same_port() {
    let rig = Rig::new().await;
    assert_eq!(rig.get("/version").await.0, StatusCode::OK);
    rig.control(Method::POST, "/down", &json!({ "seconds": 1 }))
        .await;
    let error = rig.send(Method::GET, "/version", None).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    let back = async {
        while rig.send(Method::GET, "/version", None).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, back).await.unwrap();
    rig.simulator.down(Duration::from_secs(1)).await;
    assert!(rig.send(Method::GET, "/version", None).await.is_err());
}

#[tokio::test]
async fn what_is_kept_goes_on_after_a_restart() {
    let file = std::env::temp_dir().join(format!("simulator-{}.json", uuid::Uuid::now_v7()));
    let options = Options {
        speed: 50.0,
        ledger_file: Some(file.clone()),
        ..Options::default()
    };
    let rig = Rig::with(options.clone()).await.unthrottled();
    let first = rig.running("violet").await;
    eventually(|| {
        std::fs::read_to_string(&file).is_ok_and(|text| text.contains("running:healthy"))
    })
    .await;
    let second = rig.create("rose").await;
    rig.deploy(&second).await;
    rig.simulator.stop().await;
    let rig = Rig::with(options).await.unthrottled();
    assert_eq!(
        rig.get(&format!("/applications/{first}")).await.1["status"],
        "running:healthy"
    );
    rig.until_application(&second, "running:healthy").await;
    assert_eq!(
        rig.visit("violet.localhost", "/healthz").await.0,
        StatusCode::OK
    );
    assert_eq!(rig.simulator.ledger().applications.len(), 2);
    rig.simulator.clone().stop().await;
    assert!(rig.send(Method::GET, "/version", None).await.is_err());
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn what_was_promised_is_kept_before_it_is_answered() {
    let file = std::env::temp_dir().join(format!("simulator-{}.json", uuid::Uuid::now_v7()));
    let rig = Rig::with(Options {
        ledger_file: Some(file.clone()),
        ..Options::default()
    })
    .await;
    let uuid = rig.create("violet").await;
    assert!(std::fs::read_to_string(&file).unwrap().contains(&uuid));
    rig.simulator.stop().await;
    std::fs::remove_file(file).unwrap();
}
