//! Stories of links that let people register: the first administrator, and whoever is invited.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use super::refusals::{PEOPLE, until_too_many};
use crate::actions::invitations;
use crate::domain::user::WhoRegisters;
use crate::redis::limits;

const INVALID: &str = "It was used already, has expired or was revoked.";

async fn invited_only() -> Dashboard {
    Dashboard::with(|setup| setup.registration = WhoRegisters::Invited).await
}

/// Makes an invitation; returns the token of its link.
async fn invite(administrator: &Person, email: &str, role: &str) -> String {
    let fields = [("email", email), ("role", role)];
    let page = administrator.post("/people/invitations", &fields).await;
    token(&page.expect(201))
}

/// The token of the link on a page.
fn token(page: &Answer) -> String {
    let link = page.value("link");
    let (address, token) = link.split_once("?link=").unwrap();
    assert_eq!(address, "http://dashboard.example.com/register");
    assert_eq!(token.len(), 32);
    token.to_owned()
}

#[tokio::test]
async fn the_link_of_the_first_start_makes_one_administrator_whichever_copy_printed_it() {
    let dashboard = invited_only().await;
    let mut links = vec![];
    for _copy in 0..2 {
        links.push(invitations::set_up(&dashboard.app).await.unwrap().unwrap());
    }
    let (ada, bob) = (dashboard.stranger("Ada"), dashboard.stranger("Bob"));
    let page = ada.get("/register").await.expect(200);
    assert!(page.says("You need an invitation") && !page.text.contains("action=\"/register\""));
    let page = ada.get(&format!("/register?link={}", links[0])).await;
    assert!(
        page.expect(200)
            .says("You will be the administrator of this dashboard.")
    );
    let (first, second) = tokio::join!(ada.try_link(&links[0]), bob.try_link(&links[1]));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403], "one of them was faster");
    let (winner, other) = if first.status == 303 {
        (&ada, &bob)
    } else {
        (&bob, &ada)
    };
    winner.get("/people").await.expect(200);
    for link in &links {
        assert!(other.try_link(link).await.expect(403).says(INVALID));
    }
    assert!(invitations::set_up(&dashboard.app).await.unwrap().is_none());
    dashboard.close().await;
}

#[tokio::test]
async fn an_invitation_lets_one_person_in_and_only_that_one() {
    let dashboard = invited_only().await;
    let ada = dashboard.administrator("Ada").await;
    let link = invite(&ada, " Bob@Example.com ", "").await;
    let list = ada.get("/people").await.expect(200);
    assert!(
        list.says("bob@example.com") && !list.text.contains(&link),
        "it is shown once"
    );
    let eve = dashboard.stranger("Eve");
    let page = eve.try_link(&link).await.expect(422);
    let sentence =
        "The invitation is for another e-mail address. Use the one that it was made for.";
    assert_eq!(page.note("email"), sentence);
    assert!(page.text.contains(&link), "the form can be sent again");
    let bob = dashboard.stranger("Bob");
    let form = bob.get(&format!("/register?link={link}")).await.expect(200);
    assert_eq!(form.value("email"), "bob@example.com");
    bob.try_link(&link).await.leads_to("/environments");
    bob.get("/people").await.expect(404);
    assert!(eve.try_link(&link).await.expect(403).says(INVALID));
    let page = eve.get(&format!("/register?link={link}")).await.expect(403);
    assert!(page.says(INVALID) && !page.text.contains("action=\"/register\""));
    let list = ada.get("/people").await.expect(200);
    assert!(!list.says("/revoke"), "it is not listed any more");
    dashboard.close().await;
}

#[tokio::test]
async fn an_invitation_that_is_revoked_or_expired_or_whose_form_was_wrong() {
    let dashboard = invited_only().await;
    let ada = dashboard.administrator("Ada").await;
    let (bob, eve) = (dashboard.stranger("Bob"), dashboard.stranger("Eve"));
    let link = invite(&ada, "", "administrator").await;
    let taken = ada.elsewhere().try_link(&link).await.expect(422);
    let sentence = "This e-mail address already has an account. Sign in instead.";
    assert_eq!(taken.note("email"), sentence);
    bob.try_link(&link).await.leads_to("/environments");
    bob.get("/people").await.expect(200);
    let link = invite(&ada, "", "").await;
    let page = ada.get("/people").await.expect(200);
    let (_, rest) = page.text.split_once("/people/invitations/lnk_").unwrap();
    let (id, _) = rest.split_once('/').unwrap();
    let revoke = format!("/people/invitations/lnk_{id}/revoke");
    ada.post(&revoke, &[]).await.leads_to("/people");
    let page = ada.get("/people").await.expect(200);
    assert!(page.says("The invitation is revoked. Its link does not work any more."));
    assert!(eve.try_link(&link).await.expect(403).says(INVALID));
    ada.post(&revoke, &[]).await.leads_to("/people");
    let page = ada.get("/people").await.expect(200);
    assert!(page.says("The invitation was used already, or has expired."));
    let link = invite(&ada, "", "").await;
    let expired = "update links set expires_at = now() - interval '1 second'";
    sqlx::query(expired)
        .execute(dashboard.pool())
        .await
        .unwrap();
    assert!(eve.try_link(&link).await.expect(403).says(INVALID));
    assert!(!ada.get("/people").await.expect(200).says("/revoke"));
    let wrong = ada
        .post("/people/invitations", &[("email", "bob")])
        .await
        .expect(422);
    assert_eq!(
        wrong.note("email"),
        "This is not an e-mail address. Enter one like name@example.com."
    );
    dashboard.close().await;
}

#[tokio::test]
async fn where_registration_is_closed_nobody_is_invited_but_the_first_administrator_comes_in() {
    let dashboard = Dashboard::with(|setup| setup.registration = WhoRegisters::Nobody).await;
    let ada = dashboard.administrator("Ada").await;
    let page = ada.get("/people").await.expect(200);
    assert!(page.says("Nobody can be invited"));
    ada.post("/people/invitations", &[]).await.expect(409);
    dashboard.close().await;
}

#[tokio::test]
async fn the_people_page_is_not_there_for_members() {
    let dashboard = Dashboard::open().await;
    let bob = dashboard.person("Bob").await;
    bob.get("/people").await.expect(404);
    for path in PEOPLE {
        bob.post(path, &[]).await.expect(404);
    }
    assert!(!bob.get("/environments").await.says("href=\"/people\""));
    dashboard.close().await;
}

#[tokio::test]
async fn guessing_links_is_limited_as_registering_is() {
    let dashboard = invited_only().await;
    let eve = dashboard.stranger("Eve");
    until_too_many(&limits::REGISTER_BY_ADDRESS, async |number| {
        let mut answer = eve.get(&format!("/register?link={number}")).await;
        if answer.status == 403 {
            answer.status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        }
        answer
    })
    .await;
    dashboard.close().await;
}
