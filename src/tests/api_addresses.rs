//! Stories of every address that the API's document has: who is refused there, so that none is forgotten.

use super::harness::{Dashboard, Made};
use super::people::{at, id_of};
use super::person::Person;
use super::program::{Described, NOTHING, Program, Reply, operations};
use crate::domain::id::UserId;
use serde_json::{Value, json};

const MEMBER: &str = "Only administrators may do this, and the owner of this token is none.";
const EVERY_SCOPE: [&str; 3] = ["read", "deploy", "write"];

/// What is right for the address, as far as anything must be.
fn body(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "password" => json!({ "password": "long enough" }),
        "{name}" => json!({ "value": "a value" }),
        _ => json!({}),
    }
}

async fn ask(program: &Program, one: &Described, path: &str) -> Reply {
    program
        .send_json(&one.method, path, &[], body(&one.path))
        .await
}

/// The address with these ids in it.
fn filled(one: &Described, ids: &[(&str, &str)]) -> String {
    let mut path = one.path.clone();
    for (name, id) in ids {
        path = path.replace(name, id);
    }
    assert!(!path.contains('{'), "{path}");
    path
}

/// The addresses of administrators, each with what is there and with what is nowhere.
async fn of_administrators(dashboard: &Dashboard, person: &Person) -> Vec<(Described, String)> {
    let there = id_of(dashboard, person).await.to_string();
    let nowhere = UserId::new().to_string();
    let mut all = vec![];
    for id in [&there, &nowhere] {
        let wanted = operations().into_iter().filter(|it| it.of_administrators);
        for one in wanted {
            let path = filled(&one, &[("{id}", id), ("{uuid}", "orphan-1")]);
            all.push((one, path));
        }
    }
    assert!(all.len() >= 26, "{}", all.len());
    all
}

#[tokio::test]
async fn to_a_member_every_address_of_administrators_says_the_same() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let member = Program::of(&dashboard, &bob, &EVERY_SCOPE).await;
    let narrow = Program::of(&dashboard, &ada, &EVERY_SCOPE).await;
    for (one, path) in of_administrators(&dashboard, &ada).await {
        ask(&member, &one, &path).await.expect(403).says(MEMBER);
        let refused = ask(&narrow, &one, &path).await.expect(403);
        assert!(refused.text("detail").contains("needs the scope admin"));
        let asked = refused.answer.header("www-authenticate");
        assert!(asked.ends_with("scope=\"admin\""), "{asked}");
    }
    assert_eq!(entries_of(&dashboard, &bob).await, 0);
    dashboard.close().await;
}

/// What the audit tells of somebody beside their account and their tokens.
async fn entries_of(dashboard: &Dashboard, person: &Person) -> i64 {
    let count = "select count(*) from audit
                 where user_id = $1 and action not like 'person.%' and action not like 'token.%'";
    sqlx::query_scalar(count)
        .bind(id_of(dashboard, person).await.uuid())
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_administers_no_longer_is_refused_at_the_next_request() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let role = at(&dashboard, &bob, "role").await;
    ada.post(&role, &[("role", "administrator")])
        .await
        .expect(303);
    let program = Program::of(&dashboard, &bob, &["admin"]).await;
    program.get("/people").await.expect(200);
    let invite = async || program.keyed("/invitations", "once", json!({})).await;
    invite().await.expect(201);
    ada.post(&role, &[("role", "member")]).await.expect(303);
    let kept = invite().await.expect(403);
    kept.says(MEMBER);
    assert!(!kept.answer.text.contains("link"), "{}", kept.json);
    for (one, path) in of_administrators(&dashboard, &ada).await {
        ask(&program, &one, &path).await.expect(403).says(MEMBER);
    }
    program.get("/account").await.expect(200);
    ada.post(&role, &[("role", "administrator")])
        .await
        .expect(303);
    program.get("/people").await.expect(200);
    let own = format!("/people/{}", id_of(&dashboard, &bob).await);
    let body = json!({ "role": "member" });
    let left = program.send_json("PATCH", &own, &[], body).await;
    assert_eq!(left.expect(200).text("role"), "member");
    program.get(&own).await.expect(403).says(MEMBER);
    dashboard.close().await;
}

#[tokio::test]
async fn no_address_leads_to_what_is_somebody_elses() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&bob, "Private").await;
    let version = dashboard.column(&made, "version").await;
    let eve = dashboard.person("Eve").await;
    let member = Program::of(&dashboard, &eve, &EVERY_SCOPE).await;
    let administrator = Program::of(&dashboard, &ada, &["write", "admin"]).await;
    let own = Program::of(&dashboard, &bob, &["read"]).await;
    let mut asked = 0;
    for one in operations() {
        if one.of_administrators || !one.path.contains("{id}") {
            continue;
        }
        let path = path_of(&dashboard, &made, &one).await;
        for program in [&member, &administrator] {
            ask(program, &one, &path).await.expect(404).says(NOTHING);
        }
        if one.method == "GET" {
            ask(&own, &one, &path).await.expect(200);
        }
        asked += 1;
    }
    assert!(asked >= 13, "{asked}");
    assert_eq!(dashboard.column(&made, "version").await, version);
    dashboard.close().await;
}

async fn path_of(dashboard: &Dashboard, made: &Made, one: &Described) -> String {
    let id = if one.path.starts_with("/deployments/") {
        dashboard.deployment_id(made).await.to_string()
    } else {
        made.id.to_string()
    };
    filled(one, &[("{id}", &id), ("{name}", "KEY")])
}
