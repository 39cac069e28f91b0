//! Stories of administrators' programs that read the audit, and of the scope that lets them.

use super::harness::Dashboard;
use super::people::id_of;
use super::program::{Program, named};
use serde_json::{Value, json};

#[tokio::test]
async fn the_audit_is_read_part_by_part_and_by_who_what_and_when() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let program = Program::of(&dashboard, &ada, &["admin", "write"]).await;
    let made = program.post("/environments", named("Told")).await;
    let made = made.expect(201);
    let whole = program.get("/audit?per_page=100").await.expect(200);
    assert_eq!(whole.json["next"], Value::Null);
    let whole = whole.json["items"].as_array().unwrap().clone();
    assert_eq!(in_parts(&program).await, whole);
    let count = async |query: &str| {
        let found = program.get(&format!("/audit?{query}")).await.expect(200);
        found.json["items"].as_array().unwrap().len()
    };
    assert_eq!(whole[0]["action"], "environment.created");
    assert_eq!(
        (&whole[0]["way"], &whole[0]["subject_id"]),
        (&json!("api"), &made.json["id"])
    );
    assert_eq!(
        whole[0]["user_id"],
        json!(id_of(&dashboard, &ada).await.to_string())
    );
    assert_eq!(whole[1]["action"], "token.made");
    let token = whole[1]["subject_id"].as_str().unwrap();
    assert!(token.starts_with("tok_"), "{token}");
    assert_eq!(count(&format!("subject={token}")).await, 1);
    assert_eq!(count(&format!("subject={}", made.text("id"))).await, 1);
    assert_eq!(count("action=environment.created&subject=TOL").await, 1);
    let of_bob = count(&format!("who={}", id_of(&dashboard, &bob).await)).await;
    assert_eq!(count("who=bob%40").await, of_bob);
    assert_eq!(count("from=2020-01-01&until=2020-01-02").await, 0);
    assert_eq!(count("from=2020-01-01&per_page=100").await, whole.len());
    dashboard.close().await;
}

/// The whole audit, two entries at a time.
async fn in_parts(program: &Program) -> Vec<Value> {
    let (mut parts, mut before) = (vec![], String::new());
    loop {
        let part = program.get(&format!("/audit?per_page=2{before}")).await;
        let part = part.expect(200);
        parts.extend(part.json["items"].as_array().unwrap().clone());
        let Some(next) = part.json["next"].as_i64() else {
            return parts;
        };
        before = format!("&before={next}");
    }
}

#[tokio::test]
async fn a_wrong_parameter_of_the_audit_is_told_by_its_name() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    for (query, field) in [
        ("action=odd", "action"),
        ("from=today", "from"),
        ("until=-0001-01-01", "until"),
        ("before=x", "before"),
        ("per_page=101", "per_page"),
    ] {
        let wrong = program.get(&format!("/audit?{query}")).await.expect(422);
        assert_eq!(wrong.wrong().0, field);
    }
    program
        .get("/audit?until=9999-12-31&who=%00&subject=%00")
        .await
        .expect(200);
    dashboard.close().await;
}

#[tokio::test]
async fn only_administrators_are_offered_the_scope_of_administrators() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let offer = "name=\"admin\"";
    let page = ada.get("/account").await.expect(200);
    assert!(page.text.contains(offer) && page.says("look after people, invitations and orphans"));
    assert!(!bob.get("/account").await.text.contains(offer));
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let refused = program.post("/environments", named("No")).await.expect(403);
    assert!(refused.text("detail").contains("needs the scope write"));
    dashboard.close().await;
}
