//! Applications at their own addresses.

use std::time::Instant;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{TIMEOUT, TestClient};
use crate::simulator::outcomes::{Outcome, Plan};
use crate::simulator::removal::Change;

const HOST: &str = "violet.localhost:4242";

fn hash(password: &str) -> String {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.unwrap().to_string()
}

async fn give(client: &TestClient, uuid: &str, key: &str, value: &str, literal: bool) {
    let item = json!({ "key": key, "value": value, "is_literal": literal, "is_buildtime": false });
    let path = format!("/applications/{uuid}/envs/bulk");
    assert_eq!(
        client.patch(&path, &json!({ "data": [item] })).await.0,
        StatusCode::CREATED
    );
}

async fn sign_in(client: &TestClient, password: &str) -> Response {
    let url = format!("{}/login", client.simulator.url());
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("password", password)
        .finish();
    let request = client.http.post(url).header("host", HOST).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.send().await.unwrap()
}

async fn up(client: &TestClient, uuid: &str) {
    let deployment = client.deploy(uuid).await;
    client.until_deployment(&deployment, "finished").await;
    until_visited(client, |status| status == StatusCode::OK).await;
}

async fn until_visited(client: &TestClient, wanted: impl Fn(StatusCode) -> bool) -> StatusCode {
    let begun = Instant::now();
    loop {
        let (status, _) = client.visit(HOST, "/healthz").await;
        if wanted(status) {
            return status;
        }
        assert!(begun.elapsed() < TIMEOUT, "still {status}");
    }
}

#[tokio::test]
async fn the_hash_in_the_variables_lets_its_password_in() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    give(
        &client,
        &uuid,
        "HASHED_PASSWORD",
        &hash("it's $ecret #1"),
        true,
    )
    .await;
    up(&client, &uuid).await;
    let request = client.http.get(client.simulator.url()).header("host", HOST);
    let home = request.send().await.unwrap();
    assert_eq!(home.status(), StatusCode::FOUND);
    assert_eq!(home.headers()["location"], "./login");
    let (status, page) = client.visit(HOST, "/login").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("name=password"));
    let wrong = sign_in(&client, "guess").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(wrong.text().await.unwrap().contains("Incorrect password"));
    let right = sign_in(&client, "  it's $ecret #1 ").await;
    assert_eq!(right.status(), StatusCode::FOUND);
    assert_eq!(right.headers()["location"], "/");
}

#[tokio::test]
async fn only_those_who_signed_in_keep_it_alive() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    give(&client, &uuid, "PASSWORD", "secret", true).await;
    up(&client, &uuid).await;
    let right = sign_in(&client, "secret").await;
    let cookie = right.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let (_, body) = client.visit(HOST, "/healthz").await;
    assert_eq!(body, r#"{"lastHeartbeat":0,"status":"expired"}"#);
    let request = client.http.get(client.simulator.url()).header("host", HOST);
    let page = request.header("cookie", cookie).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Signed in to violet"));
    let (_, body) = client.visit(HOST, "/healthz").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["status"], "alive");
    assert!(body["lastHeartbeat"].as_i64().unwrap() > 1_700_000_000_000);
}

#[tokio::test]
async fn a_hash_that_is_not_literal_is_spoilt() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    give(&client, &uuid, "HASHED_PASSWORD", &hash("secret"), false).await;
    up(&client, &uuid).await;
    assert_eq!(
        sign_in(&client, "secret").await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn variables_act_only_at_the_next_deployment() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.create("violet").await;
    give(&client, &uuid, "PASSWORD", "first", true).await;
    up(&client, &uuid).await;
    give(&client, &uuid, "PASSWORD", "second", true).await;
    assert_eq!(sign_in(&client, "first").await.status(), StatusCode::FOUND);
    assert_eq!(
        sign_in(&client, "second").await.status(),
        StatusCode::UNAUTHORIZED
    );
    up(&client, &uuid).await;
    assert_eq!(sign_in(&client, "second").await.status(), StatusCode::FOUND);
}

