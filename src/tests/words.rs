//! Stories of the words on a page that changes by itself: what it is told, and its times.

use super::rows::{poll_of, still};
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;

#[tokio::test]
async fn a_page_is_told_in_a_sentence_what_became_of_a_deployment() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Unlucky", false).await;
    let poll = poll_of(&ada.get("/environments").await.expect(200));
    dashboard.next_build(Outcome::FailBuild);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_error(&made).await;
    let told = "<p hx-swap-oob=\"innerHTML:#live\">Unlucky has failed: The build failed";
    dashboard
        .until("the page is told", async || {
            ada.fetch(&poll).await.text.contains(told).then_some(())
        })
        .await;
    dashboard.close().await;
}

#[tokio::test]
async fn the_times_of_a_page_agree() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Timed", false).await;
    dashboard.fault_once(Call::Create, FaultKind::HoldBefore);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_held(Call::Create).await;
    let page = ada.get(&made.at("")).await.expect(200);
    let times: Vec<&str> = page.text.split("<time ").skip(1).collect();
    let elapsed = |after: &str| {
        let (before, time) = page
            .text
            .split_once(after)
            .unwrap()
            .1
            .split_once("<time ")
            .unwrap();
        assert!(before.len() < 200, "{before}");
        time.split_once("</time>").unwrap().0
    };
    let stage = elapsed("<span class=\"stage\">");
    assert_eq!(stage, elapsed("aria-current=\"step\">"));
    assert!(stage.contains("data-kind=\"elapsed\""), "{stage}");
    let created = elapsed(", created");
    assert!(created.ends_with(">just now"), "{created}");
    assert!(times.iter().all(|time| time.contains("data-age=\"")));
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    dashboard.close().await;
}
