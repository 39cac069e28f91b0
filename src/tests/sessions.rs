//! Stories of sessions that expire or are ended: whoever has one is signed out, and nothing of it is kept.

use super::harness::Dashboard;
use super::person::Person;
use crate::actions::accounts;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use futures_util::stream;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Lets the time of this person's session be over.
async fn expire(dashboard: &Dashboard, person: &Person) {
    let id = person.cookie("vps-claude").unwrap();
    let over =
        "update tower_sessions.session set expiry_date = now() - interval '1 second' where id = $1";
    let hit = sqlx::query(over).bind(id).execute(dashboard.pool()).await;
    assert_eq!(hit.unwrap().rows_affected(), 1);
}

/// The sessions that are stored, and those that are noted as somebody's.
async fn kept(dashboard: &Dashboard) -> (i64, i64) {
    let count = "select (select count(*) from tower_sessions.session), (select count(*) from user_sessions)";
    sqlx::query_as(count)
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_has_an_expired_session_is_signed_out_before_anything_is_swept() {
    let dashboard =
        Dashboard::with(|setup| setup.pace.sweep = std::time::Duration::from_hours(1)).await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    expire(&dashboard, &ada).await;
    ada.get("/environments").await.leads_to("/login");
    let poll = ada.fetch("/environments/changes").await;
    assert_eq!(poll.header("hx-redirect"), "/login");
    let fields = [("name", "Too late"), ("password", "long enough")];
    ada.post("/environments", &fields).await.leads_to("/login");
    assert_eq!(kept(&dashboard).await, (2, 2), "nothing is swept yet");
    bob.get("/environments").await.expect(200);
    ada.sign_in().await.leads_to("/environments");
    assert!(!ada.get("/environments").await.expect(200).says("Too late"));
    dashboard.close().await;
}

#[tokio::test]
async fn expired_sessions_are_swept_and_the_others_stay() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    assert_eq!(kept(&dashboard).await, (2, 2));
    expire(&dashboard, &ada).await;
    dashboard
        .until("the expired session is swept", async || {
            (kept(&dashboard).await == (1, 1)).then_some(())
        })
        .await;
    bob.get("/environments").await.expect(200);
    ada.get("/environments").await.leads_to("/login");
    dashboard.close().await;
}

/// The same person at another device, with the list of environments open.
async fn another_device(ada: &Person) -> (Person, String) {
    let other = ada.elsewhere();
    other.sign_in().await.leads_to("/environments");
    let page = other.get("/environments").await.expect(200);
    let (_, poll) = page
        .text
        .split_once("hx-get=\"/environments/changes")
        .unwrap();
    let query = poll.split_once('"').unwrap().0.replace("&amp;", "&");
    let poll = format!("/environments/changes{query}");
    assert_eq!(other.fetch(&poll).await.status, StatusCode::NO_CONTENT);
    (other, poll)
}

async fn until_signed_out(dashboard: &Dashboard, person: &Person, poll: &str) {
    dashboard
        .until("the poll leads to the sign-in", async || {
            let answer = person.fetch(poll).await;
            (answer.header("hx-redirect") == "/login").then_some(())
        })
        .await;
    person.get("/environments").await.leads_to("/login");
}

#[tokio::test]
async fn an_ended_session_ends_for_pages_and_polls() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let (other, poll) = another_device(&ada).await;
    ada.post("/account/sessions/end", &[]).await.expect(303);
    until_signed_out(&dashboard, &other, &poll).await;
    let (other, poll) = another_device(&ada).await;
    let fields = [
        ("current_password", ada.password.as_str()),
        ("new_password", "another password"),
    ];
    ada.post("/account/password", &fields).await.expect(303);
    until_signed_out(&dashboard, &other, &poll).await;
    ada.get("/environments").await.expect(200);
    let delete = [("password", "another password")];
    ada.post("/account/delete", &delete).await.expect(303);
    assert_eq!(kept(&dashboard).await, (0, 0));
    dashboard.close().await;
}

#[tokio::test]
async fn a_session_ends_with_its_row_whoever_removes_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let (other, poll) = another_device(&ada).await;
    sqlx::query("delete from user_sessions where session_id = $1")
        .bind(other.cookie("vps-claude").unwrap())
        .execute(dashboard.pool())
        .await
        .unwrap();
    until_signed_out(&dashboard, &other, &poll).await;
    ada.get("/environments").await.expect(200);
    dashboard.close().await;
}

