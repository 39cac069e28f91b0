//! Stories of programs that use the API: environments and deployments, from the first to the last call.

use super::harness::Dashboard;
use super::program::{NOTHING, Program, named, until};
use crate::simulator::outcomes::Outcome;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[tokio::test]
async fn an_environment_is_made_deployed_followed_and_deleted() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = program
        .post("/environments", named("Made by a program"))
        .await
        .expect(201);
    assert_eq!(
        (made.text("status"), &made.json["deployment"]),
        ("pending", &Value::Null)
    );
    let path = made
        .answer
        .location()
        .strip_prefix("/api/v1")
        .unwrap()
        .to_owned();
    assert!(path.ends_with(made.text("id")));
    assert!(made.text("url").contains(made.text("subdomain")));
    let deployments = format!("{path}/deployments");
    let deployment = program.post(&deployments, json!({})).await.expect(202);
    assert_eq!(deployment.json["outcome"], Value::Null);
    let again = program
        .send("POST", &deployments, &[], "")
        .await
        .expect(202);
    assert_eq!(again.text("id"), deployment.text("id"), "one is under way");
    let moving = program.get(&path).await.expect(200);
    assert_eq!(moving.json["deployment"]["id"], deployment.json["id"]);
    until(&program, &path, "running").await;
    let place = format!("/deployments/{}", deployment.text("id"));
    let ended = program.get(&place).await.expect(200);
    assert_eq!(ended.text("outcome"), "succeeded");
    assert!(ended.json["started_at"].is_string() && ended.json["finished_at"].is_string());
    let list = program.get(&deployments).await.expect(200);
    assert_eq!(list.json["items"], json!([ended.json]));
    until_deleted(&dashboard, &program, &path).await;
    dashboard.close().await;
}

async fn until_deleted(dashboard: &Dashboard, program: &Program, path: &str) {
    let deleting = program.send("DELETE", path, &[], "").await.expect(202);
    assert_eq!(deleting.text("status"), "deleting");
    let made = dashboard.made("Made by a program", "").await;
    dashboard.until_gone(&made).await;
    program.get(path).await.expect(404).says(NOTHING);
    program.send("DELETE", path, &[], "").await.expect(404);
}

#[tokio::test]
async fn a_deployment_is_cancelled_and_a_failure_has_its_sentence() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    dashboard.next_build(Outcome::StuckInProgress);
    let body = json!({ "name": "Stuck", "password": "opens it", "deploy": true });
    let made = program.post("/environments", body).await.expect(201);
    let path = format!("/environments/{}", made.text("id"));
    assert_eq!(made.text("status"), "deploying");
    let stuck = dashboard.made("Stuck", "opens it").await;
    dashboard.until_stage(&stuck, "build").await;
    dashboard.until_built(&stuck).await;
    program
        .send("POST", &format!("{path}/cancel"), &[], "")
        .await
        .expect(202);
    until(&program, &path, "pending").await;
    fails_next(&dashboard, &program, &path).await;
    let nothing = program
        .send("POST", &format!("{path}/cancel"), &[], "")
        .await
        .expect(409);
    nothing.says("Nothing is being deployed, so there is nothing to cancel.");
    dashboard.close().await;
}

async fn fails_next(dashboard: &Dashboard, program: &Program, path: &str) {
    dashboard.next_build(Outcome::FailBuild);
    program
        .post(&format!("{path}/deployments"), json!({ "rebuild": true }))
        .await
        .expect(202);
    let failed = until(program, path, "error").await;
    let list = program
        .get(&format!("{path}/deployments"))
        .await
        .expect(200);
    let outcomes: Vec<_> = list.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["outcome"].clone())
        .collect();
    assert_eq!(outcomes, ["failed", "cancelled"]);
    assert_eq!(list.json["items"][0]["reason"], failed.json["reason"]);
    assert_eq!(list.json["items"][0]["rebuild"], true);
}

#[tokio::test]
async fn a_new_password_opens_the_environment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.running(&ada, "Locked").await;
    let path = format!("/environments/{}", made.id);
    let put = async |password: Value| {
        let body = json!({ "password": password });
        program
            .send_json("PUT", &format!("{path}/password"), &[], body)
            .await
    };
    let wrong = put(json!("short")).await.expect(422);
    assert_eq!(
        wrong.wrong(),
        (
            "password",
            "This password is too short. Use at least 8 characters."
        )
    );
    let odd = put(json!(12_345_678)).await.expect(422);
    assert_eq!(odd.wrong().0, "password");
    assert!(!odd.answer.text.contains("12345678"));
    put(json!("opens it now")).await.expect(202);
    until(&program, &path, "running").await;
    assert!(dashboard.lets_in(&made, "opens it now").await);
    dashboard.close().await;
}

#[tokio::test]
async fn who_waits_hears_of_a_change_at_once_and_of_none_after_the_wait() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    let made = dashboard.make(&ada, "Awaited", false).await;
    let path = format!("/environments/{}", made.id);
    let before = program.get(&path).await.expect(200);
    let version = before.text("version");
    let began = Instant::now();
    let same = program
        .get(&format!("{path}?wait=1&version={version}"))
        .await
        .expect(200);
    assert_eq!(same.text("version"), version);
    assert!(began.elapsed() >= Duration::from_secs(1));
    let waiting = format!("{path}?wait=60&version={version}");
    let began = Instant::now();
    let deploy = made.at("deploy");
    let (changed, _) = tokio::join!(program.get(&waiting), ada.post(&deploy, &[]));
    assert_ne!(changed.expect(200).text("version"), version);
    assert!(began.elapsed() < Duration::from_secs(50));
    dashboard.until_status(&made, "running").await;
    dashboard.close().await;
}
