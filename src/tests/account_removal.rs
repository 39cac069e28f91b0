//! Stories of administrators who delete accounts: what becomes of the environments.

use super::harness::Dashboard;
use super::people::at;

/// The form that hands everything over.
fn handing_over<'a>(heir: &'a str, confirmation: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("environments", "keep"),
        ("heir", heir),
        ("confirmation", confirmation),
    ]
}

#[tokio::test]
async fn what_somebody_leaves_behind_runs_on_as_another_persons() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (bob, eve) = (dashboard.person("Bob").await, dashboard.person("Eve").await);
    let runs = dashboard.running(&bob, "Runs").await;
    let builds = dashboard.make(&bob, "Builds", true).await;
    let delete = at(&dashboard, &bob, "delete").await;
    let form = handing_over(&eve.email, &bob.email);
    ada.post(&delete, &form).await.leads_to("/people");
    ada.post(&delete, &form).await.expect(404);
    bob.get("/environments").await.leads_to("/login");
    bob.sign_in().await.expect(422);
    assert!(!ada.get("/people").await.says(&bob.email));
    ada.get(&runs.at("")).await.expect(404);
    eve.get(&runs.at("")).await.expect(200);
    dashboard.until_status(&builds, "running").await;
    let page = eve.get("/environments").await.expect(200);
    assert!(page.says("Runs") && page.says("Builds"));
    assert_eq!(dashboard.records(&builds).len(), 1);
    dashboard.close().await;
}

#[tokio::test]
async fn nothing_is_deleted_before_it_is_confirmed_and_somebody_takes_the_environments() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    dashboard.make(&bob, "Kept", false).await;
    let delete = at(&dashboard, &bob, "delete").await;
    let page = ada.get(&delete).await.expect(200);
    assert!(page.says("What becomes of the environment?"));
    assert_eq!(page.value("heir"), ada.email);
    let form = handing_over("eve@example.com", "bob");
    let wrong = ada.post(&delete, &form).await.expect(422);
    let sentence = "This is not the e-mail address of the account. Type it as it is shown.";
    assert_eq!(wrong.note("confirmation"), sentence);
    assert_eq!(wrong.value("heir"), "eve@example.com");
    for nobody in [bob.email.as_str(), "eve@example.com"] {
        let form = handing_over(nobody, &bob.email);
        let wrong = ada.post(&delete, &form).await.expect(422);
        let sentence =
            "Nobody else who can sign in has this e-mail address. Enter that of another account.";
        assert_eq!(wrong.note("heir"), sentence);
    }
    assert!(bob.get("/environments").await.says("Kept"));
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_to_be_removed_is_the_administrators_until_coolify_has_confirmed_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let runs = dashboard.running(&bob, "Runs").await;
    let waits = dashboard.make(&bob, "Never deployed", false).await;
    let delete = at(&dashboard, &bob, "delete").await;
    let form = [
        ("environments", "remove"),
        ("confirmation", bob.email.as_str()),
    ];
    ada.post(&delete, &form).await.leads_to("/people");
    assert!(ada.get("/people").await.says("are yours until then"));
    ada.get(&waits.at("")).await.expect(404);
    dashboard.until_gone(&runs).await;
    dashboard.close().await;
}

#[tokio::test]
async fn ones_own_account_needs_its_password_and_who_owns_nothing_goes_without_an_heir() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let own = at(&dashboard, &ada, "delete").await;
    let form = [("confirmation", ada.email.as_str())];
    ada.get(&own).await.leads_to("/account");
    ada.post(&own, &form).await.leads_to("/account");
    ada.get("/people").await.expect(200);
    let delete = at(&dashboard, &bob, "delete").await;
    let page = ada.get(&delete).await.expect(200);
    assert!(page.says("It has no environments.") && !page.says("New owner"));
    let form = [("confirmation", bob.email.as_str())];
    ada.post(&delete, &form).await.leads_to("/people");
    bob.get("/environments").await.leads_to("/login");
    dashboard.close().await;
}

#[tokio::test]
async fn an_invitation_ends_with_the_administrator_who_made_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let administrator = ("role", "administrator");
    let role = at(&dashboard, &bob, "role").await;
    ada.post(&role, &[administrator]).await.leads_to("/people");
    let form = [("email", ""), administrator];
    let page = bob.post("/people/invitations", &form).await.expect(201);
    let (_, link) = page.value("link").split_once("/register?link=").unwrap();
    let eve = dashboard.stranger("Eve");
    eve.get(&format!("/register?link={link}")).await.expect(200);
    ada.post(&at(&dashboard, &bob, "disable").await, &[])
        .await
        .leads_to("/people");
    eve.get(&format!("/register?link={link}")).await.expect(403);
    dashboard.close().await;
}
