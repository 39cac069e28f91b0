//! Being watched: the id of each request, its line in the log, and what Prometheus reads.

use super::harness::Dashboard;
use super::log::overheard;
use super::person::{Answer, Person};
use crate::web;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tower::ServiceExt;

/// The metrics with their labels, and their values.
type Scrape = BTreeMap<String, f64>;

/// What Prometheus reads.
async fn scrape(router: &Router) -> Scrape {
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.ends_with("\n# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.strip_prefix("vps_claude_").unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    lines.map(value).collect()
}

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

/// Polls the list of environments, as its page does.
async fn poll(person: &Person) -> Answer {
    person.get("/environments/changes").await
}

/// What the metrics are after the first deployment.
const SEEN: [(&str, f64); 6] = [
    ("environments{status=\"running\"}", 1.0),
    ("environments{status=\"deploying\"}", 0.0),
    ("deployments{stage=\"build\"}", 0.0),
    (
        "deployment_duration_seconds_count{outcome=\"succeeded\"}",
        1.0,
    ),
    (
        "coolify_call_duration_seconds_count{call=\"POST application\",answer=\"201\"}",
        1.0,
    ),
    (
        "request_duration_seconds_count{method=\"POST\",route=\"/environments\",status=\"3xx\"}",
        1.0,
    ),
];

#[tokio::test]
async fn a_deployment_is_seen_in_the_metrics() {
    let dashboard = Dashboard::open().await;
    let metrics = web::metrics(dashboard.app.clone());
    let before = scrape(&metrics).await;
    for name in [
        "environments{status=\"running\"}",
        "deployments{stage=\"build\"}",
        "turns_waiting",
        "jobs_overdue",
        "logs_waiting",
        "poll_lookups_total{kept=\"lists\",found=\"true\"}",
    ] {
        assert_eq!(before.get(name), Some(&0.0), "{name} in {before:?}");
    }
    assert!(!before.contains_key("oldest_check_seconds"), "{before:?}");
    let ada = dashboard.person("Ada").await;
    dashboard.running(&ada, "Seen").await;
    let sessions = "poll_lookups_total{kept=\"sessions\",found=\"true\"}";
    let after = dashboard
        .until("a poll is answered from memory", async || {
            poll(&ada).await;
            let after = scrape(&metrics).await;
            (after[sessions] > 0.0).then_some(after)
        })
        .await;
    for (name, value) in SEEN {
        assert_eq!(after.get(name), Some(&value), "{name} in {after:#?}");
    }
    let advanced = after["jobs_total{kind=\"advance\",outcome=\"done\"}"];
    assert!(advanced >= 3.0, "{advanced}");
    let age = after["oldest_check_seconds"];
    assert!((0.0..600.0).contains(&age), "{age}");
    assert!(after["coolify_calls_left"] > 0.0);
    dashboard.close().await;
}

#[tokio::test]
async fn a_deployment_that_ends_with_its_environment_is_counted_once() {
    let dashboard = Dashboard::open().await;
    let metrics = web::metrics(dashboard.app.clone());
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Ends", true).await;
    dashboard.until_built(&made).await;
    ada.post(&made.at("delete"), &[("confirmation", "Ends")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    let seen = scrape(&metrics).await;
    let ended = seen
        .iter()
        .filter(|(name, _)| name.starts_with("deployment_duration_seconds_count"));
    let ended: Vec<(&str, &f64)> = ended.map(|(name, value)| (name.as_str(), value)).collect();
    assert!(matches!(ended[..], [(_, 1.0)]), "{ended:?}");
    dashboard.close().await;
}

#[tokio::test]
async fn a_scraper_cannot_load_the_database_and_does_not_need_it() {
    let dashboard = Dashboard::with(|setup| setup.pace.scrape = Duration::from_hours(1)).await;
    let kept = web::metrics(dashboard.app.clone());
    let pending = "environments{status=\"pending\"}";
    assert_eq!(scrape(&kept).await.get(pending), Some(&0.0));
    let ada = dashboard.person("Ada").await;
    dashboard.make(&ada, "Later", false).await;
    let again = scrape(&kept).await;
    assert_eq!(again.get(pending), Some(&0.0), "it is used again");
    let fresh = web::metrics(dashboard.app.clone());
    assert_eq!(scrape(&fresh).await.get(pending), Some(&1.0));
    let rename = async |from: &str, to: &str| {
        let statement = format!("alter table {from} rename to {to}");
        sqlx::raw_sql(&statement)
            .execute(dashboard.pool())
            .await
            .unwrap();
    };
    rename("environments", "hidden").await;
    let without = scrape(&web::metrics(dashboard.app.clone())).await;
    rename("hidden", "environments").await;
    assert!(!without.contains_key(pending), "nobody knows: {without:?}");
    let made =
        "request_duration_seconds_count{method=\"POST\",route=\"/environments\",status=\"3xx\"}";
    assert_eq!(without.get(made), Some(&1.0));
    dashboard.close().await;
}

#[tokio::test]
async fn the_dashboard_for_grafana_asks_for_all_that_is_exported_and_nothing_else() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.running(&ada, "Seen").await;
    let seen = scrape(&web::metrics(dashboard.app.clone())).await;
    let of_histogram = Regex::new("_(bucket|sum|count)$").unwrap();
    let plain = |name: &str| of_histogram.replace(name, "").into_owned();
    let exported: BTreeSet<String> = seen
        .keys()
        .map(|name| plain(name.split('{').next().unwrap()))
        .collect();
    let json = include_str!("../../.grafana/vps-claude.json");
    assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
    let names = Regex::new("vps_claude_([a-z_]+)").unwrap();
    let asked: BTreeSet<String> = names
        .captures_iter(json)
        .map(|found| plain(&found[1]))
        .collect();
    assert_eq!(asked, exported);
    dashboard.close().await;
}
