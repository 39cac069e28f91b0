//! Stories of a changed password: which one opens the environment, and what its page says of that.

use super::harness::{Dashboard, Made};
use super::person::Person;
use super::visits::newest_build;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;

const NEW: &str = "opens it tomorrow";
const WAITS: &str = "A new password waits for the next deployment.";
const SENT: &str = "Coolify has the new password already";
const IN_FORCE: &str = "The new password is in force.";

/// An environment that runs, whose new password is on its way to Coolify.
async fn changing(dashboard: &Dashboard, ada: &Person, name: &str) -> Made {
    let made = dashboard.running(ada, name).await;
    dashboard.next_build(Outcome::StuckInProgress);
    dashboard.fault_once(Call::Envs, FaultKind::HoldBefore);
    ada.post(&made.at("password"), &[("password", NEW)])
        .await
        .leads_to(&made.at(""));
    dashboard.until_held(Call::Envs).await;
    made
}

async fn deploy(dashboard: &Dashboard, ada: &Person, made: &Made) {
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(made, "running").await;
}

#[tokio::test]
async fn a_change_that_is_cancelled_early_waits_and_can_be_discarded() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Early").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(!page.says(WAITS) && !page.says("Discard it"));
    dashboard.fault_once(Call::Application, FaultKind::HoldBefore);
    ada.post(&made.at("password"), &[("password", NEW)])
        .await
        .expect(303);
    dashboard.until_held(Call::Application).await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("The deployment brings the new password."));
    let refused = ada
        .post(&made.at("password/discard"), &[])
        .await
        .expect(409);
    assert!(refused.says("Cancel the deployment first."));
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says(WAITS) && page.says("Discard it"));
    assert!(dashboard.lets_in(&made, &made.password).await);
    for _ in 0..2 {
        ada.post(&made.at("password/discard"), &[])
            .await
            .leads_to(&made.at(""));
    }
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(!page.says(WAITS) && page.says("No new password is waiting."));
    deploy(&dashboard, &ada, &made).await;
    assert!(dashboard.lets_in(&made, &made.password).await);
    assert!(!dashboard.lets_in(&made, NEW).await);
    dashboard.close().await;
}

#[tokio::test]
async fn a_change_that_is_cancelled_late_is_taken_by_the_next_deployment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = changing(&dashboard, &ada, "Late").await;
    dashboard.simulator.release();
    dashboard.until_built(&made).await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says(SENT) && !page.says("Discard it"), "{}", page.text);
    let refused = ada
        .post(&made.at("password/discard"), &[])
        .await
        .expect(409);
    assert!(refused.says(SENT));
    assert!(dashboard.lets_in(&made, &made.password).await);
    deploy(&dashboard, &ada, &made).await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says(IN_FORCE) && page.says("just now"));
    // Another tab still offers it.
    ada.post(&made.at("password/discard"), &[])
        .await
        .expect(303);
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("No new password is waiting.") && page.says(IN_FORCE));
    assert!(dashboard.lets_in(&made, NEW).await);
    assert!(!dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn once_the_new_container_has_taken_over_a_cancel_is_refused() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Taken over").await;
    dashboard.fault(Call::Address, FaultKind::Unavailable);
    ada.post(&made.at("password"), &[("password", NEW)])
        .await
        .expect(303);
    dashboard.until_stage(&made, "answer").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says(IN_FORCE) && !page.says("Cancel<"));
    let refused = ada.post(&made.at("cancel"), &[]).await.expect(409);
    assert!(refused.says("The new container has taken over already"));
    dashboard.simulator.clear_faults();
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, NEW).await);
    dashboard.close().await;
}

#[tokio::test]
async fn a_build_that_is_done_before_it_is_cancelled_is_followed_to_its_end() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Too late").await;
    dashboard.fault_once(Call::Deployments, FaultKind::HoldBefore);
    ada.post(&made.at("password"), &[("password", NEW)])
        .await
        .expect(303);
    dashboard.until_held(Call::Deployments).await;
    dashboard
        .until("the build is done", async || {
            let build = newest_build(&dashboard, &made).await;
            (build["status"] == "finished").then_some(())
        })
        .await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    let outcome = dashboard.deployment(&made, "outcome").await;
    assert_eq!(outcome.as_deref(), Some("succeeded"));
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says(IN_FORCE), "{}", page.text);
    assert!(page.says("cancelled too late") && page.says("before it could be cancelled"));
    assert!(dashboard.lets_in(&made, NEW).await);
    dashboard.close().await;
}
