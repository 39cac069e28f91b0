//! Stories of a branch that moves on after an environment was deployed from it.

use super::harness::Dashboard;
use super::repositories::Repositories;
use std::time::Duration;

#[tokio::test]
async fn a_page_says_what_is_new_in_the_repository_until_it_is_deployed() {
    let host = Repositories::default();
    host.set("0".repeat(40));
    let branch = host.start().await;
    let dashboard = Dashboard::with(|setup| setup.branch = Some(branch)).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Behind").await;
    dashboard
        .until("the page says that there is an update", async || {
            let page = ada.get(&made.at("")).await.expect(200);
            let is_whole =
                page.says("An update is available.") && page.says("<li>Add a shell</li>");
            is_whole.then(|| assert!(page.text.contains("<li>Mend &lt;it&gt;</li>")))
        })
        .await;
    let commit = dashboard.deployment(&made, "commit_sha").await.unwrap();
    host.set(commit);
    dashboard
        .until("it is the newest", async || {
            let page = ada.get(&made.at("")).await.expect(200);
            (!page.says("An update is available.")).then_some(())
        })
        .await;
    assert_eq!(host.compared(), 1, "the titles are asked for once");
    dashboard.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_or_was_read_before_the_deployment_is_not_told() {
    for (head, every) in [
        ("no commit".to_owned(), Duration::from_millis(50)),
        ("0".repeat(40), Duration::from_hours(1)),
    ] {
        let host = Repositories::default();
        host.set(head.clone());
        let branch = host.start().await;
        let dashboard = Dashboard::with(|setup| {
            setup.branch = Some(branch);
            setup.pace.branch = every;
        })
        .await;
        let asked = || host.asked();
        dashboard
            .until("the host was asked", async || (asked() > 0).then_some(()))
            .await;
        let ada = dashboard.person("Ada").await;
        let made = dashboard.running(&ada, "Untold").await;
        if every < Duration::from_secs(1) {
            let before = asked();
            let again = async || (asked() > before + 1).then_some(());
            dashboard.until("it was asked again", again).await;
        }
        let page = ada.get(&made.at("")).await.expect(200);
        assert!(!page.says("An update is available."), "{head}");
        dashboard.close().await;
    }
}
