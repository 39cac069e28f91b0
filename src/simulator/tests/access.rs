//! What stands before the controllers, and the calls about what is always there.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::TestClient;

fn abilities(client: &TestClient, abilities: &[&str]) {
    let abilities: Vec<String> = abilities.iter().map(|one| (*one).to_owned()).collect();
    let token = client.token.clone();
    client
        .simulator
        .settings(|settings| drop(settings.token_abilities.insert(token, abilities)));
}

#[tokio::test]
async fn the_version_is_bare() {
    let client = TestClient::new().await;
    let response = client.send(Method::GET, "/version", None).await.unwrap();
    assert_eq!(response.headers()["x-ratelimit-limit"], "200");
    assert_eq!(response.headers()["x-ratelimit-remaining"], "199");
    assert_eq!(response.text().await.unwrap(), "4.3.11");
}

#[tokio::test]
async fn a_bad_token_is_401_even_when_the_api_is_off() {
    let mut client = TestClient::new().await;
    client
        .simulator
        .settings(|settings| settings.api_disabled = true);
    let (status, body) = client.get("/version").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        body,
        json!({ "success": true, "message": "API is disabled." })
    );
    client.token = "2|nobody".to_owned();
    let (status, body) = client.get("/version").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(body, json!({ "message": "Unauthenticated." }));
}

#[tokio::test]
async fn a_refused_address_has_its_own_words() {
    let client = TestClient::new().await;
    client
        .simulator
        .settings(|settings| settings.ip_refused = true);
    let (status, body) = client.get("/version").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(body["message"], "You are not allowed to access the API.");
}

#[tokio::test]
async fn each_ability_opens_its_own_calls() {
    let client = TestClient::new().await;
    abilities(&client, &["write"]);
    let (status, body) = client.get("/version").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(body["message"], "Missing required permissions: read");
    let (status, body) = client.post("/applications/public", &json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["error"], "Empty JSON.");
    let (status, body) = client.call(Method::POST, "/deploy", None).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(body["message"], "Missing required permissions: deploy");
    abilities(&client, &["deploy"]);
    let (status, body) = client.call(Method::POST, "/deploy", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(body["message"], "You must provide uuid or tag.");
}

#[tokio::test]
async fn the_rate_limit_counts_calls_with_a_token() {
    let mut client = TestClient::new().await;
    client
        .simulator
        .settings(|settings| settings.rate_limit_per_minute = 2);
    let good = std::mem::replace(&mut client.token, "9|bad".to_owned());
    assert_eq!(client.get("/version").await.0, StatusCode::UNAUTHORIZED);
    client.token = good;
    assert_eq!(client.get("/version").await.0, StatusCode::OK);
    assert_eq!(
        client.get("/applications/none").await.0,
        StatusCode::NOT_FOUND
    );
    let response = client.send(Method::GET, "/version", None).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["x-ratelimit-remaining"], "0");
    let wait: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    assert!(response.headers().contains_key("x-ratelimit-reset"));
    assert_eq!(
        response.text().await.unwrap(),
        "{\n    \"message\": \"Too Many Attempts.\"\n}"
    );
}

#[tokio::test]
async fn a_path_that_does_not_exist_has_docs() {
    let client = TestClient::new().await;
    let (status, body) = client.get("/services/none/at/all").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        body,
        json!({ "message": "Not found.", "docs": "https://coolify.io/docs" })
    );
}

#[tokio::test]
async fn project_environment_and_server_are_there() {
    let client = TestClient::new().await;
    client
        .simulator
        .settings(|settings| settings.delete_unused_volumes = true);
    let project = "/projects/zdoc9is0j8ht9lgmxg9edn58";
    let (_, environment) = client.get(&format!("{project}/production")).await;
    let uuid = environment["uuid"].as_str().unwrap();
    let (_, environment) = client
        .get(&format!("/projects/zdoc9is0j8ht9lgmxg9edn58/{uuid}"))
        .await;
    assert_eq!(environment["applications"], json!([]));
    let (_, body) = client
        .get("/projects/zdoc9is0j8ht9lgmxg9edn58/nowhere")
        .await;
    assert_eq!(body["message"], "Environment not found.");
    let (_, server) = client.get("/servers/s0ce9uvw53efr4edt2sywb3w").await;
    assert_eq!(server["settings"]["delete_unused_volumes"], true);
    assert_eq!(server["proxy"]["type"], "TRAEFIK");
    assert!(server["settings"]["sentinel_token"].is_string());
    abilities(&client, &["read"]);
    let (_, server) = client.get("/servers/s0ce9uvw53efr4edt2sywb3w").await;
    assert!(server["settings"].get("sentinel_token").is_none());
}
