//! Stories of links whose maker administers no longer: they end, and none is made in the very moment.

use super::ended_tokens::one_after_the_other;
use super::harness::Dashboard;
use super::people::{at, id_of};
use super::person::Person;
use super::program::Program;
use crate::actions::people;
use crate::domain::actor::Actor;
use crate::domain::id::UserId;
use crate::domain::user::Role;
use axum::http::StatusCode;
use serde_json::json;

/// How somebody stops to administer.
#[derive(Debug, Clone, Copy)]
enum How {
    Demoted,
    Disabled,
}

async fn end(dashboard: &Dashboard, id: UserId, how: How) {
    let (app, by) = (&dashboard.app, &Actor::COMMAND);
    let ended = match how {
        How::Demoted => people::set_role(app, by, id, Role::Member).await,
        How::Disabled => people::set_disabled(app, by, id, true).await,
    };
    ended.unwrap();
}

/// Ada, and Bob beside her, who administer.
async fn two(dashboard: &Dashboard) -> (Person, Person) {
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let role = at(dashboard, &bob, "role").await;
    let administrator = [("role", "administrator")];
    ada.post(&role, &administrator).await.expect(303);
    (ada, bob)
}

async fn count(dashboard: &Dashboard) -> i64 {
    sqlx::query_scalar("select count(*) from links where created_by is not null")
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_links_of_whoever_administers_no_longer_do_not_work_any_more() {
    for how in [How::Demoted, How::Disabled] {
        let dashboard = Dashboard::open().await;
        let (ada, bob) = two(&dashboard).await;
        let program = Program::of(&dashboard, &bob, &["admin"]).await;
        let body = json!({ "role": "administrator" });
        let by_program = program.post("/invitations", body).await.expect(201);
        let on_page = bob.post("/people/invitations", &[]).await.expect(201);
        let reset = at(&dashboard, &ada, "reset").await;
        let reset = bob.post(&reset, &[]).await.expect(201);
        let token = |link: &str| link.split_once("link=").unwrap().1.to_owned();
        let hers = ada.post("/people/invitations", &[]).await.expect(201);
        end(&dashboard, id_of(&dashboard, &bob).await, how).await;
        for link in [by_program.text("link"), on_page.value("link")] {
            let eve = dashboard.stranger("Eve");
            eve.try_link(&token(link)).await.expect(403);
        }
        let link = token(reset.value("link"));
        let fields = [("link", link.as_str()), ("new_password", "a new password")];
        let eve = dashboard.stranger("Eve");
        eve.post("/reset", &fields).await.expect(403);
        let stays = eve.try_link(&token(hers.value("link"))).await;
        stays.leads_to("/environments");
        dashboard.close().await;
    }
}

/// How somebody makes a link.
#[derive(Debug, Clone, Copy)]
enum Link {
    InvitationByProgram,
    Invitation,
    Reset,
}

/// The status of the answer to whoever makes a link.
async fn make((bob, program): (&Person, &Program), reset: &str, link: Link) -> StatusCode {
    let invitations = "/people/invitations";
    match link {
        Link::InvitationByProgram => program.post("/invitations", json!({})).await.answer.status,
        Link::Invitation => bob.post(invitations, &[]).await.status,
        Link::Reset => bob.post(reset, &[]).await.status,
    }
}

#[tokio::test]
async fn no_link_is_made_by_whoever_waited_until_they_administered_no_longer() {
    let links = [Link::InvitationByProgram, Link::Invitation, Link::Reset];
    for (how, link) in [How::Demoted, How::Disabled]
        .into_iter()
        .flat_map(|how| links.map(|link| (how, link)))
    {
        let dashboard = Dashboard::open().await;
        let (ada, bob) = two(&dashboard).await;
        let id = id_of(&dashboard, &bob).await;
        let program = Program::of(&dashboard, &bob, &["admin"]).await;
        let reset = at(&dashboard, &ada, "reset").await;
        let making = make((&bob, &program), &reset, link);
        let ending = end(&dashboard, id, how);
        let ((), status) = one_after_the_other(&dashboard, id, ending, making).await;
        let refused = match link {
            Link::InvitationByProgram => 403,
            Link::Invitation | Link::Reset => 404,
        };
        assert_eq!(status, refused, "{how:?} {link:?}");
        assert_eq!(count(&dashboard).await, 0, "{how:?} {link:?}");
        dashboard.close().await;
    }
}
