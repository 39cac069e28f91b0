//! What a real Coolify 4.3.11 answered, call by call: status, keys and odd values.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use super::TestClient;
use crate::simulator::Options;
use crate::simulator::outcomes::{Outcome, Plan};

/// A call, its body, the status of its response, and what stands where in it: a value, any text (`"…"`), or nothing
/// (`null`). `{a}` and `{b}` are applications, `{d}` is a deployment in progress, `{p}` the project and `{s}` the server.
type Fact = (String, String, Option<Value>, u16, BTreeMap<String, Value>);

fn facts() -> Vec<Fact> {
    serde_json::from_str(include_str!("recorded.json")).unwrap()
}

/// A simulator in which the build of one application stays in progress, and the build of another waits for its turn.
async fn busy() -> (TestClient, [(&'static str, String); 5]) {
    let client = TestClient::new().await.without_rate_limit();
    for outcome in [Outcome::StuckInProgress, Outcome::StuckQueued] {
        let plan = Plan {
            application: None,
            outcome,
            times: Some(1),
        };
        client.simulator.outcome(plan);
    }
    let (a, b) = (client.create("violet").await, client.create("rose").await);
    let d = client.deploy(&a).await;
    let path = format!("/deployments/{d}");
    client
        .until(&path, |_, row| row["logs"].to_string().contains("#8 "))
        .await;
    let options = Options::default();
    let names = [
        ("{a}", a),
        ("{b}", b),
        ("{d}", d),
        ("{p}", options.project),
        ("{s}", options.server),
    ];
    (client, names)
}

#[tokio::test]
async fn every_recorded_answer_is_given() {
    let (client, names) = busy().await;
    for (method, path, body, status, places) in facts() {
        let fill = |path: String, (name, value): &(&str, String)| path.replace(name, value);
        let path = names.iter().fold(path, fill);
        let method = method.parse::<Method>().unwrap();
        let (answered, seen) = client.call(method, &path, body.as_ref()).await;
        assert_eq!(answered.as_u16(), status, "{path}: {seen}");
        for (place, wanted) in places {
            let there = seen.pointer(&place);
            let right = match wanted {
                Value::Null => there.is_none(),
                Value::String(any) if any == "…" => there.is_some_and(Value::is_string),
                value => there == Some(&value),
            };
            assert!(right, "{place} of {path}: {there:?}");
        }
    }
}

#[tokio::test]
async fn a_token_without_the_ability_sees_no_secrets_and_may_not_write() {
    let (client, names) = busy().await;
    let token = client.token.clone();
    client.simulator.settings(|settings| {
        let reading = vec!["read".to_owned()];
        settings.token_abilities.insert(token, reading);
    });
    let [(_, a), _, (_, d), _, (_, s)] = names;
    for (path, secret) in [
        ("/deployments".to_owned(), "/0/logs"),
        (format!("/deployments/{d}"), "/logs"),
        (
            format!("/deployments/applications/{a}"),
            "/deployments/0/logs",
        ),
        (format!("/servers/{s}"), "/settings/sentinel_token"),
        (
            format!("/applications/{a}"),
            "/destination/server/settings/sentinel_token",
        ),
    ] {
        let (status, seen) = client.get(&path).await;
        assert_eq!(
            (status.as_u16(), seen.pointer(secret)),
            (200, None),
            "{path}"
        );
    }
    let (status, seen) = client.post("/applications/public", &json!({})).await;
    assert_eq!(status.as_u16(), 403);
    assert_eq!(seen["message"], "Missing required permissions: write");
}

#[tokio::test]
async fn a_listed_application_is_as_large_as_a_real_one() {
    let client = TestClient::new().await.without_rate_limit();
    for number in 0..10 {
        client.create(&format!("violet-{number}")).await;
    }
    let path = format!("/projects/{}/production", Options::default().project);
    let response = client.send(Method::GET, &path, None).await.unwrap();
    let bytes = response.text().await.unwrap().len() / 10;
    assert!(
        (5_900..7_300).contains(&bytes),
        "{bytes} bytes an application"
    );
}

#[tokio::test]
async fn a_build_server_runs_no_application() {
    let client = TestClient::new().await;
    client
        .simulator
        .settings(|settings| settings.is_build_server = true);
    let (status, body) = client
        .post("/applications/public", &TestClient::order("violet"))
        .await;
    assert_eq!(status.as_u16(), 422);
    assert!(body["errors"]["server_uuid"].is_array());
}
