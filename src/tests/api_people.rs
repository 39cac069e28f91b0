//! Stories of administrators' programs that look after people and invitations.

use super::harness::Dashboard;
use super::people::id_of;
use super::person::Person;
use super::program::{NOTHING, Program, Reply};
use crate::domain::id::{LinkId, UserId};
use crate::domain::user::WhoRegisters;
use serde_json::{Value, json};

const LAST: &str = "This is the last administrator. Make somebody else one first, under People.";
const UNKNOWN: &str =
    "Nobody who can sign in, and could get it, has this id. Send that of an account: usr_….";
const UNSAID: &str = "They have environments: send environments=hand_over together with heir, or environments=delete.";
const NO_HEIR: &str =
    "An heir gets the environments only with environments=hand_over. Send that, or leave heir out.";

async fn path_of(dashboard: &Dashboard, person: &Person) -> String {
    format!("/people/{}", id_of(dashboard, person).await)
}

async fn change(program: &Program, path: &str, body: Value) -> Reply {
    program.send_json("PATCH", path, &[], body).await
}

/// The texts of a field of all items.
fn all<'a>(list: &'a Reply, field: &str) -> Vec<&'a str> {
    let items = list.json["items"].as_array().unwrap().iter();
    items.map(|item| item[field].as_str().unwrap()).collect()
}

#[tokio::test]
async fn people_are_listed_by_page_found_and_read() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let eve = dashboard.person("Eve").await;
    dashboard.make(&bob, "His", false).await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let first = program.get("/people?per_page=2").await.expect(200);
    assert_eq!(all(&first, "name"), ["Ada", "Bob"]);
    assert_eq!(
        (&first.json["total"], &first.json["per_page"]),
        (&json!(3), &json!(2))
    );
    let second = program.get("/people?per_page=2&page=2").await.expect(200);
    assert_eq!(all(&second, "email"), [eve.email.as_str()]);
    let found = program.get("/people?q=BOB%40example").await.expect(200);
    assert_eq!(
        (all(&found, "name"), &found.json["total"]),
        (vec!["Bob"], &json!(1))
    );
    let read = program
        .get(&path_of(&dashboard, &bob).await)
        .await
        .expect(200);
    assert_eq!(read.json, found.json["items"][0]);
    assert_eq!(
        (read.text("role"), &read.json["disabled"]),
        ("member", &json!(false))
    );
    assert_eq!(read.json["environments"], 1);
    assert_eq!(read.json["limits"]["environments"], Value::Null);
    dashboard.close().await;
}

#[tokio::test]
async fn who_is_nobody_is_not_found_and_a_wrong_parameter_is_told() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let nobody = format!("/people/{}", UserId::new());
    program.get(&nobody).await.expect(404).says(NOTHING);
    change(&program, &nobody, json!({})).await.expect(404);
    let wrong = program.get("/people?per_page=0").await.expect(422);
    assert_eq!(wrong.wrong().0, "per_page");
    assert_eq!(
        program.get("/people?q=%00").await.expect(200).json["total"],
        1
    );
    dashboard.close().await;
}

#[tokio::test]
async fn decisions_about_a_person_are_all_made_or_none() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let path = path_of(&dashboard, &bob).await;
    let limits =
        json!({ "environments": "3", "deployments": "Unlimited", "memory": "2 GB", "cpus": "1.5" });
    let body = json!({ "role": "administrator", "disabled": true, "limits": limits });
    let changed = change(&program, &path, body).await.expect(200);
    assert_eq!(
        (changed.text("role"), &changed.json["disabled"]),
        ("administrator", &json!(true))
    );
    let limits =
        json!({ "environments": "3", "deployments": "unlimited", "memory": "2g", "cpus": "1.5" });
    assert_eq!(changed.json["limits"], limits);
    bob.get("/environments").await.leads_to("/login");
    let body = json!({ "disabled": false, "limits": { "cpus": null } });
    let changed = change(&program, &path, body).await.expect(200);
    assert_eq!(changed.json["limits"]["cpus"], Value::Null);
    assert_eq!(
        changed.json["limits"]["memory"], "2g",
        "what is left out stays"
    );
    is_refused(&program, &path).await;
    let audit = program.get("/audit?who=ada&per_page=5").await.expect(200);
    let actions = [
        "person.limits_changed",
        "person.enabled",
        "person.limits_changed",
        "person.disabled",
        "person.role_changed",
    ];
    assert_eq!(all(&audit, "action"), actions);
    assert_eq!(all(&audit, "way"), ["api"; 5]);
    assert_eq!(audit.json["items"][4]["subject"], "Bob <bob@example.com>");
    dashboard.close().await;
}

