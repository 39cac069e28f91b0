//! Stories of removal: in every status, whatever happens, and the row leaves only when the application is gone.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use crate::simulator::removal::Change;
use std::time::Duration;

async fn delete(owner: &Person, made: &Made) -> Answer {
    let typed = [("confirmation", made.name.as_str())];
    owner.post(&made.at("delete"), &typed).await
}

/// Deletes it, and checks that nothing is left of its application at Coolify.
async fn goes_whole(dashboard: &Dashboard, owner: &Person, made: &Made) {
    delete(owner, made).await.leads_to("/environments");
    dashboard.until_gone(made).await;
    let record = dashboard.record(made);
    assert!(
        record.deleted_at.is_some() && record.volumes_removed,
        "{record:?}"
    );
    assert!(!record.docker_cleanup, "the build cache is left alone");
    assert!(!record.orphan_container, "{record:?}");
    owner.get(&made.at("")).await.expect(404);
}

#[tokio::test]
async fn what_was_never_deployed_just_goes() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Never deployed", false).await;
    delete(&ada, &made).await.leads_to("/environments");
    dashboard.until_gone(&made).await;
    assert!(dashboard.records(&made).is_empty());
    ada.get(&made.at("")).await.expect(404);
    dashboard.make(&ada, "Never deployed", false).await;
    dashboard.close().await;
}

#[tokio::test]
async fn the_row_stays_until_coolify_says_that_the_application_is_gone() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Waits").await;
    dashboard.fault(Call::Delete, FaultKind::HoldBefore);
    delete(&ada, &made).await.expect(303);
    dashboard.until_held(Call::Delete).await;
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("deleting"));
    let row = ada.get(&made.at("row")).await.expect(200);
    assert!(row.says("deleting") && row.says("Removing") && !row.says("Deploy"));
    dashboard.keep_what_is_deleted();
    dashboard.simulator.clear_faults();
    dashboard.simulator.release();
    dashboard
        .until("Coolify was asked", async || {
            (dashboard.calls("delete", "200") > 0).then_some(())
        })
        .await;
    let looks = dashboard.calls("application", "200");
    dashboard
        .until("it is looked at a few times", async || {
            (dashboard.calls("application", "200") > looks + 3).then_some(())
        })
        .await;
    assert!(dashboard.record(&made).deleted_at.is_none());
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("deleting"));
    dashboard.let_go(&made).await;
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).volumes_removed);
    dashboard.close().await;
}

#[tokio::test]
async fn it_goes_from_every_stage_of_a_deployment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let stages = [
        (Call::Create, "application"),
        (Call::Envs, "settings"),
        (Call::StoragesAdd, "settings"),
        (Call::Deploy, "build"),
    ];
    for (call, stage) in stages {
        for fault in [FaultKind::HoldBefore, FaultKind::HoldAfter] {
            let made = dashboard
                .make(&ada, &format!("{call:?} {fault:?}"), false)
                .await;
            dashboard.fault_once(call, fault);
            ada.post(&made.at("deploy"), &[]).await.expect(303);
            dashboard.until_held(call).await;
            let at = dashboard.deployment(&made, "stage").await;
            assert_eq!(at.as_deref(), Some(stage), "{call:?}");
            delete(&ada, &made).await.leads_to("/environments");
            dashboard.simulator.release();
            dashboard.until_gone(&made).await;
            let left = dashboard.records(&made);
            assert!(
                left.iter().all(|one| one.volumes_removed),
                "{call:?} {fault:?}: {left:?}"
            );
        }
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_build_in_flight_is_cancelled_first() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for outcome in [Outcome::StuckQueued, Outcome::StuckInProgress] {
        dashboard.next_build(outcome);
        let made = dashboard.make(&ada, &format!("{outcome:?}"), true).await;
        dashboard.until_built(&made).await;
        let before = dashboard.calls("cancel", "200");
        goes_whole(&dashboard, &ada, &made).await;
        assert_eq!(dashboard.calls("cancel", "200"), before + 1);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn what_waits_for_its_address_or_failed_goes_too() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::NeverAnswers);
    let made = dashboard.make(&ada, "Waits for its address", true).await;
    dashboard.until_stage(&made, "answer").await;
    goes_whole(&dashboard, &ada, &made).await;
    dashboard.next_build(Outcome::FailBuild);
    let made = dashboard.make(&ada, "Failed", true).await;
    dashboard.until_error(&made).await;
    goes_whole(&dashboard, &ada, &made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn what_coolify_has_lost_already_goes_too() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Lost already").await;
    dashboard.tamper(&made, &Change::Vanish);
    delete(&ada, &made).await.expect(303);
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn asking_for_the_removal_twice_is_asking_once() {
    let dashboard = Dashboard::open().await;
    dashboard.keep_what_is_deleted();
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Twice").await;
    let path = made.at("delete");
    let typed = [("confirmation", made.name.as_str())];
    let (one, two) = tokio::join!(ada.post(&path, &typed), ada.post(&path, &typed));
    one.leads_to("/environments");
    two.leads_to("/environments");
    delete(&ada, &made).await.leads_to("/environments");
    dashboard.let_go(&made).await;
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).volumes_removed);
    delete(&ada, &made).await.expect(404);
    dashboard.close().await;
}

