//! Stories of the log that an environment's container writes itself.

use super::harness::Dashboard;
use super::rows::{heard, poll_of};
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::removal::Change;
use axum::http::StatusCode;

#[tokio::test]
async fn the_last_lines_of_a_container_are_shown_searched_and_read_again_while_somebody_looks() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Talkative").await;
    let page = ada.get(&made.at("container")).await.expect(200);
    assert!(page.says("address already in use"), "{}", page.text);
    let calls = dashboard.calls("logs", "200");
    assert_eq!(
        ada.fetch(&poll_of(&page)).await.status,
        StatusCode::NO_CONTENT
    );
    let found = ada
        .get(&made.at("container?q=ADDRESS+already"))
        .await
        .expect(200);
    assert!(found.says("line contains it."), "{}", found.text);
    let nothing = ada.get(&made.at("container?q=%3Cb%3E")).await.expect(200);
    assert!(nothing.says("0 of the last") && nothing.says("There are no lines to show."));
    assert!(dashboard.calls("logs", "200") > calls, "it is read again");
    // It stops: what it wrote stays on the page.
    dashboard.tamper(&made, &Change::State("exited".to_owned()));
    let stopped = heard(&dashboard, &ada, &poll_of(&page)).await.expect(200);
    assert!(stopped.says("Coolify shows the log only while the container runs."));
    assert!(!stopped.text.contains("#log-lines"));
    dashboard.until_error(&made).await;
    ada.post(&made.at("delete"), &[("confirmation", "Talkative")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    let gone = ada.fetch(&poll_of(&page)).await.expect(404);
    assert_eq!(gone.header("hx-refresh"), "true");
    dashboard.close().await;
}

#[tokio::test]
async fn what_the_container_wrote_before_it_stopped_answering_is_kept() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Silenced").await;
    dashboard.tamper(&made, &Change::Unreachable(true));
    let sentence = dashboard.until_error(&made).await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("</span>stopped</span>") && page.says(&sentence));
    assert!(page.says("The last lines of the container’s own log"));
    assert!(page.says("address already in use"));
    dashboard.tamper(&made, &Change::Unreachable(false));
    dashboard.until_status(&made, "running").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("</span>running again</span>") && page.says("</span>stopped</span>"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_coolify_that_cannot_be_asked_is_said() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Unasked", false).await;
    let page = ada.get(&made.at("container")).await.expect(200);
    assert!(page.says("It has no container yet."));
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    dashboard.fault(Call::Logs, FaultKind::Unavailable);
    dashboard
        .until("the page says so", async || {
            let page = ada.get(&made.at("container")).await.expect(200);
            page.says("Coolify cannot be reached: ").then_some(())
        })
        .await;
    dashboard.close().await;
}
