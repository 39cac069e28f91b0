//! Being watched: the id of each request, and its line in the log.

use super::harness::Dashboard;
use super::log::overheard;
use super::person::{Answer, Person};
use axum::http::Request;
use std::collections::BTreeSet;

/// A request that carries these ids.
async fn with_ids(person: &Person, ids: &[&str]) -> Answer {
    let request = Request::get("/login");
    let request = ids
        .iter()
        .fold(request, |request, id| request.header("x-request-id", *id));
    person.send(request, "").await.expect(200)
}

#[tokio::test]
async fn every_answer_has_an_id_and_only_a_trusted_proxy_may_choose_it() {
    let dashboard = Dashboard::open().await;
    let near = dashboard.stranger("Near").from([127, 0, 0, 1]);
    let far = dashboard.stranger("Far");
    let long = "a".repeat(64);
    for (ids, taken) in [
        (["edge-1_B"].as_slice(), "edge-1_B"),
        (&[&long], &long),
        (&["of-its-client", "of-the-proxy"], "of-the-proxy"),
    ] {
        let answer = with_ids(&near, ids).await;
        assert_eq!(answer.header("x-request-id"), taken);
    }
    let longer = "a".repeat(65);
    let mut made = BTreeSet::new();
    for id in ["", "two words", "a;b", "\"a\"", "}: WARN", &longer] {
        let answer = with_ids(&near, &[id]).await;
        made.insert(answer.header("x-request-id").to_owned());
    }
    let answer = with_ids(&far, &["edge-1"]).await;
    made.insert(answer.header("x-request-id").to_owned());
    for path in ["/nowhere", "/assets/none", "/environments/changes"] {
        let answer = far.get(path).await;
        made.insert(answer.header("x-request-id").to_owned());
    }
    assert_eq!(made.len(), 10, "{made:?}");
    let are_ids = made.iter().all(|id| uuid::Uuid::parse_str(id).is_ok());
    assert!(are_ids, "{made:?}");
    dashboard.close().await;
}

#[test]
fn a_request_is_one_line_of_the_log_and_whatever_it_logs_has_its_id() {
    let log = overheard(async {
        let dashboard = Dashboard::open().await;
        let near = dashboard.stranger("Near").from([127, 0, 0, 1]);
        let request = Request::post("/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-request-id", "the-sign-in");
        let form = "email=guessed%40example.com&password=guessed";
        near.send(request, form).await.expect(422);
        near.get("/nowhere?secret=1").await.expect(404);
        let ada = dashboard.person("Ada").await;
        let made = dashboard.make(&ada, "One", false).await;
        ada.get(&made.at("")).await.expect(200);
        ada.get("/healthz").await.expect(200);
        ada.get(&made.at("row")).await.expect(200);
        dashboard.close().await;
    });
    let text = log.text();
    let line = |words: &[&str]| {
        let mut lines = text.lines();
        let has_all = |line: &&str| words.iter().all(|word| line.contains(word));
        lines
            .find(has_all)
            .unwrap_or_else(|| panic!("{words:?} in\n{text}"))
    };
    line(&["WARN request{id=the-sign-in}:", "sign-in failed"]);
    let answered = line(&["INFO request{id=the-sign-in}:", "answered"]);
    assert!(answered.contains("method=POST route=/login status=422 milliseconds="));
    line(&["answered", "route=none status=404"]);
    line(&["answered", "route=/environments/{id} status=200"]);
    line(&["DEBUG", "answered", "route=/healthz status=200"]);
    line(&[
        "DEBUG",
        "answered",
        "route=/environments/{id}/row status=200",
    ]);
    let is_second = |line: &&str| line.contains("the-sign-in}") && line.contains("answered");
    assert_eq!(text.lines().filter(is_second).count(), 1, "{text}");
    assert!(!text.contains("secret=1"), "{text}");
}
