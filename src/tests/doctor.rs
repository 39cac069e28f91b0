//! Stories of administrators who have all settings checked.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use super::repositories::Repositories;
use crate::store::findings;
use std::time::Duration;

/// Waits until the checks have ended, and returns the page.
async fn checked(dashboard: &Dashboard, ada: &Person) -> Answer {
    let page = async || {
        let page = ada.get("/doctor").await.expect(200);
        (page.says("Checked ") && page.says("Check again")).then_some(page)
    };
    dashboard.until("the checks have ended", page).await
}

/// Fails unless the page has a line of each service.
fn assert_says_all(page: &Answer) {
    for sentence in [
        "answers and can be written.",
        "Coolify 4.3.11 answers and accepts the token.",
        "it builds 2 at once and lets 25 wait.",
        "The branch main is at 0a0a0a0a0a0a.",
        "A name below localhost leads to 127.0.0.1, where a server answers.",
        "0 wrong, 1 warning.",
    ] {
        assert!(page.says(sentence), "{sentence} is not in\n{}", page.text);
    }
}

#[tokio::test]
async fn an_administrator_sees_what_the_checks_found_until_they_run_again() {
    let host = Repositories::default();
    host.set("0a".repeat(20));
    let branch = host.start().await;
    let dashboard = Dashboard::with(|setup| setup.branch = Some(branch)).await;
    let ada = dashboard.administrator("Ada").await;
    let page = ada.get("/doctor").await.expect(200);
    assert!(page.says("Nothing has been checked yet.") && page.says("Check now"));
    ada.post("/doctor", &[]).await.leads_to("/doctor");
    let page = checked(&dashboard, &ada).await;
    assert_says_all(&page);
    dashboard
        .simulator
        .settings(|settings| settings.server_reachable = false);
    let page = ada.get("/doctor").await.expect(200);
    assert!(
        page.says("0 wrong, 1 warning."),
        "nothing was checked again"
    );
    ada.post("/doctor", &[]).await.leads_to("/doctor");
    let found = async || {
        let page = ada.get("/doctor").await.expect(200);
        page.says("1 wrong, 1 warning.").then_some(page)
    };
    let page = dashboard
        .until("the server is found to be lost", found)
        .await;
    assert!(
        page.says("Coolify cannot reach or use the server.") && page.says("Look at it in Coolify.")
    );
    dashboard.close().await;
}

#[tokio::test]
async fn while_the_checks_run_they_are_not_begun_again_unless_they_were_lost() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let minute = Duration::from_mins(1);
    assert!(findings::claim(dashboard.pool(), minute).await.unwrap());
    let begun = async || {
        findings::read(dashboard.pool(), minute)
            .await
            .unwrap()
            .begun_at
    };
    let before = begun().await;
    ada.post("/doctor", &[]).await.leads_to("/doctor");
    assert!(
        before.is_some() && begun().await == before,
        "nobody else claimed them"
    );
    let page = ada.get("/doctor").await.expect(200);
    assert!(page.says("The checks run.") && !page.says("Check now"));
    assert!(page.says("http-equiv=\"refresh\""), "also without script");
    assert_eq!(dashboard.calls("GET server", "200"), 0);
    sqlx::query("update findings set begun_at = begun_at - interval '2 minutes'")
        .execute(dashboard.pool())
        .await
        .unwrap();
    let page = ada.get("/doctor").await.expect(200);
    assert!(page.says("Check now"), "whoever ran them is gone");
    ada.post("/doctor", &[]).await.leads_to("/doctor");
    checked(&dashboard, &ada).await;
    dashboard.close().await;
}

#[tokio::test]
async fn the_checks_are_nobodys_who_is_no_administrator() {
    let dashboard = Dashboard::open().await;
    let bob = dashboard.person("Bob").await;
    bob.get("/doctor").await.expect(404);
    bob.post("/doctor", &[]).await.expect(404);
    let list = bob.get("/environments").await.expect(200);
    assert!(!list.says("href=\"/admin\""));
    let ada = dashboard.administrator("Ada").await;
    assert!(ada.get("/environments").await.says("href=\"/admin\""));
    dashboard.close().await;
}
