//! Stories of administrators who decide about people: roles, disabled accounts, forgotten passwords.

use super::harness::Dashboard;
use super::person::Person;
use super::refusals::ask;
use crate::domain::id::UserId;
use uuid::Uuid;

const LAST: &str = "This is the last administrator. Make somebody else one first, under People.";

/// An address below somebody on the page of people.
pub async fn at(dashboard: &Dashboard, person: &Person, part: &str) -> String {
    format!("/people/{}/{part}", id_of(dashboard, person).await)
}

/// The id of somebody's account.
pub async fn id_of(dashboard: &Dashboard, person: &Person) -> UserId {
    let id: Uuid = sqlx::query_scalar("select id from users where email = $1")
        .bind(&person.email)
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    id.into()
}

#[tokio::test]
async fn somebody_who_is_disabled_is_signed_out_at_once_and_cannot_sign_in() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.make(&bob, "Kept", false).await;
    bob.get("/environments/changes").await;
    ada.post(&at(&dashboard, &bob, "disable").await, &[])
        .await
        .leads_to("/people");
    bob.get("/environments").await.leads_to("/login");
    dashboard
        .until("his polls are refused", async || {
            let poll = bob.get("/environments/changes").await;
            poll.location().starts_with("/login").then_some(())
        })
        .await;
    let page = bob.elsewhere().sign_in().await.expect(422);
    assert!(page.says("This account is disabled. Ask an administrator to enable it."));
    let page = bob
        .elsewhere()
        .try_password("wrong password")
        .await
        .expect(422);
    assert!(!page.says("disabled"), "only the right password tells");
    let page = ada.get("/people?q=BOB%40example").await.expect(200);
    assert!(page.says("member, disabled, 1 environment") && !page.says("ada@example.com</bdi>"));
    ada.post(&at(&dashboard, &bob, "enable").await, &[])
        .await
        .leads_to("/people");
    bob.sign_in().await.leads_to("/environments");
    bob.get(&made.at("")).await.expect(200);
    dashboard.close().await;
}

#[tokio::test]
async fn the_last_administrator_stays_one_also_when_the_last_two_go_at_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let (ada_role, bob_role) = (
        at(&dashboard, &ada, "role").await,
        at(&dashboard, &bob, "role").await,
    );
    let member = [("role", "member")];
    let refused = ada.post(&ada_role, &member).await.expect(409);
    assert!(refused.says(LAST));
    let disable = at(&dashboard, &ada, "disable").await;
    assert!(ada.post(&disable, &[]).await.expect(409).says(LAST));
    let password = [("password", ada.password.as_str())];
    let deleted = ada.post("/account/delete", &password).await.expect(409);
    assert!(deleted.says(LAST));
    ada.post(&bob_role, &[("role", "administrator")])
        .await
        .leads_to("/people");
    let (first, second) = tokio::join!(ada.post(&ada_role, &member), bob.post(&bob_role, &member));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    let left = "select count(*) from users where role = 'administrator'";
    let left: i64 = sqlx::query_scalar(left)
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(left, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn whoever_forgot_a_password_sets_a_new_one_with_a_link_that_works_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let reset = at(&dashboard, &bob, "reset").await;
    let mut links = vec![];
    for _ in 0..2 {
        let page = ada.post(&reset, &[]).await.expect(201);
        let (_, token) = page.value("link").split_once("/reset?link=").unwrap();
        links.push(token.to_owned());
    }
    let elsewhere = bob.elsewhere();
    let form = |link| [("link", link), ("new_password", "a new password")];
    let page = elsewhere.get(&format!("/reset?link={}", links[1])).await;
    assert_eq!(page.expect(200).value("username"), bob.email);
    let short = [("link", links[1].as_str()), ("new_password", "short")];
    let page = elsewhere.post("/reset", &short).await.expect(422);
    let sentence = "This password is too short. Use at least 8 characters.";
    assert_eq!(page.note("new_password"), sentence);
    let earlier = elsewhere.post("/reset", &form(&links[0])).await.expect(403);
    assert!(earlier.says("This link does not work"));
    let done = elsewhere.post("/reset", &form(&links[1])).await;
    done.leads_to("/login?ended=password");
    bob.get("/environments").await.leads_to("/login");
    elsewhere.post("/reset", &form(&links[1])).await.expect(403);
    elsewhere.try_link(&links[1]).await.expect(403);
    bob.sign_in().await.expect(422);
    let signed_in = bob.try_password("a new password").await;
    signed_in.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn a_message_is_not_lost_to_a_part_of_a_page_that_is_asked_for_meanwhile() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let enable = at(&dashboard, &bob, "enable").await;
    ada.post(&enable, &[]).await.leads_to("/people");
    for polled in ["/doctor", "/updates", "/environments"] {
        ask(&ada, "GET", polled, true, "").await.expect(200);
    }
    let said = "The account is enabled.";
    assert!(ada.get("/people").await.says(said));
    assert!(!ada.get("/people").await.says(said), "it is said once");
    dashboard.close().await;
}
