//! Stories of the account page: name, password, sessions, and the end of an account.

use super::harness::Dashboard;
use super::person::{Answer, Person};

/// The same person, signed in at another device, who has not looked at anything yet.
async fn another_device(person: &Person) -> Person {
    let device = person.elsewhere();
    device.sign_in().await.leads_to("/environments");
    device
}

#[tokio::test]
async fn a_person_changes_their_name() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    ada.post("/account/name", &[("name", "  Ada <L> ")])
        .await
        .leads_to("/account");
    let page = ada.get("/account").await.expect(200);
    assert!(page.says("Your name is saved.") && page.says("value=\"Ada <L>\""));
    assert!(!ada.get("/account").await.says("Your name is saved."));
    let page = ada
        .post("/account/name", &[("name", " ")])
        .await
        .expect(422);
    assert_eq!(page.note("name"), "Enter your name.");
    assert!(ada.get("/environments").await.says("Welcome, Ada <L>."));
    dashboard.close().await;
}

#[tokio::test]
async fn a_new_password_ends_every_other_session() {
    let dashboard = Dashboard::open().await;
    let mut ada = dashboard.person("Ada").await;
    let (laptop, phone) = (another_device(&ada).await, another_device(&ada).await);
    phone.get("/environments").await.expect(200);
    laptop.get("/account").await.expect(200);
    let before = ada.cookie("vps-claude").unwrap();
    let old = ada.password.clone();
    let new = "a new password".to_owned();
    let fields = [("current_password", old.as_str()), ("new_password", &new)];
    ada.post("/account/password", &fields)
        .await
        .leads_to("/account");
    assert!(ada.get("/account").await.says("Your password is changed"));
    assert_ne!(
        ada.cookie("vps-claude").unwrap(),
        before,
        "the session has a new id"
    );
    phone
        .get("/account")
        .await
        .leads_to("/login?next=%2Faccount");
    laptop
        .get("/account")
        .await
        .leads_to("/login?next=%2Faccount");
    ada.elsewhere().try_password(&old).await.expect(422);
    ada.password = new;
    ada.elsewhere().sign_in().await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn a_new_password_needs_the_old_one() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let other = another_device(&ada).await;
    let fields = [
        ("current_password", "not the password"),
        ("new_password", "a new password"),
    ];
    let page = ada.post("/account/password", &fields).await.expect(422);
    assert_eq!(
        page.note("current_password"),
        "This is not your current password."
    );
    let fields = [
        ("current_password", ada.password.as_str()),
        ("new_password", "7 chars"),
    ];
    let page = ada.post("/account/password", &fields).await.expect(422);
    assert_eq!(
        page.note("new_password"),
        "This password is too short. Use at least 8 characters."
    );
    assert!(!page.text.contains("7 chars") && !page.text.contains(&ada.password));
    other.get("/account").await.expect(200);
    ada.elsewhere().sign_in().await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn sessions_are_listed_and_the_others_can_be_ended() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let page = ada.get("/account").await.expect(200);
    assert!(page.says("this session") && !page.says("Sign out the others"));
    let phone = another_device(&ada).await;
    let page = ada.get("/account").await.expect(200);
    assert_eq!(page.text.matches("this session").count(), 1);
    assert_eq!(page.text.matches("last used").count(), 1);
    ada.post("/account/sessions/end", &[])
        .await
        .leads_to("/account");
    let page = ada.get("/account").await.expect(200);
    assert!(page.says("Your other sessions have ended.") && !page.says("last used"));
    phone
        .get("/account")
        .await
        .leads_to("/login?next=%2Faccount");
    dashboard.close().await;
}

#[tokio::test]
async fn an_account_goes_only_when_it_owns_nothing() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Keeps the account", false).await;
    let page = ada.get("/account").await.expect(200);
    assert!(page.says("You still have") && page.says("1 environment"));
    assert!(!page.text.contains("action=\"/account/delete\""));
    let right = [("password", ada.password.as_str())];
    let page = ada.post("/account/delete", &right).await.expect(409);
    assert!(page.says("You still have environments. Delete them first, then the account can go."));
    ada.get("/account").await.expect(200);
    ada.post(&made.at("delete"), &[("confirmation", &made.name)])
        .await
        .leads_to("/environments");
    dashboard.until_gone(&made).await;
    let page = ada
        .post("/account/delete", &[("password", "guessed")])
        .await;
    let page = page.expect(422);
    assert_eq!(
        page.note("delete_password"),
        "This is not your current password."
    );
    let phone = another_device(&ada).await;
    let gone = "/login?ended=account";
    ada.post("/account/delete", &right).await.leads_to(gone);
    assert!(ada.get(gone).await.says("Your account is deleted."));
    phone
        .get("/account")
        .await
        .leads_to("/login?next=%2Faccount");
    ada.sign_in().await.expect(422);
    dashboard.close().await;
}

/// The address that ends a session that is not this one, as the page has it.
fn ending(page: &Answer) -> String {
    let (_, form) = page
        .text
        .split_once("action=\"/account/sessions/ses_")
        .unwrap();
    let (id, _) = form.split_once("/end\"").unwrap();
    format!("/account/sessions/ses_{id}/end")
}

#[tokio::test]
async fn one_session_is_ended_by_itself_and_nobody_elses() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    let phone = another_device(&ada).await;
    let tablet = another_device(&ada).await;
    let page = ada.get("/account").await.expect(200);
    assert!(page.says("signed in") && page.says("from 203.0.113.7"));
    assert!(!page.text.contains(&phone.cookie("vps-claude").unwrap()));
    let end = &ending(&page);
    ada.get(end).await.leads_to("/account");
    bob.post(end, &[]).await.leads_to("/account");
    for device in [&phone, &tablet] {
        device.get("/account").await.expect(200);
    }
    ada.post(end, &[]).await.leads_to("/account");
    let mut ended = 0;
    for device in [&phone, &tablet] {
        ended += u8::from(device.get("/account").await.status == 303);
    }
    assert_eq!(ended, 1, "one of the two");
    ada.post(end, &[]).await.leads_to("/account");
    ada.get("/account").await.expect(200);
    dashboard.close().await;
}
