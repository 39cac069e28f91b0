//! Stories of what programs decide about environments: what they are made of, their variables, their memory and CPUs.

use super::built_from::{REPOSITORY, with};
use super::harness::{Dashboard, Made};
use super::person::Person;
use super::program::{Program, until};
use super::repositories::Repositories;
use super::resources::{two_gigabytes, until_failed};
use super::visits::{application, variable};
use crate::simulator::outcomes::Outcome;
use serde_json::{Value, json};

#[tokio::test]
async fn an_environment_is_made_of_all_that_can_be_chosen() {
    let host = Repositories::default();
    host.add("/acme/agent", "dev", &"1".repeat(40));
    let dashboard = with(&host, "").await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let body = json!({
        "name": "Chosen", "password": "opens what is chosen", "deploy": true, "suffix": "x7k9",
        "source_repository": REPOSITORY, "source_branch": "dev",
        "variables": { "KEY": "a value", "REGION": "here" }, "memory": "1g", "cpus": "0.5",
    });
    let made = program.post("/environments", body).await.expect(201);
    assert_eq!(made.text("subdomain"), "chosen-x7k9");
    assert!(!made.answer.text.contains("a value"));
    let path = format!("/environments/{}", made.text("id"));
    until(&program, &path, "running").await;
    let made = dashboard.made("Chosen", "opens what is chosen").await;
    let built = application(&dashboard, &made).await;
    assert_eq!(
        (&built["git_repository"], &built["git_branch"]),
        (&json!(REPOSITORY), &json!("dev"))
    );
    assert_eq!(
        (&built["limits_memory"], &built["limits_cpus"]),
        (&json!("1g"), &json!("0.5"))
    );
    for (name, value) in [("KEY", "a value"), ("REGION", "here")] {
        assert_eq!(
            variable(&dashboard, &made, name).await.as_deref(),
            Some(value)
        );
    }
    dashboard.close().await;
}

#[tokio::test]
async fn every_wrong_choice_is_told_by_its_field() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    for (field, value) in [
        ("suffix", json!("X7K9")),
        ("suffix", json!("x7k")),
        ("source_repository", json!("agent")),
        ("source_branch", json!("a b")),
        ("workspace_repository", json!("x")),
        ("variables", json!({ "KEY": "it's" })),
        ("variables", json!(["KEY"])),
        ("memory", json!("much")),
        ("cpus", json!("all")),
    ] {
        let mut body = json!({ "name": "Wrong", "password": "long enough" });
        body[field] = value;
        let wrong = program.post("/environments", body).await.expect(422);
        assert_eq!(wrong.wrong().0, field);
    }
    assert_eq!(program.get("/environments").await.json["total"], 0);
    let body = json!({ "name": "Right", "password": "long enough", "suffix": "" });
    program.post("/environments", body).await.expect(201);
    dashboard.close().await;
}

fn variables_of(made: &Made) -> String {
    format!("/environments/{}/variables", made.id)
}

async fn deploy(dashboard: &Dashboard, owner: &Person, made: &Made) {
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(made, "running").await;
}

#[tokio::test]
async fn a_variable_is_given_sent_replaced_and_removed() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.make(&ada, "Varied", false).await;
    let (all, key) = (variables_of(&made), format!("{}/KEY", variables_of(&made)));
    let put = async |body: Value| program.send_json("PUT", &key, &[], body).await;
    let state = async || {
        let list = program.get(&all).await.expect(200);
        assert!(!list.answer.text.contains("first") && !list.answer.text.contains("second"));
        list.json["items"][0].clone()
    };
    assert_eq!(program.get(&all).await.expect(200).json["items"], json!([]));
    let given = put(json!({ "value": "first" })).await.expect(202);
    let waiting = json!({ "name": "KEY", "state": "waiting", "sent_at": null });
    assert_eq!((&given.json, state().await), (&waiting, waiting.clone()));
    deploy(&dashboard, &ada, &made).await;
    let sent = state().await;
    assert_eq!(
        (&sent["state"], sent["sent_at"].is_string()),
        (&json!("sent"), true)
    );
    put(json!({ "value": "second" })).await.expect(202);
    assert_eq!(state().await["state"], "waiting");
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(
        variable(&dashboard, &made, "KEY").await.as_deref(),
        Some("second")
    );
    let removing = program.send("DELETE", &key, &[], "").await.expect(202);
    assert_eq!(removing.text("state"), "removing");
    deploy(&dashboard, &ada, &made).await;
    assert_eq!(state().await, Value::Null);
    let gone = program.send("DELETE", &key, &[], "").await;
    gone.expect(204);
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_no_variable_is_refused_and_one_that_was_never_sent_is_gone_at_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.make(&ada, "Varied", false).await;
    let put = async |name: &str, body: Value| {
        let path = format!("{}/{name}", variables_of(&made));
        program.send_json("PUT", &path, &[], body).await
    };
    for (name, body, field) in [
        ("key", json!({ "value": "x" }), "name"),
        ("HOME", json!({ "value": "x" }), "name"),
        ("KEY", json!({}), "value"),
        ("KEY", json!({ "value": "it's" }), "value"),
        ("KEY", json!({ "value": 1_234_567 }), "value"),
        ("KEY", json!({ "vaule": "x" }), "vaule"),
    ] {
        let wrong = put(name, body).await.expect(422);
        assert_eq!(wrong.wrong().0, field);
        assert!(!wrong.answer.text.contains("1234567"), "it is not repeated");
    }
    put("%ff", json!({ "value": "x" })).await.expect(404);
    put("KEY", json!({ "value": "x" })).await.expect(202);
    let key = format!("{}/KEY", variables_of(&made));
    program.send("DELETE", &key, &[], "").await.expect(204);
    let told = "select way || ' ' || action from audit where action like 'environment.variable%' order by id";
    let told: Vec<String> = sqlx::query_scalar(told)
        .fetch_all(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(
        told,
        [
            "api environment.variable_given",
            "api environment.variable_removed"
        ]
    );
    dashboard.close().await;
}