#[tokio::test]
async fn the_proxy_tells_unknown_stopped_and_running_apart() {
    let client = TestClient::new().await.without_rate_limit();
    let nothing = "404 page not found\n".to_owned();
    assert_eq!(
        client.visit(HOST, "/").await,
        (StatusCode::NOT_FOUND, nothing)
    );
    let uuid = client.create("violet").await;
    let (status, body) = client.visit(HOST, "/").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body.trim(), "no available server");
    up(&client, &uuid).await;
    client.until_application(&uuid, "running:healthy").await;
    let state = |state: &str| Change::State(state.to_owned());
    for (change, status) in [
        (Change::Unreachable(true), StatusCode::BAD_GATEWAY),
        (Change::Unreachable(false), StatusCode::OK),
        (state("exited"), StatusCode::SERVICE_UNAVAILABLE),
        (state("running"), StatusCode::OK),
    ] {
        assert!(client.simulator.set_state(&uuid, &change));
        assert_eq!(client.visit(HOST, "/healthz").await.0, status, "{change:?}");
    }
    assert!(client.simulator.set_state("violet", &state("exited")));
    let (_, row) = client.get(&format!("/applications/{uuid}")).await;
    assert_eq!(row["status"], "exited:unhealthy");
}

#[tokio::test]
async fn a_container_does_not_answer_from_its_first_moment() {
    let client = TestClient::new().await.without_rate_limit();
    let uuid = client.running("violet").await;
    let stopped = Change::State("exited".to_owned());
    assert!(client.simulator.set_state(&uuid, &stopped));
    // Nothing is built again, so that the way to the new container is short even at this speed.
    client.simulator.settings(|settings| settings.speed = 2.0);
    client.deploy(&uuid).await;
    let first = until_visited(&client, |status| status != StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(first, StatusCode::BAD_GATEWAY);
    until_visited(&client, |status| status == StatusCode::OK).await;
}

#[tokio::test]
async fn an_address_may_stay_silent_though_the_application_runs() {
    let client = TestClient::new().await.without_rate_limit();
    client.simulator.outcome(Plan {
        application: Some("violet".to_owned()),
        outcome: Outcome::NeverAnswers,
        times: None,
    });
    let uuid = client.running("violet").await;
    assert_eq!(
        client.visit(HOST, "/healthz").await.0,
        StatusCode::BAD_GATEWAY
    );
    assert_eq!(
        client.get(&format!("/applications/{uuid}")).await.1["status"],
        "running:healthy"
    );
}

#[tokio::test]
async fn a_host_is_known_by_any_of_the_applications_addresses() {
    let client = TestClient::new().await.without_rate_limit();
    let mut order = TestClient::order("violet");
    order["domains"] = json!("https://Violet.Example.com:8080,http://v.localhost");
    let (_, body) = client.post("/applications/public", &order).await;
    client.deploy(body["uuid"].as_str().unwrap()).await;
    client
        .until_application(body["uuid"].as_str().unwrap(), "running:healthy")
        .await;
    for host in ["violet.example.com", "VIOLET.example.com:80", "v.localhost"] {
        assert_ne!(
            client.visit(host, "/healthz").await.0,
            StatusCode::NOT_FOUND,
            "{host}"
        );
    }
}

#[tokio::test]
async fn of_several_applications_at_one_host_the_oldest_answers() {
    let client = TestClient::new().await.without_rate_limit();
    let mut order = TestClient::order("violet");
    order["domains"] = json!("http://shared.localhost/violet");
    let (_, oldest) = client.post("/applications/public", &order).await;
    for name in ["rose", "lily", "tulip", "daisy"] {
        order["name"] = json!(name);
        order["domains"] = json!(format!("http://shared.localhost/{name}"));
        let (status, _) = client.post("/applications/public", &order).await;
        assert_eq!(status, StatusCode::CREATED);
    }
    let uuid = oldest["uuid"].as_str().unwrap();
    client.deploy(uuid).await;
    client.until_application(uuid, "running:healthy").await;
    // The others have no container, so each of them would answer 503.
    let (status, _) = client.visit("shared.localhost", "/healthz").await;
    assert_ne!(status, StatusCode::SERVICE_UNAVAILABLE);
}
