//! Creating, finding and changing applications.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::TestClient;
use crate::simulator::settings::Profile;

async fn refused(client: &TestClient, change: impl FnOnce(&mut Value)) -> Value {
    let mut order = TestClient::order("violet");
    change(&mut order);
    let (status, body) = client.post("/applications/public", &order).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    body
}

#[tokio::test]
async fn a_new_application_is_found_in_its_environment() {
    let client = TestClient::new().await;
    let (status, body) = client
        .post("/applications/public", &TestClient::order("violet"))
        .await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(body["domains"], "http://violet.localhost");
    let uuid = body["uuid"].as_str().unwrap();
    assert_eq!(uuid.len(), 24);
    let (_, environment) = client
        .get("/projects/zdoc9is0j8ht9lgmxg9edn58/production")
        .await;
    let found = &environment["applications"][0];
    assert_eq!(found["name"], "violet");
    assert_eq!(found["fqdn"], "http://violet.localhost");
    assert_eq!(found["description"], "made by a test");
    assert_eq!(found["status"], "exited:unhealthy");
    let (_, alone) = client.get(&format!("/applications/{uuid}")).await;
    assert_eq!(alone["git_repository"], "grmkris/agent");
    assert_eq!(alone["git_commit_sha"], "HEAD");
    assert_eq!(alone["health_check_enabled"], true);
    assert_eq!(alone["settings"]["is_force_https_enabled"], true);
    assert!(alone.get("domains").is_none());
    assert!(alone.get("id").is_none());
}

