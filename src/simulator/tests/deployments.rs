//! Deployments: how they are asked for, how they go, and how they are called off.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{TestClient, entries};
use crate::simulator::Options;

/// A simulator in which nothing moves while the test looks.
async fn slow() -> TestClient {
    TestClient::with(Options::default()).await
}

#[tokio::test]
async fn a_deployment_goes_from_the_queue_to_a_healthy_application() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    let row = client.until_deployment(&deployment, "finished").await;
    assert_eq!(row["commit"].as_str().unwrap().len(), 40);
    assert!(row["application_id"].is_string());
    assert!(row["finished_at"].is_string());
    assert!(row.get("uuid").is_none());
    client.until_application(&uuid, "running:healthy").await;
    let path = format!("/deployments/{deployment}");
    let row = client
        .until(&path, |_, row| {
            row["logs"].to_string().contains("Gracefully")
        })
        .await;
    let log = entries(&row);
    assert!((12..=40).contains(&log.len()), "{}", log.len());
    assert!(log[0].get("order").is_none());
    assert_eq!(log[1]["order"], 2);
    assert_eq!(
        log[0]["output"],
        "Starting deployment of grmkris/agent:main to localhost."
    );
    assert!(
        log.iter()
            .any(|entry| entry["hidden"] == true && entry["command"].is_string())
    );
    assert!(
        log.iter()
            .any(|entry| entry["output"] == "Building docker image started.")
    );
}

