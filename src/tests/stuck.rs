//! Nothing stands still for ever: builds that do not end, jobs that got lost, a Coolify that does not stop what it should.

use super::harness::{Dashboard, Made};
use super::person::Person;
use crate::actions::turns;
use crate::simulator::calls::Call;
use crate::simulator::faults::{Fault, FaultKind};
use crate::simulator::outcomes::Outcome;
use crate::worker;
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// An environment whose build does not end, in a deployment whose time is over.
async fn overdue(dashboard: &Dashboard, owner: &Person, outcome: Outcome) -> Made {
    dashboard.next_build(outcome);
    let made = dashboard.make(owner, "Workspace", true).await;
    dashboard.until_built(&made).await;
    if outcome == Outcome::StuckInProgress {
        let began = async || dashboard.deployment(&made, "build_began_at").await;
        dashboard.until("Coolify builds", began).await;
    }
    dashboard.allow(&made, Duration::ZERO).await;
    made
}

async fn builds_in_flight(dashboard: &Dashboard) -> usize {
    let client = &dashboard.app.coolify;
    client
        .builds_in_flight(&HashSet::new())
        .await
        .unwrap()
        .len()
}

async fn deploys_well(dashboard: &Dashboard, owner: &Person, made: &Made) {
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(made, "running").await;
    assert_eq!(dashboard.record(made).deployments_at_once, 1);
}

#[tokio::test]
async fn a_build_that_never_ends_is_stopped_before_the_deployment_is_called_failed() {
    for outcome in [Outcome::StuckInProgress, Outcome::StuckQueued] {
        let patience = Duration::from_millis(500);
        let dashboard = Dashboard::with(|setup| setup.pace.patience.queued = patience).await;
        let owner = dashboard.person("Ada").await;
        let made = overdue(&dashboard, &owner, outcome).await;
        let sentence = dashboard.until_error(&made).await;
        assert!(sentence.contains("took too long"), "{sentence}");
        assert_eq!(builds_in_flight(&dashboard).await, 0, "{outcome:?}");
        deploys_well(&dashboard, &owner, &made).await;
        dashboard.close().await;
    }
}

#[tokio::test]
async fn a_build_that_coolify_does_not_stop_ends_the_deployment_all_the_same() {
    let dashboard = Dashboard::with(|setup| setup.pace.winding_down = Duration::from_millis(800));
    let dashboard = dashboard.await;
    let owner = dashboard.person("Ada").await;
    let refusal = Fault::new(Call::Cancel, FaultKind::ServerErrorBefore);
    dashboard.simulator.fault(refusal);
    let made = overdue(&dashboard, &owner, Outcome::StuckInProgress).await;
    let sentence = dashboard.until_error(&made).await;
    assert!(
        sentence.contains("could not be asked to stop its build"),
        "{sentence}"
    );
    assert_eq!(builds_in_flight(&dashboard).await, 1);
    dashboard.simulator.clear_faults();
    let form = [("confirmation", made.name.as_str())];
    owner.post(&made.at("delete"), &form).await.expect(303);
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn work_whose_job_is_used_up_or_lost_is_taken_up_again() {
    let used_up = "update mq_msgs set attempts = 0, attempt_at = null";
    let lost = "delete from mq_msgs";
    for accident in [used_up, lost] {
        for action in ["deploy", "delete"] {
            let mut dashboard = Dashboard::open().await;
            let owner = dashboard.person("Ada").await;
            let made = dashboard.running(&owner, "Workspace").await;
            dashboard.stop.cancel();
            (&mut dashboard.worker).await.unwrap();
            let form = [("confirmation", made.name.as_str())];
            owner.post(&made.at(action), &form).await.expect(303);
            let turns = turns::give(&dashboard.app).await.unwrap();
            assert_eq!(turns, usize::from(action == "deploy"));
            let query = format!("{accident} where id <> '00000000-0000-0000-0000-000000000000'");
            let hit = sqlx::query(&query).execute(dashboard.pool()).await.unwrap();
            assert_eq!(hit.rows_affected(), 1, "{accident}");
            dashboard.stop = CancellationToken::new();
            let worker = worker::run(dashboard.app.clone(), dashboard.stop.clone());
            dashboard.worker = tokio::spawn(worker);
            match action {
                "deploy" => dashboard.until_status(&made, "running").await,
                _ => dashboard.until_gone(&made).await,
            }
            dashboard.close().await;
        }
    }
}

#[tokio::test]
async fn a_cancellation_whose_job_is_lost_is_carried_out_all_the_same() {
    let mut dashboard = Dashboard::open().await;
    dashboard.every_build(Outcome::StuckInProgress);
    let owner = dashboard.person("Ada").await;
    let made = dashboard.make(&owner, "Workspace", true).await;
    dashboard.until_stage(&made, "build").await;
    dashboard.stop.cancel();
    (&mut dashboard.worker).await.unwrap();
    owner.post(&made.at("cancel"), &[]).await.expect(303);
    let lost = "delete from mq_msgs where id <> '00000000-0000-0000-0000-000000000000'";
    sqlx::query(lost).execute(dashboard.pool()).await.unwrap();
    dashboard.stop = CancellationToken::new();
    let worker = worker::run(dashboard.app.clone(), dashboard.stop.clone());
    dashboard.worker = tokio::spawn(worker);
    dashboard.until_status(&made, "pending").await;
    assert_eq!(builds_in_flight(&dashboard).await, 0);
    dashboard.close().await;
}

#[tokio::test]
async fn a_build_that_ended_before_its_answer_was_heard_is_not_made_again() {
    let dashboard = Dashboard::with(|setup| setup.pace.retry = Duration::from_secs(2)).await;
    let owner = dashboard.person("Ada").await;
    dashboard.fault_once(Call::Deploy, FaultKind::ResetAfter);
    let made = dashboard.make(&owner, "Workspace", true).await;
    dashboard.until_status(&made, "running").await;
    assert_eq!(dashboard.record(&made).builds_started, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn a_process_that_stops_gives_its_claims_back() {
    let mut dashboard = Dashboard::open().await;
    let owner = dashboard.person("Ada").await;
    let made = dashboard.running(&owner, "Workspace").await;
    dashboard.stop.cancel();
    (&mut dashboard.worker).await.unwrap();
    let claim = "update watches set token = token + 1, holder = $1, leased_until = now() + interval '1 hour'";
    let claim = sqlx::query(claim).bind(dashboard.app.holder);
    claim.execute(dashboard.pool()).await.unwrap();
    dashboard.stop = CancellationToken::new();
    dashboard.stop.cancel();
    worker::run(dashboard.app.clone(), dashboard.stop.clone()).await;
    assert_eq!(dashboard.column(&made, "leased_until").await, None);
    assert_eq!(dashboard.column(&made, "holder").await, None);
    dashboard.worker = tokio::spawn(async {});
    dashboard.close().await;
}
