//! The handle over HTTP, and what outlives a restart.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{TIMEOUT, TestClient, eventually};
use crate::simulator::Options;

#[tokio::test]
async fn everything_can_be_asked_over_http() {
    let client = TestClient::new().await.without_rate_limit();
    let fault = json!({ "call": "deployments_of_application", "fault": "unavailable", "times": 1 });
    client.control(Method::POST, "/faults", &fault).await;
    assert_eq!(
        client.get("/deployments/applications/x").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let listed = client.control(Method::GET, "/faults", &Value::Null).await;
    assert_eq!(
        (&listed[0]["struck"], &listed[0]["times"]),
        (&json!(1), &json!(0))
    );
    client
        .control(Method::DELETE, "/faults", &Value::Null)
        .await;
    let listed = client.control(Method::GET, "/faults", &Value::Null).await;
    assert_eq!(listed, json!([]));
    let outcome = json!({ "application": "violet", "outcome": "fail_clone", "times": null });
    client.control(Method::POST, "/outcomes", &outcome).await;
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    client.until_deployment(&deployment, "failed").await;
    let (path, change) = ("/applications/violet/state", json!({ "state": "degraded" }));
    client.control(Method::POST, path, &change).await;
    assert_eq!(
        client.get(&format!("/applications/{uuid}")).await.1["status"],
        "degraded:unhealthy"
    );
    client.control(Method::POST, "/release", &Value::Null).await;
    let held = client.control(Method::GET, "/held", &Value::Null).await;
    assert_eq!(held, json!([]));
}

#[tokio::test]
async fn settings_are_changed_in_part_and_unknown_ones_refused() {
    let client = TestClient::new().await;
    let changes = json!({ "api_disabled": true, "token_abilities": { "2|reader": ["read"] }, "profile": "4.0.0" });
    client.control(Method::POST, "/settings", &changes).await;
    assert_eq!(client.get("/version").await.0, StatusCode::FORBIDDEN);
    let changes =
        json!({ "api_disabled": false, "token_abilities": { (client.token.clone()): null } });
    client.control(Method::POST, "/settings", &changes).await;
    assert_eq!(client.get("/version").await.0, StatusCode::UNAUTHORIZED);
    let reader = TestClient {
        token: "2|reader".to_owned(),
        simulator: client.simulator.clone(),
        http: client.http.clone(),
    };
    assert_eq!(
        reader.get("/version").await,
        (StatusCode::OK, json!("4.0.0"))
    );
    let url = format!("{}/simulator/settings", client.simulator.url());
    for wrong in [
        json!({ "sped": 2 }),
        json!({ "speed": 0 }),
        json!({ "speed": -1 }),
        json!({ "delete_seconds": -0.5 }),
    ] {
        let request = client.http.post(&url).json(&wrong);
        let status = request.send().await.unwrap().status();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn the_ledger_counts_calls_and_tells_no_secret() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    let item = json!({ "key": "PASSWORD", "value": "tell-nobody", "is_literal": true });
    client
        .patch(
            &format!("/applications/{uuid}/envs/bulk"),
            &json!({ "data": [item] }),
        )
        .await;
    client.deploy(&uuid).await;
    client.until_application(&uuid, "running:healthy").await;
    let ledger = client.control(Method::GET, "/ledger", &Value::Null).await;
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
    let client = TestClient::new().await;
    assert_eq!(client.get("/version").await.0, StatusCode::OK);
    client
        .control(Method::POST, "/down", &json!({ "seconds": 1 }))
        .await;
    let error = client
        .send(Method::GET, "/version", None)
        .await
        .unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    let back = async {
        while client.send(Method::GET, "/version", None).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, back).await.unwrap();
    client.simulator.down(Duration::from_secs(1)).await;
    assert!(client.send(Method::GET, "/version", None).await.is_err());
}

#[tokio::test]
async fn what_is_kept_goes_on_after_a_restart() {
    let file = std::env::temp_dir().join(format!("simulator-{}.json", uuid::Uuid::now_v7()));
    let options = Options {
        speed: 50.0,
        ledger_file: Some(file.clone()),
        ..Options::default()
    };
    let client = TestClient::with(options.clone()).await.without_rate_limit();
    let first = client.running("violet").await;
    eventually(|| {
        std::fs::read_to_string(&file).is_ok_and(|text| text.contains("running:healthy"))
    })
    .await;
    let second = client.create("rose").await;
    client.deploy(&second).await;
    client.simulator.stop().await;
    let client = TestClient::with(options).await.without_rate_limit();
    assert_eq!(
        client.get(&format!("/applications/{first}")).await.1["status"],
        "running:healthy"
    );
    client.until_application(&second, "running:healthy").await;
    assert_eq!(
        client.visit("violet.localhost", "/healthz").await.0,
        StatusCode::OK
    );
    assert_eq!(client.simulator.ledger().applications.len(), 2);
    client.simulator.clone().stop().await;
    assert!(client.send(Method::GET, "/version", None).await.is_err());
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn what_was_promised_is_kept_before_it_is_answered() {
    let file = std::env::temp_dir().join(format!("simulator-{}.json", uuid::Uuid::now_v7()));
    let client = TestClient::with(Options {
        ledger_file: Some(file.clone()),
        ..Options::default()
    })
    .await;
    let uuid = client.create("violet").await;
    assert!(std::fs::read_to_string(&file).unwrap().contains(&uuid));
    client.simulator.stop().await;
    std::fs::remove_file(file).unwrap();
}