#[tokio::test]
async fn a_repetition_is_answered_with_a_deployment_that_never_was() {
    let client = slow().await;
    let uuid = client.create("violet").await;
    client.deploy(&uuid).await;
    let (status, body) = client
        .call(Method::POST, &format!("/deploy?uuid={uuid}"), None)
        .await;
    assert_eq!(status, StatusCode::OK);
    let answer = &body["deployments"][0];
    assert_eq!(
        answer["message"],
        "Deployment already queued for this commit."
    );
    let phantom = answer["deployment_uuid"].as_str().unwrap();
    assert_eq!(
        client.get(&format!("/deployments/{phantom}")).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_repetition_after_the_commit_is_known_queues_another() {
    let client = slow().await.without_rate_limit();
    let uuid = client.create("violet").await;
    let first = client.deploy(&uuid).await;
    client
        .until(&format!("/deployments/{first}"), |_, row| {
            row["commit"] != "HEAD"
        })
        .await;
    let second = client.deploy(&uuid).await;
    assert_eq!(
        client.get(&format!("/deployments/{second}")).await.1["status"],
        "queued"
    );
    client
        .simulator
        .settings(|settings| settings.speed = 1_000.0);
    client.until_deployment(&second, "finished").await;
    let record = &client.simulator.ledger().applications[0];
    assert_eq!((record.builds_at_once, record.deployments_at_once), (1, 2));
}

#[tokio::test]
async fn a_full_queue_is_429_without_being_the_rate_limit() {
    let client = slow().await;
    client.simulator.settings(|settings| {
        settings.queue_limit = 1;
        settings.concurrent_builds = 0;
    });
    let first = client.create("violet").await;
    let second = client.create("rose").await;
    client.deploy(&first).await;
    let again = format!("/deploy?uuid={first}");
    let (status, _) = client.call(Method::POST, &again, None).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let response = client
        .send(Method::POST, &format!("/deploy?uuid={second}"), None)
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["retry-after"], "60");
    assert!(response.headers().get("x-ratelimit-reset").is_none());
    assert_eq!(response.headers()["x-ratelimit-limit"], "200");
    let left = response.headers()["x-ratelimit-remaining"]
        .to_str()
        .unwrap();
    assert!(left.parse::<u32>().unwrap() > 0);
    let body: Value = response.json().await.unwrap();
    let message = body["message"].as_str().unwrap();
    assert!(message.starts_with("Deployment queue is full. "));
}

#[tokio::test]
async fn no_more_builds_at_once_than_the_server_allows() {
    let client = slow().await;
    let mut statuses = Vec::new();
    for name in ["violet", "rose", "lily"] {
        let uuid = client.create(name).await;
        let deployment = client.deploy(&uuid).await;
        statuses.push(client.get(&format!("/deployments/{deployment}")).await.1["status"].clone());
    }
    assert_eq!(statuses, ["in_progress", "in_progress", "queued"]);
    client
        .simulator
        .settings(|settings| settings.concurrent_builds = 3);
    let (_, list) = client.get("/deployments").await;
    assert!(
        list.as_array()
            .unwrap()
            .iter()
            .all(|row| row["status"] == "in_progress")
    );
    client
        .simulator
        .settings(|settings| settings.deployments_as_object = true);
    assert_eq!(
        client.get("/deployments").await.1["3"]["application_name"],
        "lily"
    );
}

#[tokio::test]
async fn deploy_takes_a_list_and_passes_over_strangers() {
    let client = slow().await;
    let uuid = client.create("violet").await;
    let (status, body) = client
        .call(Method::POST, &format!("/deploy?uuid=stranger,{uuid}"), None)
        .await;
    assert_eq!(
        (status, body["deployments"].as_array().unwrap().len()),
        (StatusCode::OK, 1)
    );
    for (query, status, message) in [
        (
            "uuid=stranger",
            StatusCode::NOT_FOUND,
            "No resources found.",
        ),
        ("uuid=,", StatusCode::BAD_REQUEST, "No UUIDs provided."),
    ] {
        let answer = client
            .call(Method::POST, &format!("/deploy?{query}"), None)
            .await;
        assert_eq!(answer, (status, json!({ "message": message })));
    }
}

#[tokio::test]
async fn the_history_is_paged_newest_first() {
    let client = slow().await;
    let uuid = client.create("violet").await;
    let first = client.deploy(&uuid).await;
    let cancel = format!("/deployments/{first}/cancel");
    client.call(Method::POST, &cancel, None).await;
    let second = &json!(client.deploy(&uuid).await);
    let path = format!("/deployments/applications/{uuid}");
    let (_, page) = client.get(&format!("{path}?take=1")).await;
    assert_eq!(
        (&page["count"], &page["deployments"][0]["deployment_uuid"]),
        (&json!(2), second)
    );
    let (_, page) = client.get(&path).await;
    assert_eq!(page["deployments"][1]["deployment_uuid"], first);
    let (status, body) = client.get("/deployments/applications/none?take=many").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(body["message"], "The take field must be an integer.");
    assert_eq!(
        client.get("/deployments/applications/none").await.1["message"],
        "Application not found"
    );
}

#[tokio::test]
async fn cancelling_ends_at_once_and_only_what_has_not_ended() {
    let client = slow().await;
    let uuid = client.create("violet").await;
    let deployment = client.deploy(&uuid).await;
    let path = format!("/deployments/{deployment}/cancel");
    let (status, body) = client.call(Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["status"], "cancelled-by-user");
    let (status, body) = client.call(Method::POST, &path, None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body["message"],
        "Deployment cannot be cancelled. Current status: cancelled-by-user"
    );
    assert_eq!(client.get("/deployments").await.1, json!([]));
    assert_eq!(
        client
            .call(Method::POST, "/deployments/none/cancel", None)
            .await
            .0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_phantom_can_be_ordered() {
    let client = slow().await;
    client
        .simulator
        .settings(|settings| settings.phantom_deploy = 1);
    let uuid = client.create("violet").await;
    let phantom = client.deploy(&uuid).await;
    assert_eq!(
        client.get(&format!("/deployments/{phantom}")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(client.get("/deployments").await.1, json!([]));
    let real = client.deploy(&uuid).await;
    assert_eq!(
        client.get(&format!("/deployments/{real}")).await.0,
        StatusCode::OK
    );
}