#[tokio::test]
async fn nothing_is_deleted_unless_its_name_is_typed() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Mind the Case").await;
    let page = ada.get(&made.at("delete")).await.expect(200);
    assert!(
        page.says("Type “Mind the Case” to confirm") && page.says("every file in its workspace")
    );
    for wrong in ["", "mind the case", "Mind the Case!", "DELETE"] {
        let typed = [("confirmation", wrong)];
        let page = ada.post(&made.at("delete"), &typed).await.expect(422);
        assert_eq!(
            page.note("confirmation"),
            "The name does not match. Type it exactly as it is shown."
        );
        assert_eq!(page.value("confirmation"), wrong);
    }
    let right = [("confirmation", made.name.as_str())];
    let early = ada.post(&made.at("forget"), &right).await.expect(409);
    assert!(early.says("Only a removal that Coolify does not confirm can be given up."));
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("running"));
    assert!(dashboard.calls("delete", "200") == 0 && dashboard.visit(&made).await == 200);
    let padded = [("confirmation", " Mind the Case ")];
    ada.post(&made.at("delete"), &padded).await.expect(303);
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_refused_removal_says_why_and_is_tried_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Kept by Coolify").await;
    dashboard.fault(Call::Delete, FaultKind::ForbiddenAbility);
    delete(&ada, &made).await.expect(303);
    let words = "The token of Coolify lacks the permission “write”.";
    let says_so = async || ada.get(&made.at("row")).await.says(words).then_some(());
    dashboard.until("the row says why", says_so).await;
    assert!(ada.get(&made.at("row")).await.says("Try again"));
    let form = ada.get(&made.at("delete")).await.expect(200);
    assert!(form.says("is not removed yet") && form.says("Give up"));
    dashboard.simulator.clear_faults();
    delete(&ada, &made).await.leads_to("/environments");
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).volumes_removed);
    dashboard
        .close_with_jobs(1, "tries the refused removal again later")
        .await;
}

#[tokio::test]
async fn a_removal_that_coolify_never_confirms_can_be_given_up() {
    let dashboard = Dashboard::with(|setup| setup.pace.removal = Duration::from_millis(300)).await;
    dashboard.keep_what_is_deleted();
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Never confirmed").await;
    delete(&ada, &made).await.expect(303);
    let words = "Coolify has not confirmed the removal yet. It is asked again; check that its server is reachable.";
    let says_so = async || ada.get(&made.at("row")).await.says(words).then_some(());
    dashboard.until("the row says so", says_so).await;
    let wrong = [("confirmation", "something else")];
    ada.post(&made.at("forget"), &wrong).await.expect(422);
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("deleting"));
    let typed = [("confirmation", made.name.as_str())];
    ada.post(&made.at("forget"), &typed)
        .await
        .leads_to("/environments");
    assert_eq!(dashboard.status(&made).await, None);
    let page = ada.get("/environments").await.expect(200);
    assert!(
        page.says("Never confirmed is given up. Look in Coolify whether something of it is left.")
    );
    dashboard.close().await;
}

#[tokio::test]
async fn a_removal_waits_for_a_coolify_out_of_reach() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Out of reach").await;
    dashboard.out_of_reach().await;
    delete(&ada, &made).await.expect(303);
    let words = "Coolify cannot be reached: the connection was refused.";
    let says_so = async || ada.get(&made.at("row")).await.says(words).then_some(());
    dashboard.until("the row says so", says_so).await;
    dashboard.within_reach().await;
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).volumes_removed);
    dashboard.close().await;
}

#[tokio::test]
async fn an_application_whose_uuid_is_not_known_is_removed_before_the_row_leaves() {
    let dashboard = Dashboard::open().await;
    dashboard
        .simulator
        .settings(|settings| settings.delete_seconds = Some(100.0));
    let ada = dashboard.person("Ada").await;
    dashboard.fault_once(Call::Create, FaultKind::ResetAfter);
    dashboard.fault(Call::Find, FaultKind::Unavailable);
    let made = dashboard.make(&ada, "Unnamed", true).await;
    dashboard
        .until("the application is made", async || {
            (dashboard.records(&made).len() == 1).then_some(())
        })
        .await;
    delete(&ada, &made).await.expect(303);
    dashboard.simulator.clear_faults();
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).deleted_at.is_some());
    dashboard.close().await;
}
