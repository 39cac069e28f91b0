//! The connection is lost and comes back: the page says so, once, and stays.

use crate::chromium::Look;
use crate::{remembered, scene, stage};

#[tokio::test]
async fn a_page_says_that_the_connection_is_lost_and_that_it_is_back() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let row = scene::environment(person, "Test Workspace").await;
        remembered::this_page(person).await;
        person.see_no("#lost").await;

        person.expects("net::ERR_CONNECTION_REFUSED /environments/changes");
        person.expects("htmx:sendError");
        person.expects("htmx:afterRequest");
        person.allows(&format!(
            "net::ERR_CONNECTION_REFUSED /environments/{}/row",
            row.id
        ));
        person.product.goes_away();
        person
            .read("#lost", "The connection is lost. What you see may be old.")
            .await;
        person.see("#lost").await;
        person.read("#rows .name", "Test Workspace").await;
        person.click("#rows button[id$=-deploy]").await;
        person
            .see("#rows form[data-failed='Not sent: no connection.']")
            .await;
        person.read("#live", "Not sent: no connection.").await;

        person.product.comes_back();
        person.see_no("#lost").await;
        remembered::is_the_same(person).await;
        person.click("#rows .name a").await;
        person.read("h1", "Test Workspace").await;
    })
    .await;
}
