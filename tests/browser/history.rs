//! Back and forward show what is, and nobody is shown what was another's.

use crate::chromium::Look;
use crate::{remembered, scene, stage};

#[tokio::test]
async fn back_and_forward_after_creating_and_deleting_show_what_is() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        person.click("#new").await;
        person.fill("#name", "Test Workspace").await;
        person.fill("#password", "let me in, please").await;
        person.click("main form button[value='0']").await;
        person.read("#rows .name", "Test Workspace").await;

        person.client.back().await.unwrap();
        person.arrive("/environments/new").await;
        let password: String = person
            .ask("document.getElementById('password').value")
            .await;
        assert_ne!(password, "let me in, please", "a password is typed once");
        person.client.forward().await.unwrap();
        person.read("#rows .name", "Test Workspace").await;

        let row = scene::row(person).await;
        person.click("#rows .name a").await;
        person.click("#delete-link").await;
        person.expects(&format!("404 /environments/{row}"));
        person.fill("#confirmation", "Test Workspace").await;
        person.click("#delete-form button.primary").await;
        person.arrive("/environments").await;
        person.see("main .empty").await;
        person.client.back().await.unwrap();
        person.read("h1", "Not found").await;
        person.client.forward().await.unwrap();
        person.see("main .empty").await;
        person.see_no("#rows tr").await;
    })
    .await;
}

#[tokio::test]
async fn a_search_is_still_there_on_the_way_back() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::environment(person, "Test Workspace").await;
        scene::environment(person, "Something else").await;
        person.fill("#q", "workspace").await;
        person.see_no("#rows tr:nth-child(2)").await;
        person.read("#rows .name", "Test Workspace").await;
        person.click("#rows .name a").await;
        person.read("h1", "Test Workspace").await;
        person.client.back().await.unwrap();
        person.arrive("/environments").await;
        person.read("#rows .name", "Test Workspace").await;
        person.see_no("#rows tr:nth-child(2)").await;
        let typed: String = person.ask("document.getElementById('q').value").await;
        assert_eq!(typed, "workspace");
    })
    .await;
}

#[tokio::test]
async fn after_signing_out_the_way_back_leads_to_the_sign_in_page() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::environment(person, "Test Workspace").await;
        person.visit("/account").await;
        person.click("form[action='/logout'] button").await;
        person.arrive("/login").await;
        for _ in ["/account", "/environments"] {
            remembered::this_page(person).await;
            person.client.back().await.unwrap();
            remembered::is_gone(person).await;
            person.arrive("/login").await;
            let source = person.client.source().await.unwrap();
            assert!(!source.contains("Test Workspace") && !source.contains("somebody@"));
        }
    })
    .await;
}
