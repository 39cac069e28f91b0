//! Stories of the line: deployments that wait for their turn, what people read meanwhile, and what it costs Coolify.

use super::harness::{Dashboard, Made};
use super::person::Person;
use crate::app::Pace;
use crate::simulator::outcomes::Outcome;
use std::time::Duration;

/// One deployment under way at a time.
pub async fn one_at_a_time() -> Dashboard {
    let dashboard = Dashboard::with(|setup| setup.pace.limits = Duration::from_millis(50)).await;
    dashboard
        .simulator
        .settings(|settings| settings.queue_limit = 1);
    let read = async || (turns(&dashboard, "capacity").await == "1").then_some(());
    dashboard.until("Coolify's limit is known", read).await;
    dashboard
}

async fn turns(dashboard: &Dashboard, column: &str) -> String {
    let query = format!("select coalesce({column}::text, '') from turns");
    let read = sqlx::query_scalar(&query).fetch_one(dashboard.pool());
    read.await.unwrap()
}

/// Waits until the row says this.
async fn until_says(dashboard: &Dashboard, owner: &Person, made: &Made, words: &str) {
    let says = async || {
        let row = owner.get(&made.at("row")).await.expect(200);
        row.says(words).then_some(())
    };
    dashboard
        .until(&format!("{} says {words}", made.name), says)
        .await;
}

