//! Stories of the tokens of the API: how one is made, what it opens, and how it ends.

use super::harness::Dashboard;
use super::people::at;
use super::person::Person;
use super::program::Program;
use super::refusals::PEOPLE;
use crate::redis::limits;
use std::time::{Duration, Instant};

const ENDED: &str = "This is no token, or not any more: it was revoked, has expired, or its owner cannot sign in. Make another one on the page of your account.";

#[tokio::test]
async fn a_token_is_shown_once_and_opens_the_api() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let fields = [
        ("token_name", "Backups <&>"),
        ("deploy", "1"),
        ("expires", "30"),
    ];
    let page = ada.post("/account/tokens", &fields).await.expect(201);
    assert_eq!(page.header("cache-control"), "no-store, no-transform");
    let token = page.value("token").to_owned();
    assert!(token.starts_with("vpsc_") && token.len() == 69, "{token}");
    let page = ada.get("/account").await.expect(200);
    assert!(!page.text.contains(&token), "it is shown once");
    assert!(page.says("Backups <&>") && page.says("read, deploy") && page.says("never used"));
    let program = Program::with(&dashboard, &token);
    let account = program.get("/account").await.expect(200);
    assert_eq!(account.text("email"), "ada@example.com");
    assert_eq!(account.text("role"), "member");
    assert_eq!(account.json["token"]["name"], "Backups <&>");
    assert_eq!(
        account.json["token"]["scopes"],
        serde_json::json!(["read", "deploy"])
    );
    let page = ada.get("/account").await.expect(200);
    assert!(page.says("last used") && !page.says("never used"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_wrong_form_keeps_what_was_typed_and_makes_no_token() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let fields = [
        ("token_name", "Kept"),
        ("admin", "1"),
        ("expires", "date"),
        ("until", "2020-02-03"),
    ];
    let page = ada.post("/account/tokens", &fields).await.expect(422);
    assert_eq!(
        page.note("scopes"),
        "Only the tokens of administrators can have this."
    );
    assert_eq!(
        page.note("expires"),
        "This day has passed. Choose a later one."
    );
    assert_eq!(page.value("token_name"), "Kept");
    assert_eq!(page.value("until"), "2020-02-03");
    assert!(page.text.contains("value=\"date\" selected"));
    let nothing = [("expires", "")];
    let page = ada.post("/account/tokens", &nothing).await.expect(422);
    assert_eq!(page.note("token_name"), "Enter a name.");
    assert_eq!(page.note("scopes"), "Choose what the token may do.");
    assert_eq!(page.note("expires"), "Choose when the token expires.");
    assert!(!page.text.contains("/revoke\""));
    dashboard.close().await;
}

/// The address that revokes the only token, as the page has it.
async fn revoking(person: &Person) -> String {
    let page = person.get("/account").await.expect(200);
    let (_, form) = page.text.split_once("action=\"/account/tokens/").unwrap();
    let (id, _) = form.split_once("/revoke\"").unwrap();
    format!("/account/tokens/{id}/revoke")
}

#[tokio::test]
async fn a_token_ends_when_it_is_revoked_and_by_nobody_else() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    let revoke = revoking(&ada).await;
    bob.post(&revoke, &[]).await.leads_to("/account");
    program.get("/account").await.expect(200);
    ada.post(&revoke, &[]).await.leads_to("/account");
    assert!(ada.get("/account").await.says("The token is revoked."));
    program.get("/account").await.expect(401).says(ENDED);
    dashboard.close().await;
}

#[tokio::test]
async fn who_waits_with_a_token_that_ends_is_told_nothing() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    let made = dashboard.make(&ada, "Awaited", false).await;
    let path = format!("/environments/{}", made.id);
    let found = program.get(&path).await.expect(200);
    let path = format!("{path}?wait=60&version={}", found.text("version"));
    let mut waits = Box::pin(program.get(&path));
    let begun = tokio::time::timeout(Duration::from_millis(200), &mut waits);
    assert!(begun.await.is_err(), "nothing has changed");
    ada.post(&revoking(&ada).await, &[]).await.expect(303);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    waits.await.expect(401).says(ENDED);
    dashboard.close().await;
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["read"]).await;
    program.get("/account").await.expect(200);
    sqlx::query("update tokens set expires_at = now()")
        .execute(dashboard.pool())
        .await
        .unwrap();
    program.get("/account").await.expect(401).says(ENDED);
    assert!(ada.get("/account").await.says("expired"));
    dashboard.close().await;
}

#[tokio::test]
async fn all_tokens_end_with_a_disabled_account_and_with_a_password_that_is_reset() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let eve = dashboard.person("Eve").await;
    let of_bob = Program::of(&dashboard, &bob, &["write"]).await;
    let of_eve = Program::of(&dashboard, &eve, &["write"]).await;
    ada.post(&at(&dashboard, &bob, "disable").await, &[])
        .await
        .leads_to("/people");
    of_bob.get("/account").await.expect(401).says(ENDED);
    ada.post(&at(&dashboard, &bob, "enable").await, &[])
        .await
        .leads_to("/people");
    of_bob.get("/account").await.expect(401).says(ENDED);
    let fields = [
        ("current_password", eve.password.as_str()),
        ("new_password", "another password"),
    ];
    eve.post("/account/password", &fields).await.expect(303);
    of_eve.get("/account").await.expect(200);
    let page = ada.post(&at(&dashboard, &eve, "reset").await, &[]).await;
    let page = page.expect(201);
    let (_, link) = page.value("link").split_once("link=").unwrap();
    let fields = [("link", link), ("new_password", "a third password")];
    eve.elsewhere()
        .post("/reset", &fields)
        .await
        .leads_to("/login?ended=password");
    of_eve.get("/account").await.expect(401).says(ENDED);
    dashboard.close().await;
}

