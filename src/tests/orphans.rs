//! Stories of applications in Coolify that no environment knows: adopted, removed or ignored by administrators.

use super::harness::{Dashboard, Made};
use super::person::Person;
use crate::actions::orphans;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use serde_json::json;

const NEEDS: &str =
    "This environment needs a password before it can be deployed. Set one on its page.";

/// An application that runs and whose environment was lost, as with an older backup; its uuid.
pub async fn lost(dashboard: &Dashboard, owner: &Person, name: &str) -> (Made, String) {
    let made = dashboard.running(owner, name).await;
    let uuid = dashboard.column(&made, "application_uuid").await.unwrap();
    sqlx::query("delete from environments where id = $1")
        .bind(made.id.uuid())
        .execute(dashboard.pool())
        .await
        .unwrap();
    (made, uuid)
}

/// How often the audit tells of this.
pub async fn count(dashboard: &Dashboard, action: &str) -> i64 {
    sqlx::query_scalar("select count(*) from audit where action = $1")
        .bind(action)
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_orphan_becomes_somebodys_environment_and_needs_a_password_before_it_is_deployed() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let (made, uuid) = lost(&dashboard, &bob, "Found").await;
    assert!(ada.get("/admin/orphans").await.says(&made.subdomain));
    let page = ada.get(&format!("/admin/orphans/{uuid}")).await.expect(200);
    assert_eq!(page.value("name"), made.subdomain);
    assert_eq!(page.value("heir"), ada.email);
    adopt(&dashboard, &ada, &bob, (&made, &uuid)).await;
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, &made.password).await);
    let page = bob.get(&made.at("")).await.expect(200);
    assert!(page.says("nobody here knows its password"), "{}", page.text);
    assert!(
        bob.post(&made.at("deploy"), &[])
            .await
            .expect(409)
            .says(NEEDS)
    );
    let new = "opens it from now on";
    bob.post(&made.at("password"), &[("password", new)])
        .await
        .expect(303);
    dashboard
        .until("the new password is in force", async || {
            let waits = dashboard.column(&made, "password_unknown").await;
            (waits.as_deref() == Some("false")).then_some(())
        })
        .await;
    dashboard.until_status(&made, "running").await;
    assert!(dashboard.lets_in(&made, new).await);
    bob.post(&made.at("deploy"), &[]).await.expect(303);
    assert_eq!(dashboard.records(&made).len(), 1);
    assert!(!ada.get("/admin/orphans").await.says(&uuid));
    dashboard.close().await;
}

/// Tries with what is wrong, and then twice for Bob.
async fn adopt(dashboard: &Dashboard, ada: &Person, bob: &Person, (made, uuid): (&Made, &str)) {
    let adopt = format!("/admin/orphans/{uuid}/adopt");
    let form = |name, heir| [("name", name), ("heir", heir)];
    let wrong = ada.post(&adopt, &form("", "nobody@example.com")).await;
    assert_eq!(wrong.expect(422).note("name"), "Enter a name.");
    let wrong = ada.post(&adopt, &form("Found", "nobody@example.com")).await;
    let sentence = "Nobody who can sign in has this e-mail address. Enter that of an account.";
    assert_eq!(wrong.expect(422).note("heir"), sentence);
    let page = format!("/admin/environments/{}", made.id);
    for _ in 0..2 {
        ada.post(&adopt, &form("Found", &bob.email))
            .await
            .leads_to(&page);
    }
    assert_eq!(count(dashboard, "environment.adopted").await, 1);
}

/// Changes a column of an application in Coolify.
pub fn set(dashboard: &Dashboard, uuid: &str, column: &str, value: &str) {
    let mut state = dashboard.simulator.state();
    let row = state.applications.get_mut(uuid).unwrap();
    row.columns.insert(column.to_owned(), json!(value));
}

