//! Several tabs of the same person show the same.

use crate::chromium::Look;
use crate::{remembered, scene, stage};

#[tokio::test]
async fn a_row_made_in_one_tab_appears_in_the_other_and_leaves_both_when_deleted() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let first = person.client.window().await.unwrap();
        remembered::this_page(person).await;
        let second = person.client.new_window(true).await.unwrap().handle;

        person
            .client
            .switch_to_window(second.clone())
            .await
            .unwrap();
        person.visit("/environments").await;
        scene::environment(person, "Test Workspace").await;

        person.client.switch_to_window(first.clone()).await.unwrap();
        person.read("#rows tr .name", "Test Workspace").await;
        person.read("#counts", "1 in all").await;
        person.see_no("main .empty").await;

        person
            .client
            .switch_to_window(second.clone())
            .await
            .unwrap();
        remembered::this_page(person).await;
        person.client.switch_to_window(first.clone()).await.unwrap();
        person.click("#rows a[id$=-delete]").await;
        person.fill("#confirmation", "Test Workspace").await;
        remembered::is_the_same(person).await;
        person.click("#delete-form button.primary").await;
        person.see_no("#rows tr").await;

        person.client.switch_to_window(second).await.unwrap();
        person.see_no("#rows tr").await;
        person.read("main .empty", "No environments yet").await;
        remembered::is_the_same(person).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_typed_stays_when_another_tab_deploys() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::fast_builds(person).await;
        let row = scene::environment(person, "Test Workspace").await;
        person.visit(&format!("/environments/{}", row.id)).await;
        remembered::this_page(person).await;
        person.fill("#password", "half of a new").await;
        scene::deploy(person, &row, "finish").await;
        person.read(".environment .badge", "running").await;
        person.see("#log-lines li").await;
        let typed: String = person
            .ask("document.getElementById('password').value")
            .await;
        assert_eq!(typed, "half of a new");
        remembered::is_the_same(person).await;
    })
    .await;
}

#[tokio::test]
async fn an_administrators_page_follows_an_environment_until_it_is_gone_and_keeps_what_is_typed() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let administer = "update users set role = 'administrator'";
        person.product.sql(administer).await;
        scene::fast_builds(person).await;
        let row = scene::environment(person, "Test Workspace").await;
        let page = format!("/admin/environments/{}", row.id);
        person.visit(&page).await;
        remembered::this_page(person).await;
        person.fill("#heir", "half of an addr").await;
        scene::deploy(person, &row, "finish").await;
        person.read(".somebodys .badge", "running").await;
        let typed = "document.getElementById('heir').value";
        let typed: String = person.ask(typed).await;
        assert_eq!(typed, "half of an addr");
        let path = format!("/environments/{}/delete", row.id);
        let name = serde_json::json!({ "confirmation": "Test Workspace" });
        person.post(&path, name).await;
        person.expects(&format!("404 {page}/changes"));
        person.see_no(".somebodys").await;
        person
            .read("main .gone", "This environment is deleted.")
            .await;
        remembered::is_the_same(person).await;
    })
    .await;
}
