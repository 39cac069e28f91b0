//! Stories of environments that run, over time: stopped, vanished, unreachable, and out of everybody's sight.

use super::harness::Dashboard;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use crate::simulator::removal::Change;
use std::time::Duration;

#[tokio::test]
async fn what_is_stopped_behind_our_back_is_an_error_and_comes_back_by_itself() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Stopped").await;
    dashboard.tamper(&made, &Change::State("exited".to_owned()));
    let sentence = dashboard.until_error(&made).await;
    assert_eq!(
        sentence,
        "It stopped: Coolify says “exited”. Deploy again to start it."
    );
    let row = ada.get(&made.at("row")).await.expect(200);
    assert!(row.says(&sentence) && row.says("Deploy again") && !row.says(">Open"));
    dashboard.tamper(&made, &Change::State("running".to_owned()));
    dashboard.until_status(&made, "running").await;
    assert_eq!(dashboard.reason(&made).await, "");
    assert_eq!(dashboard.record(&made).builds_started, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn what_does_not_answer_any_more_is_an_error_until_it_does() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Unreachable").await;
    dashboard.tamper(&made, &Change::Unreachable(true));
    let sentence = dashboard.until_error(&made).await;
    assert!(
        sentence.starts_with("It stopped answering at its address: "),
        "{sentence}"
    );
    dashboard.tamper(&made, &Change::Unreachable(false));
    dashboard.until_status(&made, "running").await;
    dashboard.close().await;
}

#[tokio::test]
async fn one_bad_look_is_no_news() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Hiccup").await;
    let version = dashboard.column(&made, "version").await;
    dashboard.fault_once(Call::Address, FaultKind::Unavailable);
    let struck = async || (dashboard.simulator.faults()[0].struck == 1).then_some(());
    dashboard.until("the address hiccups", struck).await;
    let checked = dashboard.column(&made, "checked_at").await;
    dashboard
        .until("it is looked at again", async || {
            (dashboard.column(&made, "checked_at").await != checked).then_some(())
        })
        .await;
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("running"));
    assert_eq!(dashboard.column(&made, "version").await, version);
    dashboard.close().await;
}

#[tokio::test]
async fn an_application_that_vanished_is_made_anew_with_a_new_password() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Vanished").await;
    dashboard.tamper(&made, &Change::Vanish);
    let sentence = dashboard.until_error(&made).await;
    assert!(
        sentence.starts_with("The application is no longer in Coolify"),
        "{sentence}"
    );
    assert!(sentence.contains("Set a new password"), "{sentence}");
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.text.contains("data-vanished") && page.says("Make it anew"));
    assert!(
        !page
            .text
            .contains(&format!("action=\"{}\"", made.at("deploy")))
    );
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    assert_eq!(dashboard.until_error(&made).await, sentence);
    assert_eq!(
        dashboard.records(&made).len(),
        1,
        "nothing is made without a password"
    );
    ada.post(&made.at("password"), &[("password", "a second life")])
        .await
        .leads_to(&made.at(""));
    dashboard.until_status(&made, "running").await;
    let records = dashboard.records(&made);
    assert_eq!(records.len(), 2);
    assert!(records[0].vanished && records[1].deleted_at.is_none());
    assert_eq!(records[1].volumes.len(), 4);
    assert!(dashboard.lets_in(&made, "a second life").await);
    dashboard.close().await;
}

#[tokio::test]
async fn what_vanishes_after_a_failed_build_is_offered_to_be_made_anew() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Failed and vanished", false).await;
    dashboard.next_build(Outcome::FailBuild);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_error(&made).await;
    dashboard.tamper(&made, &Change::Vanish);
    dashboard
        .until("the page says so", async || {
            let page = ada.get(&made.at("")).await.expect(200);
            (page.text.contains("data-vanished") && page.says("no longer in Coolify")).then_some(())
        })
        .await;
    ada.post(&made.at("password"), &[("password", "a second life")])
        .await
        .leads_to(&made.at(""));
    dashboard.until_status(&made, "running").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(!page.text.contains("data-vanished") && page.says("Deploy again"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_badge_does_not_say_what_nobody_has_seen_for_long() {
    let unconfirmed = Duration::from_secs(1);
    let dashboard = Dashboard::with(|setup| setup.pace.unconfirmed = unconfirmed).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Unseen").await;
    dashboard.fault(Call::Any, FaultKind::Unavailable);
    dashboard.fault(Call::Address, FaultKind::Unavailable);
    let badge = async |words: &str| {
        let row = ada.get(&made.at("row")).await.expect(200);
        row.says(words).then_some(row)
    };
    let row = dashboard
        .until("the badge says unknown", async || {
            badge("unknown since").await
        })
        .await;
    assert!(row.says("UTC") && row.says(">Open"));
    assert!(ada.get("/environments").await.says("unknown since"));
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("running"));
    dashboard.simulator.clear_faults();
    dashboard
        .until("the badge says running", async || {
            badge("</span>running</span>").await
        })
        .await;
    dashboard.close().await;
}
