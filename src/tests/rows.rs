//! Stories of rows that live: what a page asks again for, and what it is told.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use axum::http::StatusCode;
use std::time::Duration;

/// What the row, or the head, would ask for next.
fn next_poll(fragment: &Answer) -> String {
    let (_, poll) = fragment.text.split_once("hx-get=\"").unwrap();
    poll.split_once('"').unwrap().0.replace("&amp;", "&")
}

/// How often it would.
fn trigger(fragment: &Answer) -> &str {
    let (_, trigger) = fragment.text.split_once("hx-trigger=\"").unwrap();
    trigger.split_once([',', '"']).unwrap().0
}

/// Settled rows are left alone, so that nothing changes by itself.
async fn still() -> Dashboard {
    Dashboard::with(|setup| setup.pace.recheck = Duration::from_mins(10)).await
}

#[tokio::test]
async fn a_row_that_has_not_changed_costs_nothing_and_one_that_has_comes_whole() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Polled", false).await;
    for part in ["row", "head"] {
        let first = ada.fetch(&made.at(part)).await.expect(200);
        assert_eq!(trigger(&first), "every 30s");
        let again = ada.fetch(&next_poll(&first)).await;
        assert_eq!(again.status, StatusCode::NO_CONTENT);
        assert!(again.text.is_empty());
    }
    let pending = ada.fetch(&made.at("row")).await;
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    let changed = ada.fetch(&next_poll(&pending)).await.expect(200);
    assert!(changed.text.starts_with("<tr id=") && !changed.text.contains("<html"));
    assert!(!changed.says("pending"));
    dashboard.until_status(&made, "running").await;
    let runs = ada.fetch(&next_poll(&pending)).await.expect(200);
    assert_eq!(trigger(&runs), "every 30s");
    assert!(runs.says("Polled is running."), "the live region is told");
    let quiet = ada.fetch(&next_poll(&runs)).await;
    assert_eq!(quiet.status, StatusCode::NO_CONTENT);
    dashboard.close().await;
}

#[tokio::test]
async fn a_row_asks_often_only_while_it_moves() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Moves", false).await;
    dashboard.fault_once(Call::Create, FaultKind::HoldBefore);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_held(Call::Create).await;
    let moving = ada.fetch(&made.at("row")).await.expect(200);
    assert_eq!(trigger(&moving), "every 2s");
    assert!(moving.says("deploying") && moving.text.contains("data-since"));
    assert!(moving.says("Cancel") && !moving.says("Deploy again"));
    let page = ada.get("/environments").await.expect(200);
    let refresh = "<noscript><meta http-equiv=\"refresh\"";
    assert!(
        page.text.contains(refresh),
        "without script the page loads itself again"
    );
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    let page = ada.get("/environments").await.expect(200);
    assert!(!page.text.contains(refresh));
    dashboard.close().await;
}

#[tokio::test]
async fn a_row_that_is_gone_leaves_the_page() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Leaves", false).await;
    let row = ada.fetch(&made.at("row")).await.expect(200);
    let head = ada.fetch(&made.at("head")).await.expect(200);
    ada.post(&made.at("delete"), &[("confirmation", "Leaves")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    for (fragment, element) in [
        (row, format!("#{}", made.id)),
        (head, format!("#head-{}", made.id)),
    ] {
        let gone = ada.fetch(&next_poll(&fragment)).await.expect(404);
        assert_eq!(gone.header("hx-retarget"), element);
        assert_eq!(gone.header("hx-reswap"), "delete");
        assert!(gone.says("The environment is deleted."));
    }
    ada.get(&made.at("")).await.expect(404);
    dashboard.close().await;
}

/// The order of names in the table or in a fragment.
fn names<'a>(answer: &Answer, names: &[&'a str]) -> Vec<&'a str> {
    let place = |name: &str| answer.text.find(&format!(">{name}</a>"));
    let mut there: Vec<&str> = names.to_vec();
    there.retain(|name| place(name).is_some());
    there.sort_by_key(|name| place(name));
    there
}

#[tokio::test]
async fn an_empty_table_says_what_to_do_and_a_full_one_is_searched() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let page = ada.get("/environments").await.expect(200);
    assert!(page.says("Create the first one") && page.text.contains("href=\"/environments/new\""));
    for name in ["Alpha", "Beta", "alphabet"] {
        dashboard.make(&ada, name, false).await;
    }
    let all = ["Alpha", "Beta", "alphabet"];
    let page = ada.get("/environments").await.expect(200);
    assert_eq!(names(&page, &all), ["alphabet", "Beta", "Alpha"]);
    let page = ada.get("/environments?q=ALPHA").await.expect(200);
    assert_eq!(names(&page, &all), ["alphabet", "Alpha"]);
    let page = ada.get("/environments?q=%25").await.expect(200);
    assert!(names(&page, &all).is_empty() && page.says("Nothing found"));
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_made_in_another_window_appears() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    dashboard.make(&ada, "First", false).await;
    let page = ada.get("/environments").await.expect(200);
    let (_, newer) = page.text.split_once("id=\"newer\"").unwrap();
    let newer = Answer {
        text: newer.to_owned(),
        ..page.clone()
    };
    let poll = next_poll(&newer);
    assert_eq!(ada.fetch(&poll).await.status, StatusCode::NO_CONTENT);
    let made = dashboard.make(&ada, "Second", false).await;
    let changes = ada.fetch(&poll).await.expect(200);
    assert!(changes.text.contains(&format!("id=\"{}\"", made.id)));
    assert_eq!(names(&changes, &["First", "Second"]), ["Second"]);
    assert_eq!(
        ada.fetch(&next_poll(&changes)).await.status,
        StatusCode::NO_CONTENT
    );
    dashboard.close().await;
}

async fn log_of(person: &Person, made: &Made) -> String {
    person.get(&made.at("log.txt")).await.expect(200).text
}

#[tokio::test]
async fn the_log_is_there_while_the_build_goes_on() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let made = dashboard.make(&ada, "Watched", true).await;
    let line = "Building docker image started.";
    dashboard
        .until("the line is there", async || {
            let log = ada.fetch(&made.at("log?after=0")).await;
            log.says(line).then_some(())
        })
        .await;
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("deploying"));
    let page = ada.get(&made.at("")).await.expect(200);
    let (_, poll) = page.text.split_once("id=\"log-poll\"").unwrap();
    assert!(page.says(line) && poll.trim_start().starts_with("hx-get="));
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&made, "pending").await;
    dashboard.close().await;
}

#[tokio::test]
async fn the_log_grows_on_the_page_and_is_whole_as_a_file() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Logged").await;
    ada.get(&made.at("log?after=0")).await.expect(200);
    dashboard
        .until("the last line is there", async || {
            log_of(&ada, &made)
                .await
                .contains("Gracefully")
                .then_some(())
        })
        .await;
    let log = log_of(&ada, &made).await;
    assert!(
        log.starts_with("Starting deployment of grmkris/agent:main"),
        "{log}"
    );
    assert!(log.contains("Building docker image started."));
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(log.lines().all(|line| page.says(line.trim())));
    let rest = ada.fetch(&made.at("log?after=3")).await.expect(200);
    assert!(!rest.says("Starting deployment") && rest.says("Gracefully"));
    dashboard.close().await;
}
