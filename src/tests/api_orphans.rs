//! Stories of administrators' programs that decide about orphans.

use super::harness::Dashboard;
use super::orphans::lost;
use super::people::id_of;
use super::person::Person;
use super::program::{NOTHING, Program, Reply};
use crate::domain::id::UserId;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use serde_json::{Value, json};

async fn found(program: &Program) -> Reply {
    program.get("/orphans").await.expect(200)
}

async fn told(program: &Program, action: &str) -> usize {
    let told = program.get(&format!("/audit?action={action}")).await;
    let told = told.expect(200);
    let items = told.json["items"].as_array().unwrap();
    assert!(items.iter().all(|one| one["way"] == "api"), "{items:?}");
    items.len()
}

#[tokio::test]
async fn an_orphan_becomes_somebodys_environment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let (made, uuid) = lost(&dashboard, &bob, "Found").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let list = found(&program).await;
    let listed =
        json!([{ "uuid": uuid, "name": made.subdomain, "environment_id": made.id.to_string() }]);
    assert_eq!(
        (&list.json["applications"], &list.json["unknown"]),
        (&listed, &Value::Null)
    );
    let path = format!("/orphans/{uuid}/adopt");
    let nobody = UserId::new().to_string();
    let owner = id_of(&dashboard, &bob).await.to_string();
    let disabled = disabled(&dashboard, &ada).await;
    for (body, field) in [
        (json!({ "name": "Found" }), "owner"),
        (json!({ "name": "Found", "owner": bob.email }), "owner"),
        (json!({ "name": "Found", "owner": nobody }), "owner"),
        (json!({ "name": "Found", "owner": disabled }), "owner"),
        (json!({ "name": "", "owner": owner }), "name"),
    ] {
        let wrong = program.post(&path, body).await.expect(422);
        assert_eq!(wrong.wrong().0, field);
    }
    for _ in 0..2 {
        let body = json!({ "name": "Found", "owner": owner });
        let adopted = program.post(&path, body).await.expect(201);
        assert_eq!(adopted.text("environment_id"), made.id.to_string());
    }
    dashboard.until_status(&made, "running").await;
    bob.get(&made.at("")).await.expect(200);
    assert_eq!(found(&program).await.json["applications"], json!([]));
    assert_eq!(told(&program, "environment.adopted").await, 1);
    dashboard.close().await;
}

/// The id of somebody who cannot sign in.
async fn disabled(dashboard: &Dashboard, administrator: &Person) -> String {
    let eve = dashboard.person("Eve").await;
    let id = id_of(dashboard, &eve).await.to_string();
    let disable = format!("/people/{id}/disable");
    administrator.post(&disable, &[]).await.expect(303);
    id
}

#[tokio::test]
async fn an_orphan_is_deleted_after_its_name_was_sent() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (made, uuid) = lost(&dashboard, &ada, "Leaving").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let delete = async |name: &str| {
        let path = format!("/orphans/{uuid}?confirmation={name}");
        program.send("DELETE", &path, &[], "").await
    };
    let wrong = delete("Leaving").await.expect(422);
    assert_eq!(wrong.wrong().0, "confirmation");
    dashboard.fault_once(Call::Delete, FaultKind::HoldBefore);
    for _ in 0..2 {
        delete(&made.subdomain).await.expect(202);
    }
    dashboard.until_held(Call::Delete).await;
    dashboard.simulator.release();
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).deleted_at.is_some());
    delete(&made.subdomain).await.expect(404).says(NOTHING);
    assert_eq!(told(&program, "application.deleted").await, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_not_on_the_first_page_is_reached_or_counted() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    dashboard.make(&ada, "Vanished", false).await;
    for statement in [
        "insert into ignored_applications (uuid, name)
         select 'app-' || n, 'app-' || n from generate_series(1, 503) as n",
        "insert into environments (id, owner_id, name, name_key, subdomain, status, vanished)
         select gen_random_uuid(), owner_id, 'many ' || n, 'many ' || n, 'many-' || n, 'error', true
         from environments, generate_series(1, 51) as n",
        "insert into watches (environment_id) select id from environments on conflict do nothing",
    ] {
        sqlx::query(statement)
            .execute(dashboard.pool())
            .await
            .unwrap();
    }
    let first = found(&program).await;
    let wrong = program.get("/orphans?page=0").await.expect(422);
    assert_eq!(wrong.wrong().0, "page");
    let count = |list: &Reply, field: &str| list.json[field].as_array().unwrap().len();
    assert_eq!(
        (count(&first, "ignored"), count(&first, "vanished")),
        (500, 50)
    );
    assert_eq!(first.json["ignored_more"], 3);
    let second = program.get("/orphans?page=2").await.expect(200);
    assert_eq!(count(&second, "vanished"), 1);
    let one = &second.json["vanished"][0];
    assert!(!first.json["vanished"].as_array().unwrap().contains(one));
    assert_eq!(second.json["vanished_total"], 51);
    dashboard.close().await;
}

#[tokio::test]
async fn an_orphan_is_ignored_until_it_is_listed_again_and_silence_is_said() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (made, uuid) = lost(&dashboard, &ada, "Quiet").await;
    let program = Program::of(&dashboard, &ada, &["admin"]).await;
    let path = format!("/orphans/{uuid}/ignore");
    for _ in 0..2 {
        program.send("POST", &path, &[], "").await.expect(204);
    }
    let list = found(&program).await;
    assert_eq!(list.json["applications"], json!([]));
    assert_eq!(list.json["ignored"][0]["name"], json!(made.subdomain));
    program.send("DELETE", &path, &[], "").await.expect(204);
    program.send("DELETE", &path, &[], "").await.expect(404);
    assert_eq!(
        found(&program).await.json["applications"][0]["uuid"],
        json!(uuid)
    );
    for odd in ["nothing", "..%2f..%2fteams", "a%00", "%ff"] {
        let path = format!("/orphans/{odd}/ignore");
        program.send("POST", &path, &[], "").await.expect(404);
    }
    let vanished = dashboard.running(&ada, "Vanished").await;
    sqlx::query("update environments set vanished = true where id = $1")
        .bind(vanished.id.uuid())
        .execute(dashboard.pool())
        .await
        .unwrap();
    dashboard.fault_once(Call::Find, FaultKind::ServerErrorBefore);
    let list = found(&program).await;
    assert_eq!(list.json["applications"], Value::Null);
    assert!(list.text("unknown").starts_with("Coolify does not answer"));
    assert_eq!(
        list.json["vanished"][0]["id"],
        json!(vanished.id.to_string())
    );
    assert_eq!(list.json["vanished_total"], 1);
    dashboard.close().await;
}
