//! Stories of deployments that go wrong: builds, containers, addresses, and a Coolify out of reach.

use super::harness::Dashboard;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use std::time::Duration;

/// How a build fails, how its sentence begins, and what stands in its log.
const FAILURES: [(Outcome, &str, &str); 3] = [
    (
        Outcome::FailBuild,
        "The build failed: ERROR: failed to solve: process",
        "did not complete: exit code: 1",
    ),
    (
        Outcome::FailClone,
        "The repository could not be fetched: ",
        "fatal: could not read Username",
    ),
    (
        Outcome::Unhealthy,
        "The new container did not become healthy: Error: listen EADDRINUSE",
        "New container is not healthy, rolling back to the old container.",
    ),
];

#[tokio::test]
async fn a_failed_build_says_its_last_words_and_keeps_its_log() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for (outcome, words, in_log) in FAILURES {
        dashboard.next_build(outcome);
        let made = dashboard.make(&ada, &format!("{outcome:?}"), true).await;
        let sentence = dashboard.until_error(&made).await;
        assert!(sentence.starts_with(words), "{sentence}");
        assert!(sentence.ends_with("deploy again."), "{sentence}");
        assert!(ada.get("/environments").await.says(&sentence));
        let log = ada.get(&made.at("log.txt")).await.expect(200).text;
        assert!(log.contains(in_log), "{log}");
        assert!(ada.get(&made.at("")).await.says(in_log));
        ada.post(&made.at("deploy"), &[]).await.expect(303);
        dashboard.until_status(&made, "running").await;
        dashboard.record(&made);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_failed_build_whose_log_the_token_may_not_see_says_so() {
    let dashboard =
        Dashboard::with(|setup| setup.abilities = vec!["read", "write", "deploy"]).await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::FailBuild);
    let made = dashboard.make(&ada, "Unseen", true).await;
    let sentence = dashboard.until_error(&made).await;
    assert!(
        sentence.contains("its token needs the permission read:sensitive"),
        "{sentence}"
    );
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("Coolify does not show the log"));
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn a_container_that_exits_is_no_environment_that_runs() {
    let dashboard =
        Dashboard::with(|setup| setup.pace.patience.start = Duration::from_millis(500)).await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::ExitAfterStart);
    let made = dashboard.make(&ada, "Exits", true).await;
    let sentence = dashboard.until_error(&made).await;
    assert!(
        sentence.contains("The container does not stay up: Coolify says “exited”."),
        "{sentence}"
    );
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_container_whose_status_comes_late_is_waited_for() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::SlowStatus);
    let made = dashboard.running(&ada, "Late").await;
    assert_eq!(dashboard.record(&made).builds_started, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn an_address_that_never_answers_is_no_environment_that_runs() {
    let dashboard =
        Dashboard::with(|setup| setup.pace.patience.answer = Duration::from_millis(500)).await;
    let ada = dashboard.person("Ada").await;
    dashboard.every_build(Outcome::NeverAnswers);
    let made = dashboard.make(&ada, "Silent", true).await;
    let waits = dashboard
        .until("the row says what it waits for", async || {
            let note = dashboard.deployment(&made, "coalesce(note, reason)").await;
            note.filter(|note| note.contains("does not answer"))
        })
        .await;
    assert!(
        waits.contains("its address") || waits.contains("Its address"),
        "{waits}"
    );
    let sentence = dashboard.until_error(&made).await;
    assert!(
        sentence.starts_with("The container runs, but its address does not answer: "),
        "{sentence}"
    );
    assert!(sentence.ends_with("Check the domain and Coolify's proxy, and deploy again."));
    assert_eq!(dashboard.visit(&made).await, 502);
    dashboard.close().await;
}

#[tokio::test]
async fn a_coolify_that_cannot_be_reached_is_waited_for() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.out_of_reach().await;
    // Its own address would say that it runs without Coolify.
    dashboard.fault(Call::Address, FaultKind::Unavailable);
    let made = dashboard.make(&ada, "Patient", true).await;
    let note = "Coolify cannot be reached: the connection was refused. Trying again.";
    let says_so = async || ada.get(&made.at("row")).await.says(note).then_some(());
    dashboard.until("the row says so", says_so).await;
    dashboard.within_reach().await;
    dashboard.until_stage(&made, "start").await;
    dashboard.out_of_reach().await;
    dashboard.until("the row says so again", says_so).await;
    dashboard.within_reach().await;
    dashboard.simulator.clear_faults();
    dashboard.until_status(&made, "running").await;
    let record = dashboard.record(&made);
    assert_eq!((record.builds_started, record.volumes.len()), (1, 4));
    assert!(!ada.get(&made.at("row")).await.says("cannot be reached"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_proxy_that_answers_for_coolify_is_waited_for() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.fault(Call::Any, FaultKind::BadGatewayHtml);
    let made = dashboard.make(&ada, "Behind a proxy", true).await;
    let note = "Coolify cannot be reached: the proxy in front of it says it is not available.";
    let says_so = async || ada.get(&made.at("row")).await.says(note).then_some(());
    dashboard.until("the row says so", says_so).await;
    dashboard.simulator.clear_faults();
    dashboard.until_status(&made, "running").await;
    dashboard.record(&made);
    dashboard.close().await;
}

#[tokio::test]
async fn a_deployment_does_not_last_for_ever() {
    for outcome in [Outcome::StuckQueued, Outcome::StuckInProgress] {
        let dashboard = Dashboard::with(|setup| {
            setup.pace.deadline = Duration::from_secs(2);
            setup.pace.patience.queued = Duration::from_secs(2);
        })
        .await;
        let ada = dashboard.person("Ada").await;
        dashboard.next_build(outcome);
        let made = dashboard.make(&ada, "Stuck", true).await;
        let sentence = dashboard.until_error(&made).await;
        assert!(
            sentence.contains("The deployment took too long"),
            "{sentence}"
        );
        ada.post(&made.at("delete"), &[("confirmation", "Stuck")])
            .await
            .expect(303);
        dashboard.until_gone(&made).await;
        dashboard.close().await;
    }
}