#[tokio::test]
async fn a_deployment_waits_for_its_turn_and_is_withdrawn_without_a_call() {
    let dashboard = one_at_a_time().await;
    let (ada, bob) = (dashboard.person("Ada").await, dashboard.person("Bob").await);
    dashboard.every_build(Outcome::StuckInProgress);
    let first = dashboard.make(&ada, "First", true).await;
    dashboard.until_built(&first).await;
    let second = dashboard.make(&ada, "Second", true).await;
    let third = dashboard.make(&bob, "Third", true).await;
    // Whoever has had no turn yet is next.
    until_says(
        &dashboard,
        &ada,
        &second,
        "Waiting for its turn, 1 before it",
    )
    .await;
    let next = bob.get(&third.at("")).await.expect(200);
    assert!(
        next.says("Waiting for its turn") && !next.says("before it"),
        "{}",
        next.text
    );
    assert!(dashboard.records(&second).is_empty() && dashboard.records(&third).is_empty());
    withdraw(&dashboard, (&ada, &second), (&bob, &third)).await;
    ada.post(&first.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&first, "pending").await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_deployment_gets_its_turn_when_its_request_is_heard_and_not_at_the_next_tick() {
    let dashboard = Dashboard::with(|setup| setup.pace.tick = Duration::from_hours(1)).await;
    let listening = async || dashboard.app.polls.is_listening().then_some(());
    dashboard.until("changes are heard", listening).await;
    let ada = dashboard.person("Ada").await;
    dashboard.every_build(Outcome::StuckInProgress);
    let made = dashboard.make(&ada, "Prompt", true).await;
    dashboard.until_built(&made).await;
    dashboard.close().await;
}

/// One cancels and one deletes what waits.
async fn withdraw(
    dashboard: &Dashboard,
    (ada, second): (&Person, &Made),
    (bob, third): (&Person, &Made),
) {
    bob.post(&third.at("cancel"), &[])
        .await
        .leads_to("/environments");
    assert_eq!(dashboard.status(third).await.as_deref(), Some("pending"));
    assert!(
        bob.get(&third.at(""))
            .await
            .says("The deployment was cancelled.")
    );
    let confirmation = [("confirmation", "Second")];
    ada.post(&second.at("delete"), &confirmation)
        .await
        .expect(303);
    assert_eq!(dashboard.status(second).await, None, "it leaves at once");
    assert!(dashboard.records(second).is_empty() && dashboard.records(third).is_empty());
}

#[tokio::test]
async fn everybodys_first_deployment_comes_before_anybodys_third() {
    let dashboard = one_at_a_time().await;
    let (ada, bob) = (dashboard.person("Ada").await, dashboard.person("Bob").await);
    dashboard.next_build(Outcome::StuckInProgress);
    let first = dashboard.make(&ada, "Ada 1", true).await;
    dashboard.until_built(&first).await;
    for name in ["Ada 2", "Ada 3", "Ada 4"] {
        dashboard.make(&ada, name, true).await;
    }
    for name in ["Bob 1", "Bob 2"] {
        dashboard.make(&bob, name, true).await;
    }
    ada.post(&first.at("cancel"), &[]).await.expect(303);
    let names = "select e.name from deployments d join environments e on e.id = d.environment_id
                 where d.outcome = 'succeeded' order by d.turn_at";
    let order = dashboard.until("all of them run", async || {
        let order: Vec<String> = sqlx::query_scalar(names)
            .fetch_all(dashboard.pool())
            .await
            .unwrap();
        (order.len() == 5).then_some(order)
    });
    assert_eq!(order.await, ["Bob 1", "Ada 2", "Bob 2", "Ada 3", "Ada 4"]);
    dashboard.close().await;
}

#[tokio::test]
async fn a_deployment_that_waits_for_too_long_ends_and_leaves_what_runs_running() {
    let dashboard = one_at_a_time().await;
    let ada = dashboard.person("Ada").await;
    let runs = dashboard.running(&ada, "Runs").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let first = dashboard.make(&ada, "First", true).await;
    dashboard.until_built(&first).await;
    let new = dashboard.make(&ada, "New", true).await;
    ada.post(&runs.at("deploy"), &[]).await.expect(303);
    assert!(
        ada.get(&runs.at("row")).await.says(">Open"),
        "it runs meanwhile"
    );
    let late =
        "update deployments set deadline = now() where turn_at is null and finished_at is null";
    sqlx::query(late).execute(dashboard.pool()).await.unwrap();
    let sentence = dashboard.until_error(&new).await;
    assert!(
        sentence.starts_with("The deployment waited too long for its turn."),
        "{sentence}"
    );
    dashboard.until_status(&runs, "running").await;
    until_says(
        &dashboard,
        &ada,
        &runs,
        "The last deployment failed: The deployment waited",
    )
    .await;
    ada.post(&runs.at("deploy"), &[]).await.expect(303);
    ada.post(&runs.at("cancel"), &[]).await.expect(303);
    let failed = "The last deployment failed: The deployment waited";
    until_says(&dashboard, &ada, &runs, failed).await;
    ada.post(&first.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&first, "pending").await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_full_build_queue_postpones_that_deployment_and_stops_nothing_else() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let runs = dashboard.running(&ada, "Runs").await;
    dashboard
        .simulator
        .settings(|settings| settings.queue_limit = 0);
    let waits = dashboard.make(&ada, "Waits", true).await;
    until_says(&dashboard, &ada, &waits, "Coolify's build queue is full.").await;
    assert_ne!(turns(&dashboard, "closed_until").await, "");
    let checked = dashboard.column(&runs, "checked_at").await;
    let looks_on = async || (dashboard.column(&runs, "checked_at").await != checked).then_some(());
    dashboard.until("what runs is looked at", looks_on).await;
    let confirmation = [("confirmation", "Runs")];
    ada.post(&runs.at("delete"), &confirmation)
        .await
        .expect(303);
    dashboard.until_gone(&runs).await;
    assert_eq!(dashboard.status(&waits).await.as_deref(), Some("deploying"));
    dashboard
        .simulator
        .settings(|settings| settings.queue_limit = 25);
    dashboard.until_status(&waits, "running").await;
    assert_eq!(dashboard.record(&waits).builds_started, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn what_still_answers_after_a_failed_deployment_runs_and_says_that_it_failed() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Still there").await;
    dashboard.next_build(Outcome::FailBuild);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    until_says(
        &dashboard,
        &ada,
        &made,
        "The last deployment failed: The build failed: ERROR",
    )
    .await;
    dashboard.until_status(&made, "running").await;
    assert!(ada.get(&made.at("row")).await.says(">Open"));
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("What the log said before that"), "{}", page.text);
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn a_second_click_begins_no_second_chain_of_jobs() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Clicked", false).await;
    dashboard.out_of_reach().await;
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    until_says(&dashboard, &ada, &made, "Coolify cannot be reached").await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    // It may have been carried out by now.
    ada.post(&made.at("cancel"), &[]).await;
    dashboard.until_status(&made, "pending").await;
    let asked = async || dashboard.jobs().await.is_empty().then_some(());
    dashboard.until("no job is left", asked).await;
    let first = dashboard.column(&made, "job").await.unwrap();
    for _ in 0..3 {
        ada.post(&made.at("delete"), &[("confirmation", "Clicked")])
            .await;
    }
    let since = dashboard.column(&made, "removal_requested_at").await;
    dashboard
        .until("a click is a job more, and not three", async || {
            let job: i64 = dashboard.column(&made, "job").await?.parse().unwrap();
            (job > first.parse().unwrap()).then_some(())
        })
        .await;
    assert!(
        dashboard.jobs().await.len() <= 2,
        "{:?}",
        dashboard.jobs().await
    );
    assert_eq!(dashboard.column(&made, "removal_requested_at").await, since);
    dashboard.within_reach().await;
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_first_deployment_costs_nine_calls_beside_the_shared_looks() {
    let dashboard = Dashboard::with(|setup| {
        setup.pace = Pace {
            rates: setup.pace.rates,
            recheck: Duration::from_hours(1),
            ..Pace::default()
        };
    });
    let dashboard = dashboard.await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Cheap").await;
    let complete = async || {
        dashboard
            .deployment(&made, "log_at")
            .await
            .is_none()
            .then_some(())
    };
    dashboard.until("its log is complete", complete).await;
    let mut calls = dashboard.ledger().calls;
    // One look serves all builds; the limits are read, and strangers are looked for, whoever deploys; an address is no call.
    for shared in ["deployments", "server", "find", "address"] {
        calls.remove(shared);
    }
    let sum: u64 = calls.values().flat_map(|answers| answers.values()).sum();
    assert!(sum <= 9, "{sum} calls: {calls:?}");
    dashboard.close().await;
}