#[tokio::test]
async fn the_scope_of_administrators_ends_with_the_role() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let role = at(&dashboard, &bob, "role").await;
    ada.post(&role, &[("role", "administrator")])
        .await
        .expect(303);
    let program = Program::of(&dashboard, &bob, &["admin"]).await;
    let scopes = async || program.get("/account").await.expect(200).json["token"]["scopes"].clone();
    assert_eq!(scopes().await, serde_json::json!(["read", "admin"]));
    ada.post(&role, &[("role", "member")]).await.expect(303);
    assert_eq!(scopes().await, serde_json::json!(["read"]));
    dashboard.close().await;
}

#[tokio::test]
async fn nothing_but_a_token_opens_the_api() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let mut program = Program::of(&dashboard, &ada, &["read"]).await;
    let token = std::mem::take(&mut program.token);
    let refused = program.get("/environments").await.expect(401);
    assert!(
        refused
            .answer
            .header("www-authenticate")
            .starts_with("Bearer")
    );
    ada.get("/api/v1/account").await.expect(401);
    for odd in [
        format!("Basic {token}"),
        format!("Bearer x{token}"),
        token.clone(),
        "Bearer".to_owned(),
    ] {
        let headers = [("authorization", odd.as_str())];
        program
            .send("GET", "/account", &headers, "")
            .await
            .expect(401);
    }
    program.token = token;
    program.get("/account").await.expect(200);
    for page in ["/account", "/environments", PEOPLE[0]] {
        let request = axum::http::Request::get(page)
            .header("authorization", format!("Bearer {}", program.token));
        let page = dashboard.stranger("x").send(request, "").await;
        assert_eq!(page.status, 303, "a token opens no page");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn wrong_tokens_are_limited_for_a_network_and_right_ones_are_not_held_up() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let right = Program::of(&dashboard, &ada, &["read"]).await;
    let wrong = Program::with(&dashboard, "vpsc_guessed");
    let bucket = &limits::TOKEN_BY_ADDRESS;
    let began = Instant::now();
    let mut tried = 0;
    let refused = loop {
        let reply = wrong.get("/account").await;
        if reply.answer.status != 401 {
            break reply.expect(429);
        }
        tried += 1;
        let most = began.elapsed().as_secs() + u64::from(bucket.capacity) + 1;
        assert!(tried <= most, "{tried} were let through");
    };
    assert!(tried >= u64::from(bucket.capacity), "{tried}");
    assert!(refused.answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    right.get("/account").await.expect(200);
    dashboard.close().await;
}

#[tokio::test]
async fn all_tokens_of_a_person_share_what_may_be_asked_and_are_told_when_they_may_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    let one = Program::of(&dashboard, &ada, &["read"]).await;
    let other = Program::of(&dashboard, &ada, &["read"]).await;
    let of_bob = Program::of(&dashboard, &bob, &["read"]).await;
    let first = one.get("/account").await.expect(200);
    assert_eq!(first.answer.header("ratelimit-limit"), "300");
    assert_eq!(first.answer.header("ratelimit-remaining"), "299");
    let id = first.text("id").to_owned();
    while dashboard
        .app
        .limits
        .take(&limits::API_BY_USER, &id)
        .await
        .is_ok()
    {}
    // Of two at once one may still find what was refilled meanwhile, and then the next one none.
    let asked = async || other.get("/account").await;
    let refused = loop {
        let replies = tokio::join!(asked(), asked(), asked(), asked());
        let all = [replies.0, replies.1, replies.2, replies.3];
        if let Some(refused) = all.into_iter().find(|reply| reply.answer.status == 429) {
            break refused;
        }
    };
    assert_eq!(refused.answer.header("ratelimit-remaining"), "0");
    assert!(refused.answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    of_bob.get("/account").await.expect(200);
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_done_about_and_with_tokens_is_in_the_audit() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let new = serde_json::json!({ "name": "By a program", "password": "eight letters" });
    program.post("/environments", new).await.expect(201);
    let id = program.get("/account").await.expect(200).json["token"]["id"].clone();
    let revoke = format!("/account/tokens/{}/revoke", id.as_str().unwrap());
    ada.post(&revoke, &[]).await.leads_to("/account");
    for (action, words) in [
        ("token.made", "a program"),
        ("environment.created", "with a token"),
        ("token.revoked", "a program"),
    ] {
        let page = ada.get(&format!("/admin/audit?action={action}")).await;
        assert!(page.says(words), "{action}");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn somebody_has_at_most_fifty_tokens_and_those_that_have_expired_do_not_count() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    sqlx::query(
        "insert into tokens (id, user_id, token_hash, name, scopes, expires_at)
         select gen_random_uuid(), (select id from users limit 1), decode(lpad(to_hex(n), 64, '0'), 'hex'), 'one', '{read}', now() + interval '1 day'
         from generate_series(1, 50) as n",
    )
    .execute(dashboard.pool())
    .await
    .unwrap();
    let fields = [("token_name", "one more"), ("read", "1"), ("expires", "30")];
    let full = ada.post("/account/tokens", &fields).await.expect(422);
    assert!(!full.note("token_name").is_empty());
    sqlx::query("update tokens set expires_at = now() - interval '31 days'")
        .execute(dashboard.pool())
        .await
        .unwrap();
    ada.post("/account/tokens", &fields).await.expect(201);
    let left: i64 = sqlx::query_scalar("select count(*) from tokens")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(left, 1, "those that expired long ago are deleted");
    dashboard.close().await;
}