#[tokio::test]
async fn what_has_no_address_of_ours_is_not_adopted() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (made, uuid) = lost(&dashboard, &ada, "Renamed").await;
    let adopt = format!("/admin/orphans/{uuid}/adopt");
    let form = [("name", "Renamed"), ("heir", ada.email.as_str())];
    for odd in ["agent", "--", "a--b-x7k9", "Renamed-x7k9", "admin"] {
        set(&dashboard, &uuid, "name", odd);
        let refused = ada.post(&adopt, &form).await.expect(409);
        let sentence = "Its name in Coolify is not one that vps-claude gives";
        assert!(refused.says(sentence), "{odd}: {}", refused.text);
    }
    set(&dashboard, &uuid, "name", "other-x7k9");
    let refused = ada.post(&adopt, &form).await.expect(409);
    let sentence = "Its address in Coolify is not the one that belongs to its name";
    assert!(refused.says(sentence), "{}", refused.text);
    assert_eq!(count(&dashboard, "environment.adopted").await, 0);
    set(&dashboard, &uuid, "name", &made.subdomain);
    let address = dashboard.app.domain.fqdn(&made.subdomain);
    let bare = dashboard.app.domain.host_alone(&made.subdomain);
    for none in ["", &bare, &format!("{bare}:8080")] {
        set(&dashboard, &uuid, "fqdn", none);
        let refused = ada.post(&adopt, &form).await.expect(409);
        let sentence = "It has no address in Coolify that leads to it";
        assert!(refused.says(sentence), "{none}: {}", refused.text);
    }
    assert_eq!(count(&dashboard, "environment.adopted").await, 0);
    set(&dashboard, &uuid, "fqdn", &address);
    ada.post(&adopt, &form).await.expect(303);
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_told_of_orphans_has_nothing_that_terminals_understand() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (_, uuid) = lost(&dashboard, &ada, "Odd").await;
    let odd = "\u{1b}]0;title\u{7}\u{1b}[2Jodd\u{9b}31m\r\nok \u{0}";
    set(&dashboard, &uuid, "name", odd);
    let found = orphans::search(&dashboard.app).await.unwrap();
    let told = orphans::sentences(&found).join("");
    assert!(
        told.contains("odd") && !told.contains(char::is_control),
        "{told:?}"
    );
    let page = ada.get(&format!("/admin/orphans/{uuid}")).await.expect(200);
    let shown = page.value("name").to_owned();
    let delete = format!("/admin/orphans/{uuid}/delete");
    ada.post(&delete, &[("confirmation", &shown)])
        .await
        .leads_to("/admin/orphans");
    dashboard.close().await;
}

#[tokio::test]
async fn a_form_that_is_refused_asks_coolify_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (_, uuid) = lost(&dashboard, &ada, "Asked").await;
    let asked = || dashboard.calls("application", "200");
    for (form, fields) in [
        ("adopt", [("name", ""), ("heir", ada.email.as_str())]),
        ("adopt", [("name", "Asked"), ("heir", "nobody@example.com")]),
        ("delete", [("confirmation", "Something else"), ("name", "")]),
    ] {
        let before = asked();
        let path = format!("/admin/orphans/{uuid}/{form}");
        let page = ada.post(&path, &fields).await.expect(422);
        assert!(page.says(&uuid), "the page shows what it is about");
        assert_eq!(asked() - before, 1, "{form}");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_page_lists_a_hundred_orphans_and_says_how_many_there_are() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (_, uuid) = lost(&dashboard, &ada, "Many").await;
    {
        let mut state = dashboard.simulator.state();
        let one = state.applications.get(&uuid).unwrap().clone();
        for number in 0..101 {
            let mut other = one.clone();
            other.uuid = format!("{uuid}{number}");
            state.applications.insert(other.uuid.clone(), other);
        }
    }
    let page = ada.get("/admin/orphans").await.expect(200);
    assert_eq!(page.text.matches(">Decide<").count(), 100);
    assert!(page.says("The first 100 of 102."), "{}", page.text);
    let told = orphans::search(&dashboard.app).await.unwrap();
    let told = orphans::sentences(&told);
    assert_eq!(told.len(), 11);
    assert!(told[10].contains("92 more"), "{}", told[10]);
    dashboard.close().await;
}

