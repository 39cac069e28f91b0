//! Stories of deployments that go well, and of what their owners do meanwhile.

use super::harness::Dashboard;
use super::visits::{newest_build, variable};
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use crate::simulator::settings::Profile;
use std::time::Duration;

const BUSY: &str =
    "This environment is being deployed already. Wait until it is done, or cancel it.";

#[tokio::test]
async fn a_deployment_makes_one_application_with_four_volumes_that_lets_its_owner_in() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Whole").await;
    let record = dashboard.record(&made);
    assert_eq!(
        (record.deployments_requested, record.builds_started),
        (1, 1)
    );
    assert_eq!(record.fqdn, format!("http://{}.localhost", made.subdomain));
    let description = record.description.unwrap_or_default();
    assert_eq!(description, format!("vps-claude {}", made.id));
    let mut mounted: Vec<_> = record.volumes.iter().map(|one| &*one.mount_path).collect();
    mounted.sort_unstable();
    let below_home = [".cache", ".config", ".local", "workspace"];
    assert_eq!(
        mounted,
        below_home.map(|folder| format!("/home/coder/{folder}"))
    );
    assert!(dashboard.lets_in(&made, &made.password).await);
    for wrong in ["", "wrong password", &made.password.to_uppercase()] {
        assert!(!dashboard.lets_in(&made, wrong).await, "{wrong:?} opens it");
    }
    assert_eq!(dashboard.column(&made, "password_hash").await, None);
    for (call, answers) in dashboard.ledger().calls {
        let good = |answer: &String| answer.starts_with('2') || call == "address";
        assert!(answers.keys().all(good), "{call}: {answers:?}");
    }
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("succeeded") && page.says("by Ada"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_deployment_goes_through_every_stage_in_turn() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "In turn").await;
    let stages: Vec<String> =
        sqlx::query_scalar("select stage from deployment_stages order by began_at")
            .fetch_all(dashboard.pool())
            .await
            .unwrap();
    let all = [
        "requested",
        "application",
        "settings",
        "build",
        "start",
        "answer",
    ];
    assert_eq!(stages, all);
    let page = ada.get(&made.at("")).await.expect(200);
    let steps = page.text.matches("<li class=\"done\"").count();
    assert_eq!(steps, all.len(), "{}", page.text);
    dashboard.close().await;
}

#[tokio::test]
async fn a_double_click_makes_one_deployment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Impatient", false).await;
    let path = made.at("deploy");
    let clicks = futures_util::future::join_all((0..4).map(|_| ada.post(&path, &[]))).await;
    for click in clicks {
        click.leads_to("/environments");
    }
    dashboard.until_status(&made, "running").await;
    let record = dashboard.record(&made);
    assert_eq!(
        (record.deployments_requested, record.builds_started),
        (1, 1)
    );
    let count: i64 = sqlx::query_scalar("select count(*) from deployments")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(count, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn what_moves_is_not_deployed_again_and_the_button_is_not_there() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Moving", false).await;
    let button = format!("action=\"{}\"", made.at("deploy"));
    assert!(ada.get(&made.at("")).await.text.contains(&button));
    dashboard.next_build(Outcome::StuckInProgress);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_built(&made).await;
    assert!(!ada.get(&made.at("")).await.text.contains(&button));
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    let new = [("password", "another password")];
    assert!(
        ada.post(&made.at("password"), &new)
            .await
            .expect(409)
            .says(BUSY)
    );
    dashboard.keep_what_is_deleted();
    ada.post(&made.at("delete"), &[("confirmation", "Moving")])
        .await
        .expect(303);
    assert!(!ada.get(&made.at("")).await.text.contains(&button));
    let late = ada.post(&made.at("deploy"), &[]).await.expect(409);
    assert!(late.says("This environment is being deleted and cannot be deployed any more."));
    let late = ada.post(&made.at("cancel"), &[]).await.expect(409);
    assert!(late.says("Nothing is being deployed, so there is nothing to cancel."));
    dashboard.let_go(&made).await;
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn what_runs_can_be_deployed_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Again").await;
    for builds in 2..4 {
        assert!(ada.get(&made.at("row")).await.says("Deploy again"));
        ada.post(&made.at("deploy"), &[])
            .await
            .leads_to("/environments");
        dashboard.until_status(&made, "running").await;
        let record = dashboard.record(&made);
        assert_eq!((record.builds_started, record.volumes.len()), (builds, 4));
    }
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn a_new_password_takes_effect_with_the_deployment_that_follows() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Locked").await;
    let wrong = [("password", "space at end ")];
    let page = ada.post(&made.at("password"), &wrong).await.expect(422);
    assert!(
        page.note("password")
            .contains("begins or ends with a space")
    );
    assert!(!page.text.contains("space at end "));
    let new = "a 'new' \"pass\\word\" $HOME €";
    ada.post(&made.at("password"), &[("password", new)])
        .await
        .leads_to(&made.at(""));
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, new).await);
    assert!(!dashboard.lets_in(&made, &made.password).await);
    assert_eq!(dashboard.column(&made, "password_hash").await, None);
    assert_eq!(dashboard.record(&made).builds_started, 2);
    dashboard.close().await;
}

