//! The walk that must always work: register, create, deploy, watch, open, delete.

use crate::chromium::Look;
use crate::person::{Person, until};
use crate::{remembered, scene, stage};

const EMAIL: &str = "somebody@example.com";
const ENVIRONMENT_PASSWORD: &str = "let me in, 'please' & \"now\"";

#[tokio::test]
async fn an_environment_is_created_deployed_opened_and_deleted_and_nothing_is_ever_reloaded() {
    stage::person(Look::DESKTOP, async |person| {
        register_and_sign_in(person).await;
        person.visit("/environments/new").await;
        person.fill("#name", "Test Workspace").await;
        person.read("#preview .host", "test-workspace-").await;
        let promised = person.text("#preview .host").await.unwrap();
        let address = create(person).await;
        assert!(
            promised.starts_with(&format!("{address}.")),
            "it is the address that was promised: {promised}"
        );
        person.read("#rows .badge", "pending").await;

        scene::slow_builds(person).await;
        person.click("#rows button[id$=-deploy]").await;
        person.read("#rows .badge", "deploying").await;
        remembered::this_page(person).await;
        person.read("#rows .stage", "s").await;
        scene::fast_builds(person).await;
        person.read("#rows .badge", "running").await;
        assert_eq!(
            remembered::said(person).await,
            ["Test Workspace is running."]
        );

        open(person, &address).await;

        person.click("#rows a[id$=-delete]").await;
        person.see("dialog[open] #confirmation").await;
        remembered::is_the_same(person).await;
        person.fill("#confirmation", "Test Workspace").await;
        person.click("#delete-form button.primary").await;
        person.read("#rows .badge", "deleting").await;
        remembered::this_page(person).await;
        person.see_no("#rows tr").await;
        person.read("main .empty", "No environments yet").await;
        assert_eq!(
            remembered::said(person).await,
            ["The environment is deleted."]
        );
        remembered::is_the_same(person).await;
        nothing_is_left(person).await;
    })
    .await;
}

#[tokio::test]
async fn everything_works_without_script() {
    stage::person(Look::WITHOUT_SCRIPT, async |person| {
        register_and_sign_in(person).await;
        person.see("html:not(.js)").await;
        person.visit("/environments/new").await;
        person.fill("#name", "Test Workspace").await;
        let address = create(person).await;
        assert!(address.starts_with("test-workspace-"), "{address}");
        person.read("#rows .badge", "pending").await;

        person.click("#rows button[id$=-deploy]").await;
        person.read("#rows .badge", "deploying").await;
        person.read("#rows .badge", "running").await;

        open(person, &address).await;

        person.click("#rows a[id$=-delete]").await;
        person.read("h1", "Delete Test Workspace?").await;
        person.fill("#confirmation", "Test Workspace").await;
        person.click("#delete-form button.primary").await;
        person.arrive("/environments").await;
        person.see("main .empty").await;
        nothing_is_left(person).await;
    })
    .await;
}

async fn register_and_sign_in(person: &Person) {
    person.register(EMAIL).await;
    person.click("form[action='/logout'] button").await;
    person.sign_in(EMAIL).await;
}

/// Creates what the form holds; returns the subdomain.
async fn create(person: &Person) -> String {
    person.fill("#password", ENVIRONMENT_PASSWORD).await;
    person.click("main form button[value='0']").await;
    person.arrive("/environments").await;
    person.text("#rows .host").await.unwrap()
}

/// Opens the environment in its own tab, at its own address, and is let in by the password.
async fn open(person: &Person, subdomain: &str) {
    let dashboard = person.client.window().await.unwrap();
    person.click("#rows a[id$=-open]").await;
    let tab = until("a second tab", async || {
        let tabs = person.client.windows().await.ok()?;
        tabs.into_iter().find(|tab| *tab != dashboard)
    })
    .await;
    person.client.switch_to_window(tab).await.unwrap();
    person.arrive("/login").await;
    let url = person.client.current_url().await.unwrap();
    assert!(
        url.as_str().starts_with(&format!("http://{subdomain}.")),
        "{url}"
    );
    person.expects(&format!("401 http://{}/login", url.authority()));
    person.fill("#password", "something else").await;
    person.click("button").await;
    person.read("[role=alert]", "Incorrect password").await;
    person.fill("#password", ENVIRONMENT_PASSWORD).await;
    person.click("button").await;
    person.read("h1", "Signed in to").await;
    person.client.close_window().await.unwrap();
    person.client.switch_to_window(dashboard).await.unwrap();
}

async fn nothing_is_left(person: &Person) {
    let ledger = person.product.ledger().await;
    let applications = ledger["applications"].as_array().unwrap();
    assert_eq!(applications.len(), 1, "{ledger:#}");
    assert!(applications[0]["deleted_at"].is_string(), "{ledger:#}");
    assert_eq!(applications[0]["volumes_removed"], true, "{ledger:#}");
}
