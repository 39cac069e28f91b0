//! Stories of what programs read: lists, logs, and only what changed.

use super::archive::until_moved;
use super::harness::Dashboard;
use super::program::{Program, named};
use crate::domain::id::DeploymentId;
use serde_json::json;
use std::time::Duration;

const OTHERS_READ: &str = "The log cannot be shown at the moment, because others are being read. Try again in a few seconds.";

#[tokio::test]
async fn environments_are_listed_by_page_status_and_name() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    for name in ["Alpha", "Beta", "Gamma"] {
        dashboard.make(&ada, name, false).await;
    }
    let names = async |query: &str| {
        let list = program
            .get(&format!("/environments?{query}"))
            .await
            .expect(200);
        let names = list.json["items"].as_array().unwrap().iter();
        let names: Vec<String> = names
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), list.json["total"].as_i64().unwrap())
    };
    assert_eq!(names("").await, ("Gamma Beta Alpha".to_owned(), 3));
    assert_eq!(
        names("sort=name&per_page=2").await,
        ("Alpha Beta".to_owned(), 3)
    );
    assert_eq!(
        names("sort=name&per_page=2&page=2").await,
        ("Gamma".to_owned(), 3)
    );
    assert_eq!(names("q=ET").await, ("Beta".to_owned(), 1));
    assert_eq!(names("status=running").await, (String::new(), 0));
    dashboard.close().await;
}

#[tokio::test]
async fn a_wrong_parameter_is_told_by_its_name() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    for (query, field) in [
        ("status=odd", "status"),
        ("page=0", "page"),
        ("per_page=101", "per_page"),
        ("sort=x", "sort"),
    ] {
        let wrong = program
            .get(&format!("/environments?{query}"))
            .await
            .expect(422);
        assert_eq!(wrong.wrong().0, field);
    }
    dashboard.close().await;
}

/// As if the deployment had logged 5,000 lines more.
async fn log_more(dashboard: &Dashboard) {
    let long = "insert into deployment_log (deployment_id, position, output, hidden, error)
                select d.id, n + 1000, repeat('a long line ', 10), false, true
                from deployments d, generate_series(1, 5000) n";
    sqlx::query(long).execute(dashboard.pool()).await.unwrap();
}

#[tokio::test]
async fn the_log_is_read_part_by_part_until_nothing_follows() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    let made = dashboard.running(&ada, "Logged").await;
    dashboard.until_logged(&made).await;
    log_more(&dashboard).await;
    let id = dashboard.deployment_id(&made).await;
    let texts = whole_log(&program, id).await;
    let file = ada.get(&made.at("log.txt")).await.expect(200);
    let whole: Vec<&str> = file
        .text
        .lines()
        .filter(|line| !line.starts_with("… "))
        .collect();
    assert_eq!(texts.join("\n").lines().collect::<Vec<_>>(), whole);
    dashboard.close().await;
}

#[tokio::test]
async fn a_log_is_read_from_its_store_as_it_was_read_from_the_database() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    let made = dashboard.running(&ada, "Stored").await;
    dashboard.until_logged(&made).await;
    log_more(&dashboard).await;
    let id = dashboard.deployment_id(&made).await;
    let before = whole_log(&program, id).await;
    let settled = "update deployments set finished_at = finished_at - interval '2 hours'";
    sqlx::query(settled)
        .execute(dashboard.pool())
        .await
        .unwrap();
    until_moved(&dashboard).await;
    assert_eq!(whole_log(&program, id).await, before);
    let both = tokio::join!(whole_log(&program, id), whole_log(&program, id));
    assert_eq!((&both.0, &both.1), (&before, &before));
    waits_for_a_slot(&dashboard, &program, id).await;
    dashboard.close().await;
}