#[tokio::test]
async fn a_new_password_before_the_first_deployment_waits_for_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Not yet", false).await;
    let new = "the second thought";
    ada.post(&made.at("password"), &[("password", new)])
        .await
        .leads_to(&made.at(""));
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("pending"));
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, new).await);
    assert!(!dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn a_cancelled_deployment_leaves_nothing_building() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Second thoughts", false).await;
    let nothing = ada.post(&made.at("cancel"), &[]).await.expect(409);
    assert!(nothing.says("Nothing is being deployed, so there is nothing to cancel."));
    dashboard.next_build(Outcome::StuckInProgress);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_built(&made).await;
    ada.post(&made.at("cancel"), &[])
        .await
        .leads_to("/environments");
    dashboard.until_status(&made, "pending").await;
    assert_eq!(dashboard.calls("cancel", "200"), 1);
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("cancelled") && page.says("The deployment was cancelled."));
    assert!(!page.says(">failed<"), "a cancelled step has not failed");
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn cancelling_a_rebuild_leaves_what_ran_before_running() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Kept").await;
    dashboard.next_build(Outcome::StuckInProgress);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_built(&made).await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn a_deployment_can_be_cancelled_before_its_application_is_made() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Early", false).await;
    dashboard.fault_once(Call::Create, FaultKind::HoldBefore);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_held(Call::Create).await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    assert!(ada.get(&made.at("row")).await.says("Cancelling"));
    dashboard.simulator.release();
    dashboard.until_status(&made, "pending").await;
    assert_eq!(dashboard.record(&made).builds_started, 0);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    assert_eq!(dashboard.record(&made).builds_started, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn a_cancel_in_the_middle_of_a_step_is_carried_out_right_after_it() {
    let dashboard = Dashboard::with(|setup| {
        setup.pace.step = Duration::from_secs(59);
        setup.pace.lease = Duration::from_mins(1);
    });
    let dashboard = dashboard.await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::StuckInProgress);
    dashboard.fault_once(Call::Deploy, FaultKind::HoldAfter);
    let made = dashboard.make(&ada, "In the middle", true).await;
    dashboard.until_held(Call::Deploy).await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard
        .until("the cancel has found the step", async || {
            let jobs = dashboard.jobs().await;
            (jobs.len() == 1).then_some(())
        })
        .await;
    dashboard.simulator.release();
    dashboard.until_status(&made, "pending").await;
    assert_eq!(dashboard.calls("cancel", "200"), 1);
    dashboard.close().await;
}

#[tokio::test]
async fn coolify_4_0_0_is_spoken_to_as_well() {
    let dashboard = Dashboard::open().await;
    dashboard.simulator.settings(|settings| {
        settings.profile = Profile::V4_0_0;
        settings.deployments_as_object = true;
    });
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Older").await;
    assert!(dashboard.lets_in(&made, &made.password).await);
    ada.post(&made.at("delete"), &[("confirmation", "Older")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_promised_build_that_does_not_exist_is_asked_for_again() {
    let dashboard = Dashboard::open().await;
    dashboard
        .simulator
        .settings(|settings| settings.phantom_deploy = 2);
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Promised").await;
    assert_eq!(dashboard.record(&made).builds_started, 1);
    assert_eq!(dashboard.calls("deploy", "200"), 3);
    dashboard.close().await;
}

#[tokio::test]
async fn claude_keeps_what_it_knows_on_a_volume_in_new_environments_and_in_old_ones() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Remembering").await;
    let folder = Some("/home/coder/.config/claude".to_owned());
    let key = "CLAUDE_CONFIG_DIR";
    assert_eq!(variable(&dashboard, &made, key).await, folder);
    let mounted = dashboard.record(&made).volumes;
    assert!(
        mounted
            .iter()
            .any(|volume| volume.mount_path == "/home/coder/.config")
    );
    // Whatever it is in Coolify, it is right from the next deployment on, and the password untouched.
    let (uuid, other) = (dashboard.record(&made).uuid, "/elsewhere");
    let coolify = &dashboard.app.coolify;
    coolify.set_variables(&uuid, &[(key, other)]).await.unwrap();
    assert_eq!(
        variable(&dashboard, &made, key).await.as_deref(),
        Some(other)
    );
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    assert_eq!(variable(&dashboard, &made, key).await, folder);
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn an_image_is_built_anew_only_when_that_is_chosen() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Outdated").await;
    let choice = ada.get(&made.at("deploy")).await.expect(200);
    assert!(choice.says("Rebuild and deploy") && choice.says("the newest Claude Code"));
    for (fields, anew) in [
        (&[("rebuild", "1")][..], true),
        (&[], false),
        (&[("rebuild", "no")], false),
    ] {
        ada.post(&made.at("deploy"), fields).await.expect(303);
        dashboard.until_status(&made, "running").await;
        let build = newest_build(&dashboard, &made).await;
        assert_eq!(build["force_rebuild"], anew, "{fields:?}");
    }
    let page = ada.get(&made.at("")).await.expect(200);
    assert_eq!(page.text.matches(">Ada</bdi>, built anew").count(), 1);
    dashboard.close().await;
}