#[tokio::test]
async fn a_form_that_was_half_sent_before_its_session_ended_changes_nothing() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let (other, _) = another_device(&ada).await;
    let (send_rest, rest) = oneshot::channel::<&'static str>();
    let parts = stream::unfold((Some("name=Too+"), Some(rest)), async |(first, rest)| {
        if let Some(first) = first {
            return Some((Ok::<_, std::io::Error>(first), (None, rest)));
        }
        let last = rest?.await.unwrap();
        Some((Ok(last), (None, None)))
    });
    let request = Request::post("/environments")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let sending = other.send_body(request, Body::from_stream(parts));
    let ending = async {
        ada.post("/account/sessions/end", &[]).await.expect(303);
        send_rest.send("late&password=long+enough").unwrap();
    };
    let (answer, ()) = tokio::join!(sending, ending);
    answer.leads_to("/login");
    assert_eq!(
        kept(&dashboard).await,
        (1, 1),
        "only the other session is left"
    );
    assert!(!ada.get("/environments").await.says("Too late"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_password_that_changed_meanwhile_begins_no_session() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let from = IpAddr::V4(Ipv4Addr::LOCALHOST).into();
    let proved = accounts::sign_in(&dashboard.app, &from, &ada.email, &ada.password).await;
    let proved = proved.unwrap();
    let fields = [
        ("current_password", ada.password.as_str()),
        ("new_password", "another password"),
    ];
    ada.post("/account/password", &fields).await.expect(303);
    let session = ada.cookie("vps-claude").unwrap();
    let place = accounts::Place {
        device: "A test",
        address: [203, 0, 113, 7].into(),
    };
    let begun = accounts::begin_session(&dashboard.app, &session, &proved, &place).await;
    assert!(!begun.unwrap());
    dashboard.close().await;
}

#[tokio::test]
async fn nobody_without_an_account_makes_rows() {
    let dashboard = Dashboard::open().await;
    let stranger = dashboard.stranger("Stranger");
    stranger.get("/login").await.expect(200);
    stranger.post("/logout", &[]).await.expect(303);
    stranger.get("/login?ended=session").await.expect(200);
    stranger.sign_in().await.expect(422);
    stranger.set_cookie("vps-claude", "AAAAAAAAAAAAAAAAAAAAAA");
    stranger.post("/logout", &[]).await.expect(303);
    stranger.get("/environments").await.leads_to("/login");
    assert_eq!(kept(&dashboard).await, (0, 0));
    dashboard.close().await;
}

#[tokio::test]
async fn a_poll_notes_that_its_session_is_used() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let (other, poll) = another_device(&ada).await;
    let old = "update user_sessions set last_used_at = now() - interval '1 hour'";
    sqlx::query(old).execute(dashboard.pool()).await.unwrap();
    assert_eq!(other.fetch(&poll).await.status, StatusCode::NO_CONTENT);
    let used =
        "select session_id from user_sessions where last_used_at > now() - interval '1 minute'";
    let noted = dashboard
        .until("the use is noted", async || {
            let noted: Vec<String> = sqlx::query_scalar(used)
                .fetch_all(dashboard.pool())
                .await
                .unwrap();
            (!noted.is_empty()).then_some(noted)
        })
        .await;
    assert_eq!(noted, [other.cookie("vps-claude").unwrap()]);
    dashboard.close().await;
}

#[tokio::test]
async fn an_unchanged_poll_reads_no_table() {
    let dashboard = Dashboard::with(|setup| {
        let never = Duration::from_hours(1);
        (setup.pace.tick, setup.pace.sweep, setup.pace.sessions) = (never, never, never);
    })
    .await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Quiet", false).await;
    let (other, list) = another_device(&ada).await;
    let version = dashboard.column(&made, "version").await.unwrap();
    let page = made.at(&format!("changes?v={version}&was=pending"));
    assert_eq!(other.fetch(&page).await.status, StatusCode::NO_CONTENT);
    dashboard
        .until("what the polls need is kept", async || {
            other.fetch(&list).await.expect(204);
            other.fetch(&page).await.expect(204);
            dashboard.app.polls.pages.get(&made.id).map(drop)
        })
        .await;
    let mut locked = dashboard.pool().begin().await.unwrap();
    let lock = "lock table users, user_sessions, tower_sessions.session, environments, watches, deployments, deployment_log
                in access exclusive mode";
    sqlx::query(lock).execute(&mut *locked).await.unwrap();
    for poll in [&list, &page] {
        let answer = timeout(Duration::from_mins(1), other.fetch(poll)).await;
        assert_eq!(answer.unwrap().status, StatusCode::NO_CONTENT, "{poll}");
    }
    locked.rollback().await.unwrap();
    dashboard.close().await;
}