#[tokio::test]
async fn names_are_not_unique_but_domains_are() {
    let client = TestClient::new().await;
    let first = client.create("violet").await;
    let (status, body) = client
        .post("/applications/public", &TestClient::order("violet"))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(body["conflicts"][0]["resource_uuid"], first);
    assert_eq!(body["conflicts"][0]["resource_type"], "application");
    let mut order = TestClient::order("violet");
    order["domains"] = json!("https://violet.localhost/");
    assert_eq!(
        client.post("/applications/public", &order).await.0,
        StatusCode::CREATED
    );
    order = TestClient::order("violet");
    order["force_domain_override"] = json!(true);
    assert_eq!(
        client.post("/applications/public", &order).await.0,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn unknown_keys_and_the_first_stage_are_reported_together() {
    let client = TestClient::new().await;
    let body = refused(&client, |order| {
        order["dockerfile_target_build"] = json!("base");
        order["limits_cpus"] = json!(1.5);
        order["health_check_enabled"] = json!("true");
        order["name"] = Value::Null;
        order["git_repository"] = json!("ftp://nowhere");
        order.as_object_mut().unwrap().remove("server_uuid");
    })
    .await;
    let errors = &body["errors"];
    assert_eq!(
        errors["dockerfile_target_build"],
        json!(["This field is not allowed."])
    );
    assert_eq!(errors["server_uuid"], json!(["This field is required."]));
    assert_eq!(
        errors["limits_cpus"],
        json!(["The limits cpus field must be a string."])
    );
    assert!(errors["health_check_enabled"].is_array());
    assert!(errors["name"].is_array());
    assert!(errors.get("git_repository").is_none());
}

#[tokio::test]
async fn the_second_stage_comes_after_the_places() {
    let client = TestClient::new().await;
    let body = refused(&client, |order| {
        order["git_branch"] = json!("../main");
        order["ports_exposes"] = json!("eighty");
    })
    .await;
    assert_eq!(
        body["errors"]["git_branch"],
        json!(["The git branch field format is invalid."])
    );
    assert!(body["errors"]["ports_exposes"].is_array());
    let mut order = TestClient::order("violet");
    order["git_branch"] = json!("../main");
    order["environment_name"] = json!("nowhere");
    let (status, body) = client.post("/applications/public", &order).await;
    assert_eq!(
        (status, &body["message"]),
        (StatusCode::NOT_FOUND, &json!("Environment not found."))
    );
    let body = refused(&client, |order| {
        drop(order.as_object_mut().unwrap().remove("environment_name"));
    })
    .await;
    assert!(body.get("errors").is_none());
}

#[tokio::test]
async fn wrong_domains_are_an_object_now_and_an_array_before() {
    let client = TestClient::new().await;
    let wrong = |order: &mut Value| order["domains"] = json!("violet.localhost");
    assert!(refused(&client, wrong).await["errors"]["domains"].is_array());
    client
        .simulator
        .settings(|settings| settings.profile = Profile::V4_0_0);
    assert!(refused(&client, wrong).await["errors"].is_array());
}

#[tokio::test]
async fn domains_are_normalised() {
    let client = TestClient::new().await;
    let mut order = TestClient::order("violet");
    order["domains"] = json!(" HTTPS://Violet.Localhost:8080/Path , ,http://b.localhost,");
    let (_, body) = client.post("/applications/public", &order).await;
    assert_eq!(
        body["domains"],
        "https://violet.localhost:8080/Path,http://b.localhost"
    );
    order["name"] = json!("blank");
    order["domains"] = json!("");
    let (status, _) = client.post("/applications/public", &order).await;
    assert_eq!(status, StatusCode::CREATED);
    order.as_object_mut().unwrap().remove("domains");
    let (_, body) = client.post("/applications/public", &order).await;
    assert!(body["domains"].as_str().unwrap().ends_with(".sslip.io"));
}

#[tokio::test]
async fn an_old_version_wants_ports_and_refuses_young_keys() {
    let client = TestClient::new().await;
    client
        .simulator
        .settings(|settings| settings.profile = Profile::V4_0_0);
    let body = refused(&client, |order| order["max_restart_count"] = json!(3)).await;
    assert_eq!(
        body["errors"]["max_restart_count"],
        json!(["This field is not allowed."])
    );
    let body = refused(&client, |order| {
        drop(order.as_object_mut().unwrap().remove("ports_exposes"));
    })
    .await;
    assert_eq!(
        body["errors"]["ports_exposes"],
        json!(["The ports exposes field is required."])
    );
    client
        .simulator
        .settings(|settings| settings.profile = Profile::V4_3_11);
    let mut order = TestClient::order("violet");
    order.as_object_mut().unwrap().remove("ports_exposes");
    order["max_restart_count"] = json!(3);
    assert_eq!(
        client.post("/applications/public", &order).await.0,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn several_destinations_ask_for_a_choice() {
    let client = TestClient::new().await;
    let mut order = TestClient::order("violet");
    order["destination_uuid"] = json!("whatever");
    assert_eq!(
        client.post("/applications/public", &order).await.0,
        StatusCode::CREATED
    );
    client
        .simulator
        .settings(|settings| settings.destinations = 2);
    let body = refused(&client, |order| {
        order["destination_uuid"] = json!("whatever");
    })
    .await;
    assert!(body["errors"]["destination_uuid"].is_string());
    let (status, body) = client
        .post("/applications/public", &TestClient::order("rose"))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .starts_with("Server has multiple destinations")
    );
    let (_, destinations) = client
        .get("/servers/s0ce9uvw53efr4edt2sywb3w/destinations")
        .await;
    let mut order = TestClient::order("rose");
    order["destination_uuid"] = destinations[1]["uuid"].clone();
    assert_eq!(
        client.post("/applications/public", &order).await.0,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn bodies_must_be_json() {
    let client = TestClient::new().await;
    let url = format!("{}/api/v1/applications/public", client.simulator.url());
    for (kind, body, error) in [
        ("text/plain", "{}", "Content-Type must be application/json."),
        ("application/json", "{", "Invalid JSON."),
        ("application/json", "{}", "Empty JSON."),
    ] {
        let request = client.http.post(&url).bearer_auth(&client.token);
        let response = request
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            body,
            json!({ "message": "Invalid request.", "error": error })
        );
    }
}
