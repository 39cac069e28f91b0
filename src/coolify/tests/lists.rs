//! Answers without an end in sight: Coolify sends whole logs and whole servers with its lists.

use super::server::{client_of, serve};
use crate::coolify::DeploymentRow;
use crate::domain::judge::Container;
use axum::body::Body;
use axum::http::Response;
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::convert::Infallible;
use std::fs;

/// An answer made of these parts while it is sent.
fn sent(parts: impl Iterator<Item = String> + Send + 'static) -> Response<Body> {
    let parts = parts.map(Ok::<_, Infallible>);
    Response::new(Body::from_stream(stream::iter(parts)))
}

/// A row of a build, its log, and the rest of the row; the log is made of as many entries as `count` says.
fn row(uuid: &'static str, count: usize) -> impl Iterator<Item = String> + Send {
    let entry = |number: usize| {
        let output = format!("entry {number} {}", "x".repeat(1_000));
        let entry = json!({"command": null, "output": output, "type": "stdout", "hidden": true});
        let quoted = Value::String(entry.to_string()).to_string();
        let comma = if number == 0 { "" } else { "," };
        format!("{comma}{}", &quoted[1..quoted.len() - 1])
    };
    let first = format!(r#"{{"deployment_uuid":"{uuid}","logs":"["#);
    let last = r#"]","application":{"name":"nested"},"status":"in_progress"}"#.to_owned();
    let entries = (0..count).map(entry);
    [first].into_iter().chain(entries).chain([last])
}

/// The most memory that the process ever held, in kilobytes.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.unwrap().split_whitespace().nth(1);
    number.unwrap().parse().unwrap()
}

/// The builds in flight, where a stranger's log has so many entries and ours 4,000.
async fn beside_a_stranger(entries: usize) -> Vec<DeploymentRow> {
    let (address, _) = serve(move || {
        let text = |text: &str| [text.to_owned()].into_iter();
        let rows = row("stranger", entries)
            .chain(text(","))
            .chain(row("ours", 4_000));
        sent(text("[").chain(rows).chain(text("]")))
    })
    .await;
    let followed = HashSet::from(["ours".to_owned()]);
    let rows = client_of(address).builds_in_flight(&followed).await;
    rows.unwrap()
}

#[tokio::test]
async fn a_strangers_log_is_left_out_and_ours_keeps_both_ends() {
    // What the allocator takes once, on any thread, is taken before: only what a long log costs more is measured.
    for _ in 0..3 {
        beside_a_stranger(10).await;
    }
    let before = most_memory();
    // 22 MB.
    let rows = beside_a_stranger(20_000).await;
    let grown = most_memory().saturating_sub(before);
    assert!(grown < 15_000, "{grown} kB more");
    assert_eq!(rows.len(), 2);
    assert!(rows[0].log().is_none() && !rows[0].hides_log());
    let log = rows[1].log().unwrap();
    assert!((500..2_000).contains(&log.len()), "{}", log.len());
    assert!(log[0].output.starts_with("entry 0 "));
    assert!(log[log.len() - 1].output.starts_with("entry 3999 "));
}

#[tokio::test]
async fn a_build_alone_keeps_both_ends_of_its_log_too() {
    let (address, _) = serve(|| sent(row("d", 4_000))).await;
    let build = client_of(address).build("d").await.unwrap();
    let log = build.log().unwrap();
    assert!(log[log.len() - 1].output.starts_with("entry 3999 "));
    assert!(build.moves());
}

#[tokio::test]
async fn the_logs_of_recent_builds_are_left_out() {
    let (address, _) = serve(|| {
        let text = |text: &str| [text.to_owned()].into_iter();
        let rows = row("newest", 3_000)
            .chain(text(","))
            .chain(row("older", 3_000));
        sent(
            text(r#"{"count":2,"deployments":["#)
                .chain(rows)
                .chain(text("]}")),
        )
    })
    .await;
    let client = client_of(address);
    let newest = client.recent_build("a").await.unwrap().unwrap();
    assert_eq!(newest.deployment_uuid, "newest");
    assert!(newest.log().is_none() && !newest.hides_log());
}

#[tokio::test]
async fn a_list_may_be_longer_than_an_answer_about_one_thing() {
    let application = |number: usize| {
        let server = json!({"settings": {"filler": "x".repeat(6_000)}});
        let comma = if number == 0 { "" } else { "," };
        let row = json!({"uuid": format!("a{number}"), "name": "n", "destination": {"server": server}, "status": "running:healthy"});
        format!("{comma}{row}")
    };
    let (address, _) = serve(move || {
        let text = |text: &str| [text.to_owned()].into_iter();
        let rows = (0..1_000).map(application);
        sent(
            text(r#"{"name":"production","applications":["#)
                .chain(rows)
                .chain(text("],\"redis\":[]}")),
        )
    })
    .await;
    let listed = client_of(address).applications().await.unwrap();
    assert_eq!(listed.len(), 1_000);
    assert_eq!(listed[999].uuid, "a999");
    assert_eq!(listed[999].container(), Container::Running);
}