/// What is wrong changes nothing, nor does what is right beside it.
async fn is_refused(program: &Program, path: &str) {
    let before = program.get(path).await.expect(200);
    let body = json!({ "role": "member", "limits": { "memory": "much" } });
    let wrong = change(program, path, body).await.expect(422);
    assert_eq!(wrong.wrong().0, "limits.memory");
    for (field, body) in [
        ("role", json!({ "role": "owner" })),
        ("name", json!({ "name": "Rob" })),
        ("limits", json!({ "limits": { "memory": 2 } })),
        ("limits", json!({ "limits": ["3", null] })),
    ] {
        let wrong = change(program, path, body).await.expect(422);
        assert_eq!(wrong.wrong().0, field);
    }
    let same = program.get(path).await.expect(200);
    assert_eq!(same.json, before.json, "nothing was changed");
}

#[tokio::test]
async fn the_last_administrator_and_ones_own_account_stay() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let own = path_of(&dashboard, &ada).await;
    for body in [json!({ "role": "member" }), json!({ "disabled": true })] {
        change(&program, &own, body).await.expect(409).says(LAST);
    }
    let kept = program.send("DELETE", &own, &[], "").await.expect(409);
    assert!(kept.text("detail").starts_with("This is your own account."));
    dashboard.close().await;
}

#[tokio::test]
async fn an_account_is_deleted_and_its_environments_go_where_that_is_said() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let eve = dashboard.person("Eve").await;
    let made = dashboard.make(&bob, "Kept", false).await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let (of_bob, of_eve) = (
        path_of(&dashboard, &bob).await,
        path_of(&dashboard, &eve).await,
    );
    let delete = async |path: &str, query: &str| {
        program
            .send("DELETE", &format!("{path}{query}"), &[], "")
            .await
    };
    is_not_deleted(&program, &of_bob).await;
    let heir = of_eve.replace("/people/", "?environments=hand_over&heir=");
    delete(&of_bob, &heir).await.expect(204);
    delete(&of_bob, &heir).await.expect(404).says(NOTHING);
    eve.get(&made.at("")).await.expect(200);
    delete(&of_eve, "?environments=delete").await.expect(204);
    assert_eq!(dashboard.status(&made).await, None);
    assert_eq!(program.get("/people").await.expect(200).json["total"], 1);
    let told = program
        .get("/audit?action=person.deleted")
        .await
        .expect(200);
    assert_eq!(all(&told, "way"), ["api"; 2]);
    dashboard.close().await;
}

/// Whoever has environments stays until it is said what becomes of them.
async fn is_not_deleted(program: &Program, path: &str) {
    let himself = path.replace("/people/", "?environments=hand_over&heir=");
    let nobody = format!("?environments=hand_over&heir={}", UserId::new());
    for (query, field) in [
        ("", "environments"),
        ("?environments=keep", "environments"),
        ("?environments=hand_over", "heir"),
        (&*himself, "heir"),
        (&*nobody, "heir"),
        (&*nobody.replace("hand_over", "delete"), "heir"),
        (&*nobody.replace("environments=hand_over&", ""), "heir"),
    ] {
        let wrong = program
            .send("DELETE", &format!("{path}{query}"), &[], "")
            .await
            .expect(if query.is_empty() { 409 } else { 422 });
        assert_eq!(wrong.wrong().0, field, "{query}");
        let said = match (field, query.contains("hand_over")) {
            ("heir", true) => UNKNOWN,
            ("heir", false) => NO_HEIR,
            _ if query.is_empty() => UNSAID,
            _ => continue,
        };
        assert_eq!(wrong.wrong().1, said);
    }
}