#[tokio::test]
async fn whoever_cannot_read_a_stored_log_in_time_because_others_do_is_told_when_to_ask_again() {
    let short = Duration::from_millis(50);
    let dashboard = Dashboard::with(|setup| setup.pace.log_slot = short).await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    let made = dashboard.running(&ada, "Stored").await;
    dashboard.until_logged(&made).await;
    let settled = "update deployments set finished_at = finished_at - interval '2 hours'";
    sqlx::query(settled)
        .execute(dashboard.pool())
        .await
        .unwrap();
    until_moved(&dashboard).await;
    let slots = &dashboard.app.log_slots;
    let all = u32::try_from(slots.available_permits()).unwrap();
    let held = slots.acquire_many(all).await.unwrap();
    let path = format!("/deployments/{}/log", dashboard.deployment_id(&made).await);
    let busy = program.get(&path).await.expect(503);
    busy.says(OTHERS_READ);
    assert_eq!(busy.answer.header("retry-after"), "5");
    assert!(ada.get(&made.at("")).await.expect(200).says(OTHERS_READ));
    let file = ada.get(&made.at("log.txt")).await.expect(503);
    assert_eq!(file.text, format!("{OTHERS_READ}\n"));
    drop(held);
    program.get(&path).await.expect(200);
    let file = ada.get(&made.at("log.txt")).await.expect(200);
    assert!(file.text.contains("Starting deployment of"));
    assert_eq!(
        slots.available_permits(),
        all as usize,
        "all are given back"
    );
    dashboard.close().await;
}

/// While others decompress logs, one more waits, and nothing else does.
async fn waits_for_a_slot(dashboard: &Dashboard, program: &Program, id: DeploymentId) {
    let slots = &dashboard.app.log_slots;
    let all = u32::try_from(slots.available_permits()).unwrap();
    let held = slots.acquire_many(all).await.unwrap();
    let path = format!("/deployments/{id}/log");
    let mut reading = std::pin::pin!(program.get(&path));
    for _ in 0..20 {
        tokio::select! {
            _ = &mut reading => panic!("it waits for no slot"),
            other = program.get("/account") => other.expect(200),
        };
    }
    drop(held);
    reading.await.expect(200);
}

/// The texts of a log, which comes in several parts.
async fn whole_log(program: &Program, id: DeploymentId) -> Vec<String> {
    let (mut texts, mut next, mut parts) = (vec![], 0, 0);
    loop {
        let path = format!("/deployments/{id}/log?after={next}");
        let part = program.get(&path).await.expect(200);
        let lines = part.json["lines"].as_array().unwrap().clone();
        assert!(
            lines
                .iter()
                .all(|line| line["number"].as_i64().unwrap() >= next)
        );
        texts.extend(
            lines
                .iter()
                .map(|line| line["text"].as_str().unwrap().to_owned()),
        );
        next = part.json["next"].as_i64().unwrap();
        parts += 1;
        if part.json["finished"] == true {
            break;
        }
        assert!(!lines.is_empty(), "a log that has ended has a next part");
    }
    assert!(parts > 1, "one part had all of it");
    texts
}

#[tokio::test]
async fn what_is_known_already_is_not_answered_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = program
        .post("/environments", named("Tagged"))
        .await
        .expect(201);
    let path = format!("/environments/{}", made.text("id"));
    for place in [
        path.as_str(),
        "/environments",
        "/account",
        &format!("{path}/deployments"),
    ] {
        let first = program.get(place).await.expect(200);
        let tag = first.answer.header("etag").to_owned();
        let known = [("if-none-match", tag.as_str())];
        let same = program.send("GET", place, &known, "").await.expect(304);
        assert_eq!(same.answer.header("etag"), tag);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_version_that_is_not_the_current_one_deletes_nothing() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let made = program
        .post("/environments", named("Tagged"))
        .await
        .expect(201);
    let path = format!("/environments/{}", made.text("id"));
    let tag = made.answer.header("etag").to_owned();
    assert!(tag.starts_with(&format!("\"{}-", made.text("version"))));
    let body = json!({ "password": "another one" });
    program
        .send_json("PUT", &format!("{path}/password"), &[], body)
        .await
        .expect(202);
    let known = [("if-none-match", tag.as_str())];
    let changed = program.send("GET", &path, &known, "").await.expect(200);
    let stale = program
        .send("DELETE", &path, &[("if-match", &tag)], "")
        .await
        .expect(412);
    stale.says("It has changed meanwhile. Read it again, and decide again.");
    let tag = changed.answer.header("etag").to_owned();
    program
        .send("DELETE", &path, &[("if-match", &tag)], "")
        .await
        .expect(204);
    dashboard.close().await;
}
