//! Stories of administrators who deploy everything that is behind the branch.

use super::harness::{Dashboard, Made};
use super::people::at;
use super::person::Person;
use super::repositories::Repositories;
use crate::simulator::outcomes::Outcome;

/// A dashboard with two people and an environment of each that is behind; one of them is the administrator.
async fn behind(names: &[&str]) -> (Dashboard, Person, Person, Vec<Made>, Repositories) {
    let host = Repositories::default();
    host.set("0".repeat(40));
    let branch = host.start().await;
    let dashboard = Dashboard::with(|setup| setup.branch = Some(branch)).await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let mut all = vec![];
    for (number, name) in names.iter().enumerate() {
        let owner = if number == 0 { &ada } else { &bob };
        all.push(dashboard.running(owner, name).await);
    }
    for made in &all {
        dashboard
            .until("it is behind", async || {
                let page = ada.get("/updates").await.expect(200);
                page.says(&made.name).then_some(())
            })
            .await;
    }
    (dashboard, ada, bob, all, host)
}

async fn deployments(dashboard: &Dashboard, made: &Made) -> i64 {
    sqlx::query_scalar("select count(*) from deployments where environment_id = $1")
        .bind(made.id.uuid())
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

/// Waits until nothing waits in the rollout and nothing is being deployed.
async fn until_done(dashboard: &Dashboard) {
    let query = "select not exists (select from environments where rollout_at is not null or status = 'deploying')";
    dashboard
        .until("the rollout is done", async || {
            let done: bool = sqlx::query_scalar(query)
                .fetch_one(dashboard.pool())
                .await
                .unwrap();
            done.then_some(())
        })
        .await;
}

#[tokio::test]
async fn an_administrator_deploys_all_that_are_behind_one_at_a_time() {
    let (dashboard, ada, bob, all, _host) = behind(&["First", "Second", "Third"]).await;
    let page = ada.get("/updates").await.expect(200);
    assert!(page.says("Deploy all 3, one at a time"), "{}", page.text);
    ada.post("/updates", &[]).await.leads_to("/updates");
    until_done(&dashboard).await;
    for made in &all {
        assert_eq!(deployments(&dashboard, made).await, 2, "{}", made.name);
        assert_eq!(dashboard.record(made).builds_started, 2);
    }
    let overlapping: i64 = sqlx::query_scalar(
        "select count(*) from deployments a join deployments b on a.id < b.id and a.rollout and b.rollout
         and tstzrange(a.created_at, a.finished_at) && tstzrange(b.created_at, b.finished_at)",
    )
    .fetch_one(dashboard.pool())
    .await
    .unwrap();
    assert_eq!(overlapping, 0, "one at a time");
    let page = bob.get(&all[1].at("")).await.expect(200);
    assert!(page.says("by Ada"), "its owner sees who deployed it");
    dashboard.close().await;
}

#[tokio::test]
async fn what_an_administrator_rolls_out_is_not_among_the_deployments_that_its_owner_may_have() {
    let (dashboard, ada, bob, all, _host) = behind(&["Mine", "Theirs"]).await;
    let limits = at(&dashboard, &bob, "limits").await;
    let none = [("deployments", "0")];
    ada.post(&limits, &none).await.leads_to("/people");
    bob.post(&all[1].at("deploy"), &[]).await.expect(409);
    ada.post("/updates", &[]).await.leads_to("/updates");
    until_done(&dashboard).await;
    assert_eq!(deployments(&dashboard, &all[1]).await, 2);
    dashboard.close().await;
}

#[tokio::test]
async fn a_rollout_leaves_out_what_is_in_use_and_ends_when_a_deployment_fails() {
    let (dashboard, ada, _bob, all, _host) = behind(&["Alpha", "Beta", "Gamma"]).await;
    dashboard.work_in(&all[0]).await;
    dashboard
        .until("Alpha is in use", async || {
            let page = ada.get("/updates").await.expect(200);
            page.says("in use: it is not deployed").then_some(())
        })
        .await;
    dashboard.next_build(Outcome::FailBuild);
    ada.post("/updates", &[]).await.leads_to("/updates");
    dashboard
        .until("its failure is told", async || {
            let page = ada.get("/updates").await.expect(200);
            let is_told = page.says("The deployment of Beta of Bob failed, and no other was begun")
                && !page.says("Stop after this one");
            is_told.then_some(())
        })
        .await;
    let mut counts = vec![];
    for made in &all {
        counts.push(deployments(&dashboard, made).await);
    }
    assert_eq!(counts, [1, 2, 1]);
    dashboard.close().await;
}

#[tokio::test]
async fn a_rollout_can_be_stopped_and_is_nobodys_who_is_no_administrator() {
    let (dashboard, ada, bob, all, _host) = behind(&["One", "Two"]).await;
    for path in ["/updates", "/updates/stop"] {
        bob.post(path, &[]).await.expect(404);
    }
    bob.get("/updates").await.expect(404);
    let list = bob.get("/environments").await.expect(200);
    assert!(!list.says("href=\"/admin\""));
    assert!(ada.get("/environments").await.says("href=\"/admin\""));
    dashboard.next_build(Outcome::StuckInProgress);
    ada.post("/updates", &[]).await.leads_to("/updates");
    dashboard.until_status(&all[0], "deploying").await;
    ada.post("/updates/stop", &[]).await.leads_to("/updates");
    let page = ada.get("/updates").await.expect(200);
    assert!(page.says("It is stopped.") && page.says("One of Ada is being deployed"));
    ada.post(&all[0].at("cancel"), &[]).await.expect(303);
    until_done(&dashboard).await;
    assert_eq!(deployments(&dashboard, &all[1]).await, 1);
    dashboard.close().await;
}