#[tokio::test]
async fn a_value_that_was_lost_with_a_restored_backup_is_called_lost_until_it_is_given_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.make(&ada, "Restored", false).await;
    let all = variables_of(&made);
    let put = async |name: &str, value: &str| {
        let path = format!("{all}/{name}");
        let body = json!({ "value": value });
        program.send_json("PUT", &path, &[], body).await.expect(202)
    };
    put("KEY", "first").await;
    deploy(&dashboard, &ada, &made).await;
    put("KEY", "second").await;
    put("NEVER_SENT", "first").await;
    // As a backup leaves them: every row, but no value. Rows that are deleted would be noted.
    sqlx::query("truncate variable_values")
        .execute(dashboard.pool())
        .await
        .unwrap();
    let list = program.get(&all).await.expect(200);
    for (place, name) in ["KEY", "NEVER_SENT"].into_iter().enumerate() {
        let found = &list.json["items"][place];
        assert_eq!(
            (&found["name"], &found["state"]),
            (&json!(name), &json!("lost"))
        );
    }
    let sent_at = &list.json["items"][0]["sent_at"];
    assert!(sent_at.is_string(), "Coolify has an earlier one");
    assert_eq!(put("KEY", "third").await.text("state"), "waiting");
    let key = format!("{all}/NEVER_SENT");
    program.send("DELETE", &key, &[], "").await.expect(204);
    dashboard.close().await;
}

#[tokio::test]
async fn memory_and_cpus_are_chosen_within_what_is_allowed() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.running(&ada, "Sized").await;
    let path = format!("/environments/{}/resources", made.id);
    let (all, none) = (
        json!({ "memory": "2g", "cpus": "1.5" }),
        json!({ "memory": null, "cpus": null }),
    );
    let read = program.get(&path).await.expect(200);
    assert_eq!(
        read.json,
        json!({ "chosen": none, "allowed": all, "gets": all, "waits": false })
    );
    let change = async |body: Value| program.send_json("PATCH", &path, &[], body).await;
    change(json!({ "memory": "512m" })).await.expect(200);
    let chosen = change(json!({ "cpus": "0.5" })).await.expect(200);
    let less = json!({ "memory": "512m", "cpus": "0.5" });
    assert_eq!(
        chosen.json,
        json!({ "chosen": less, "allowed": all, "gets": less, "waits": true })
    );
    let chosen = change(json!({ "memory": null })).await.expect(200);
    assert_eq!(
        chosen.json["chosen"],
        json!({ "memory": null, "cpus": "0.5" })
    );
    deploy(&dashboard, &ada, &made).await;
    let read = program.get(&path).await.expect(200);
    assert_eq!(
        (&read.json["gets"]["cpus"], &read.json["waits"]),
        (&json!("0.5"), &json!(false))
    );
    dashboard.close().await;
}

#[tokio::test]
async fn what_a_failed_deployment_gave_to_coolify_still_waits() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.running(&ada, "Sized").await;
    let path = format!("/environments/{}/resources", made.id);
    let waits = async || program.get(&path).await.expect(200).json["waits"].clone();
    assert_eq!(waits().await, json!(false));
    let chosen = json!({ "memory": "1g" });
    program
        .send_json("PATCH", &path, &[], chosen)
        .await
        .expect(200);
    dashboard.next_build(Outcome::FailBuild);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    until_failed(&dashboard, &made).await;
    assert_eq!(waits().await, json!(true));
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_more_than_allowed_by_now_stays_while_something_else_is_chosen() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.make(&ada, "Sized", false).await;
    let path = format!("/environments/{}/resources", made.id);
    let change = async |body: Value| program.send_json("PATCH", &path, &[], body).await;
    change(json!({ "memory": "2g" })).await.expect(200);
    sqlx::query("update users set memory_limit = 1024")
        .execute(dashboard.pool())
        .await
        .unwrap();
    let chosen = change(json!({ "cpus": "0.5" })).await.expect(200);
    assert_eq!(
        (&chosen.json["chosen"], &chosen.json["gets"]),
        (
            &json!({ "memory": "2g", "cpus": "0.5" }),
            &json!({ "memory": "1g", "cpus": "0.5" })
        )
    );
    let again = change(json!({ "memory": "2g" })).await.expect(422);
    assert_eq!(again.wrong().0, "memory");
    dashboard.close().await;
}

#[tokio::test]
async fn more_memory_or_cpus_than_is_allowed_is_refused() {
    let dashboard = two_gigabytes().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = dashboard.make(&ada, "Sized", false).await;
    let path = format!("/environments/{}/resources", made.id);
    let change = async |body: Value| program.send_json("PATCH", &path, &[], body).await;
    for (body, field) in [
        (json!({ "memory": "3g" }), "memory"),
        (json!({ "cpus": "all" }), "cpus"),
        (json!({ "cpus": 2 }), "cpus"),
        (json!({ "disk": "1g" }), "disk"),
    ] {
        assert_eq!(change(body).await.expect(422).wrong().0, field);
    }
    dashboard.close().await;
}
