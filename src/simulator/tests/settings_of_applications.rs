//! Variables and volumes.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::TestClient;

fn item(key: &str, value: &str) -> Value {
    json!({
        "key": key, "value": value, "is_preview": false, "is_literal": true, "is_multiline": false,
        "is_shown_once": false, "is_runtime": true, "is_buildtime": false,
    })
}

#[tokio::test]
async fn bulk_adds_changes_and_drops_keys_it_does_not_know() {
    let client = TestClient::new().await;
    let uuid = client.create("violet").await;
    let path = format!("/applications/{uuid}/envs");
    let bulk = format!("{path}/bulk");
    let mut first = item("PASSWORD", " secret ");
    first["from_the_future"] = json!(1);
    let (status, rows) = client
        .patch(&bulk, &json!({ "data": [first, item("TZ", "UTC")] }))
        .await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(rows[0]["value"], "secret");
    let (_, all) = client.get(&path).await;
    let previews = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["is_preview"] == true);
    assert_eq!((all.as_array().unwrap().len(), previews.count()), (4, 2));
    let (status, rows) = client
        .patch(&bulk, &json!({ "data": [item("TZ", "CET")] }))
        .await;
    assert_eq!(
        (status, &rows[0]["value"]),
        (StatusCode::CREATED, &json!("CET"))
    );
    assert_eq!(client.get(&path).await.1.as_array().unwrap().len(), 4);
    assert_eq!(
        client.patch(&bulk, &json!({ "other": 1 })).await.0,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn limits_are_texts_that_can_be_changed_and_places_are_not() {
    let client = TestClient::new().await;
    let uuid = client.create("violet").await;
    let path = format!("/applications/{uuid}");
    let (status, body) = client.patch(&path, &json!({ "limits_memory": "2g" })).await;
    assert_eq!((status, &body["uuid"]), (StatusCode::OK, &json!(uuid)));
    let (_, row) = client.get(&path).await;
    assert_eq!(
        (&row["limits_memory"], &row["limits_cpus"]),
        (&json!("2g"), &json!("0"))
    );
    let wrong = json!({ "limits_cpus": 1.5, "server_uuid": "s" });
    let (status, body) = client.patch(&path, &wrong).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let sentence = "The limits cpus field must be a string.";
    assert_eq!(body["errors"]["limits_cpus"], json!([sentence]));
    let refused = &body["errors"]["server_uuid"];
    assert_eq!(refused, &json!(["This field is not allowed."]));
    let missing = json!({ "limits_cpus": "1" });
    let (status, _) = client.patch("/applications/none", &missing).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn values_are_hidden_from_a_plain_token() {
    let client = TestClient::new().await;
    let uuid = client.create("violet").await;
    let token = client.token.clone();
    client.simulator.settings(|settings| {
        settings
            .token_abilities
            .insert(token, vec!["read".to_owned(), "write".to_owned()]);
    });
    let path = format!("/applications/{uuid}/envs");
    let (_, rows) = client
        .patch(
            &format!("{path}/bulk"),
            &json!({ "data": [item("A", "secret")] }),
        )
        .await;
    assert!(rows[0].get("value").is_none());
    assert!(!client.get(&path).await.1.to_string().contains("secret"));
}

#[tokio::test]
async fn the_same_name_twice_in_one_bulk_makes_two() {
    let client = TestClient::new().await;
    let uuid = client.create("violet").await;
    let path = format!("/applications/{uuid}/envs");
    client
        .patch(
            &format!("{path}/bulk"),
            &json!({ "data": [item("A", "1"), item("A", "2")] }),
        )
        .await;
    assert_eq!(client.get(&path).await.1.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn leaving_out_a_flag_that_is_set_breaks() {
    let client = TestClient::new().await;
    let uuid = client.create("violet").await;
    let path = format!("/applications/{uuid}/envs/bulk");
    let mut many = item("A", "1");
    many["is_multiline"] = json!(true);
    client.patch(&path, &json!({ "data": [many] })).await;
    let mut less = item("A", "2");
    less.as_object_mut().unwrap().remove("is_multiline");
    let (status, body) = client
        .patch(&path, &json!({ "data": [item("B", "saved"), less] }))
        .await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(body["message"], "Server Error");
    let (_, rows) = client.get(&format!("/applications/{uuid}/envs")).await;
    assert!(rows.to_string().contains("saved"));
}

#[tokio::test]
async fn volumes_carry_the_application_in_their_names_and_break_when_repeated() {
    let client = TestClient::new().await;
    let uuid = client.create("violet").await;
    let path = format!("/applications/{uuid}/storages");
    let order =
        json!({ "type": "persistent", "name": "workspace", "mount_path": "home/coder/workspace" });
    let (status, row) = client.post(&path, &order).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(row["name"], format!("{uuid}-workspace"));
    assert_eq!(row["mount_path"], "/home/coder/workspace");
    assert_eq!(row["host_path"], Value::Null);
    assert_eq!(
        client.post(&path, &order).await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let (_, list) = client.get(&path).await;
    assert_eq!(list["persistent_storages"].as_array().unwrap().len(), 1);
    assert_eq!(list["file_storages"], json!([]));
    let odd = json!({ "type": "persistent", "name": "-x", "mount_path": "/x", "content": "y" });
    let (status, body) = client.post(&path, &odd).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body["errors"]["name"].is_array() && body["errors"]["content"].is_array());
    assert_eq!(
        client.get("/applications/none/storages").await.1["message"],
        "Application not found"
    );
    assert_eq!(
        client.post("/applications/none/storages", &order).await.1["message"],
        "Application not found."
    );
}
