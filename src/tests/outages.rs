//! Coolify is away, or says that it is asked too much: how often it is called meanwhile, and what people read in the end.

use super::harness::Dashboard;
use super::setup::Setup;
use crate::simulator::calls::Call;
use crate::simulator::faults::{Fault, FaultKind};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// How long an outage lasts, and the deployment in it.
const OUTAGE: Duration = Duration::from_secs(4);
/// How many calls may be made in that time: each wait is twice the last one, up to sixteen times the first.
const MOST_CALLS: u64 = 14;

/// What is wrong for as long as the deployment lasts, and words of the sentence that it ends with.
const OUTAGES: [(FaultKind, &str); 10] = [
    (FaultKind::ResetBefore, "the connection was lost"),
    (FaultKind::Hang, "it did not answer in time"),
    (FaultKind::TooManyRequests, "calls a minute"),
    (FaultKind::ServerErrorBefore, "an error of its own"),
    (FaultKind::BadGatewayHtml, "the proxy in front of it"),
    (FaultKind::Unavailable, "the proxy in front of it"),
    (FaultKind::MalformedJson, "could not be read"),
    (FaultKind::SlowDrip, "it did not answer in time"),
    (FaultKind::Unauthenticated, "COOLIFY_API_TOKEN"),
    (FaultKind::NotFound, "COOLIFY_ENVIRONMENT_NAME"),
];

fn slower(setup: &mut Setup) {
    setup.redis = false;
    setup.pace.step = Duration::from_secs(1);
    setup.pace.lease = Duration::from_millis(1_100);
    setup.pace.retry = Duration::from_millis(100);
}

#[tokio::test]
async fn an_outage_brings_few_calls_a_sentence_that_names_it_and_no_lasting_harm() {
    let mut table =
        String::from("\n| Coolify all the time | calls in 4 s | sentence |\n|---|---|---|\n");
    for (fault, words) in OUTAGES {
        let (calls, sentence) = outage(Some(fault)).await;
        let _ = writeln!(table, "| {fault:?} | {calls} | {sentence} |");
        assert!(sentence.contains(words), "{fault:?}: {sentence}");
        assert!(calls <= MOST_CALLS, "{fault:?}: {calls} calls");
    }
    let (calls, sentence) = outage(None).await;
    let _ = writeln!(table, "| refuses connections | {calls} | {sentence} |");
    assert!(
        sentence.contains("the connection was refused"),
        "{sentence}"
    );
    println!("{table}");
}

/// A deployment during an outage, and another one after it, which must go well.
async fn outage(fault: Option<FaultKind>) -> (u64, String) {
    let dashboard = Dashboard::with(slower).await;
    let owner = dashboard.person("Ada").await;
    let made = dashboard.make(&owner, "Workspace", false).await;
    let before = dashboard.ledger().calls_total;
    match fault {
        Some(fault) => dashboard.simulator.fault(Fault::new(Call::Any, fault)),
        None => dashboard.out_of_reach().await,
    }
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.allow(&made, OUTAGE).await;
    let sentence = dashboard.until_error(&made).await;
    let calls = dashboard.ledger().calls_total - before;
    dashboard.simulator.clear_faults();
    dashboard.within_reach().await;
    dashboard
        .until("Coolify is back", async || {
            dashboard.app.coolify.version().await.ok()
        })
        .await;
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    dashboard.record(&made);
    dashboard.close().await;
    (calls, sentence)
}

#[tokio::test]
async fn nobody_calls_before_the_time_that_coolify_names() {
    let dashboard = Dashboard::with(slower).await;
    let owner = dashboard.person("Ada").await;
    let made = dashboard.make(&owner, "Workspace", false).await;
    let throttled = Fault {
        retry_after_seconds: Some(2),
        ..Fault::new(Call::Create, FaultKind::TooManyRequests).times(1)
    };
    dashboard.simulator.fault(throttled);
    // Coolify refuses later than this, so however late the next call is seen it may not have been made sooner.
    let before = Instant::now();
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard
        .until("Coolify is asked again after its refusal", async || {
            let answers = dashboard.ledger().calls.remove("create")?;
            (answers.contains_key("429") && answers.contains_key("201")).then_some(())
        })
        .await;
    let waited = before.elapsed();
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    dashboard.until_status(&made, "running").await;
    dashboard.close().await;
}