#[tokio::test]
async fn an_invitation_is_made_and_used() {
    let dashboard = Dashboard::with(|setup| setup.registration = WhoRegisters::Invited).await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let bob = dashboard.stranger("Bob");
    let body = json!({ "email": bob.email, "role": "administrator" });
    let made = program.post("/invitations", body).await.expect(201);
    assert_eq!(
        made.answer.header("cache-control"),
        "no-store, no-transform"
    );
    let invitation = &made.json["invitation"];
    assert_eq!(
        (&invitation["email"], &invitation["role"]),
        (&json!(bob.email), &json!("administrator"))
    );
    let token = made.text("link").strip_prefix("/register?link=").unwrap();
    let list = program.get("/invitations").await.expect(200);
    assert_eq!(list.json["items"], json!([invitation]));
    assert!(!list.answer.text.contains(token));
    bob.try_link(token).await.leads_to("/environments");
    let revoked = format!("/invitations/{}", invitation["id"].as_str().unwrap());
    program.send("DELETE", &revoked, &[], "").await.expect(404);
    dashboard.close().await;
}

#[tokio::test]
async fn an_invitation_for_anybody_is_revoked() {
    let dashboard = Dashboard::with(|setup| setup.registration = WhoRegisters::Invited).await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let made = program
        .send("POST", "/invitations", &[], "")
        .await
        .expect(201);
    assert_eq!(made.json["invitation"]["email"], Value::Null);
    assert_eq!(made.json["invitation"]["role"], "member");
    assert_eq!(made.json["invitation"]["invited_by"], "Ada");
    let id = made.json["invitation"]["id"].as_str().unwrap();
    let path = format!("/invitations/{id}");
    program.send("DELETE", &path, &[], "").await.expect(204);
    program
        .send("DELETE", &path, &[], "")
        .await
        .expect(404)
        .says(NOTHING);
    let (_, token) = made.text("link").split_once("link=").unwrap();
    dashboard.stranger("Eve").try_link(token).await.expect(403);
    let late = program.post("/invitations", json!({})).await.expect(201);
    sqlx::query("update links set expires_at = now() - interval '1 second'")
        .execute(dashboard.pool())
        .await
        .unwrap();
    let late = late.json["invitation"]["id"].as_str().unwrap();
    let late = format!("/invitations/{late}");
    program.send("DELETE", &late, &[], "").await.expect(404);
    let nowhere = format!("/invitations/{}", LinkId::new());
    program.send("DELETE", &nowhere, &[], "").await.expect(404);
    for email in ["bob", "", " "] {
        let body = json!({ "email": email, "role": "administrator" });
        let wrong = program.post("/invitations", body).await.expect(422);
        assert_eq!(wrong.wrong().0, "email");
    }
    let body = json!({ "email": null });
    program.post("/invitations", body).await.expect(201);
    dashboard.close().await;
}

#[tokio::test]
async fn an_invitation_has_the_public_address_and_there_is_none_while_nobody_registers() {
    let dashboard =
        Dashboard::with(|setup| setup.public_url = Some("https://vps.example.com/")).await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let made = program.post("/invitations", json!({})).await.expect(201);
    let link = made.text("link");
    assert!(
        link.starts_with("https://vps.example.com/register?link="),
        "{link}"
    );
    dashboard.close().await;
    let dashboard = Dashboard::with(|setup| setup.registration = WhoRegisters::Nobody).await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let closed = program.post("/invitations", json!({})).await.expect(409);
    closed.says("Registration is closed.");
    dashboard.close().await;
}