#[tokio::test]
async fn an_orphan_is_removed_after_its_name_was_typed_even_if_coolify_is_slow() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (made, uuid) = lost(&dashboard, &ada, "Leaving").await;
    // Another environment has the name that the row of the removal would have.
    dashboard.make(&ada, &made.subdomain, false).await;
    let delete = format!("/admin/orphans/{uuid}/delete");
    let wrong = ada.post(&delete, &[("confirmation", "Leaving")]).await;
    let wrong = wrong.expect(422);
    let sentence = "The name does not match. Type it exactly as it is shown.";
    assert_eq!(wrong.note("confirmation"), sentence);
    dashboard.fault_once(Call::Delete, FaultKind::HoldBefore);
    for _ in 0..2 {
        ada.post(&delete, &[("confirmation", &made.subdomain)])
            .await
            .leads_to("/admin/orphans");
    }
    dashboard.until_held(Call::Delete).await;
    let list = ada.get("/environments").await.expect(200);
    assert!(list.says("Removing") && list.says(&made.subdomain));
    assert!(!ada.get("/admin/orphans").await.says(&uuid));
    dashboard.simulator.release();
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).deleted_at.is_some());
    assert_eq!(count(&dashboard, "application.deleted").await, 1);
    ada.get(&format!("/admin/orphans/{uuid}")).await.expect(404);
    dashboard.close().await;
}

#[tokio::test]
async fn an_ignored_orphan_is_neither_listed_nor_reported_until_it_is_listed_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (made, uuid) = lost(&dashboard, &ada, "Quiet").await;
    let found = async || orphans::search(&dashboard.app).await.unwrap().len();
    assert_eq!(found().await, 1);
    for _ in 0..2 {
        ada.post(&format!("/admin/orphans/{uuid}/ignore"), &[])
            .await
            .leads_to("/admin/orphans");
    }
    assert_eq!(found().await, 0);
    ada.get(&format!("/admin/orphans/{uuid}")).await.expect(404);
    let page = ada.get("/admin/orphans").await.expect(200);
    assert!(page.says("There is none.") && page.says("Ignored") && page.says(&made.subdomain));
    for _ in 0..2 {
        ada.post(&format!("/admin/orphans/{uuid}/list-again"), &[])
            .await
            .leads_to("/admin/orphans");
    }
    assert_eq!(found().await, 1);
    assert!(!ada.get("/admin/orphans").await.says("Ignored</h2>"));
    assert_eq!(count(&dashboard, "application.ignored").await, 1);
    assert_eq!(count(&dashboard, "application.listed_again").await, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_no_orphan_cannot_be_decided_about() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&bob, "Known").await;
    let uuid = dashboard.column(&made, "application_uuid").await.unwrap();
    for odd in [uuid.as_str(), "nothing", "..%2f..%2fteams", "a%00"] {
        let at = format!("/admin/orphans/{odd}");
        ada.get(&at).await.expect(404);
        ada.post(&format!("{at}/ignore"), &[]).await.expect(404);
    }
    let delete = format!("/admin/orphans/{uuid}/delete");
    let name = [("confirmation", made.subdomain.as_str())];
    ada.post(&delete, &name).await.expect(404);
    let adopt = format!("/admin/orphans/{uuid}/adopt");
    let form = [("name", "Mine"), ("heir", ada.email.as_str())];
    ada.post(&adopt, &form).await.expect(404);
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("running"));
    assert_eq!(count(&dashboard, "application.deleted").await, 0);
    dashboard.close().await;
}

#[tokio::test]
async fn environments_whose_application_is_gone_are_listed_and_silence_is_said() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&bob, "Vanished").await;
    sqlx::query("update environments set vanished = true where id = $1")
        .bind(made.id.uuid())
        .execute(dashboard.pool())
        .await
        .unwrap();
    let page = ada.get("/admin/orphans").await.expect(200);
    assert!(page.says("Vanished") && page.says("bob@example.com"));
    dashboard.fault_once(Call::Find, FaultKind::ServerErrorBefore);
    let page = ada.get("/admin/orphans").await.expect(200);
    assert!(
        page.says("Coolify does not answer at the moment."),
        "{}",
        page.text
    );
    dashboard.close().await;
}
