//! Copying: what a button promises is what the clipboard holds.

use crate::chromium::{self, Look};
use crate::person::{Person, until};
use crate::{scene, stage};

const READ: &str = "const done = arguments[arguments.length - 1];
                    navigator.clipboard.readText().then(done, (error) => done(String(error)));";

#[tokio::test]
async fn the_address_and_the_password_come_to_the_clipboard_as_they_are() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let row = scene::environment(person, "Test Workspace").await;
        chromium::allow_reading_the_clipboard(&person.client, &person.product.url).await;
        let address = format!("http://{}.{}", row.subdomain, person.product.agents_domain);
        for page in ["/environments", &format!("/environments/{}", row.id)] {
            person.visit(page).await;
            copies(person, "button[id$=-copy]", &address).await;
        }

        person.visit("/environments/new").await;
        let first = password(person).await;
        assert!(first.len() > 12, "{first}");
        copies(person, "[data-copy=password]", &first).await;
        person.click("[data-make=password]").await;
        let second = password(person).await;
        assert_ne!(first, second);
        copies(person, "[data-copy=password]", &second).await;
        person.fill("#password", "of my own \"choice\"").await;
        copies(person, "[data-copy=password]", "of my own \"choice\"").await;
    })
    .await;
}

#[tokio::test]
async fn a_deployments_report_comes_to_the_clipboard_as_the_link_shows_it() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let row = scene::environment(person, "Test Workspace").await;
        scene::deploy(person, &row, "fail_build").await;
        person.visit(&format!("/environments/{}", row.id)).await;
        person.read(".environment .badge", "error").await;
        chromium::allow_reading_the_clipboard(&person.client, &person.product.url).await;
        person.click("#history .details").await;
        until("a page that does not poll", async || {
            person.client.refresh().await.ok()?;
            let is_quiet = "document.readyState === 'complete' && !document.getElementById('poll')";
            person.ask::<bool>(is_quiet).await.then_some(())
        })
        .await;
        let shown = "const done = arguments[arguments.length - 1];
                     fetch(document.getElementById('report-link').href).then((it) => it.text()).then(done);";
        let shown = person.client.execute_async(shown, vec![]).await.unwrap();
        let shown = shown.as_str().unwrap().to_owned();
        assert!(shown.contains("Outcome      failed after"), "{shown}");
        copies(person, "#report-copy", &shown).await;
    })
    .await;
}

async fn password(person: &Person) -> String {
    person
        .ask("document.getElementById('password').value")
        .await
}

/// Clicks, and waits until the clipboard holds this and the page has said so.
async fn copies(person: &Person, button: &str, text: &str) {
    person
        .run("document.getElementById('live').textContent = ''")
        .await;
    person.click(button).await;
    person.read("#live", "Copied.").await;
    until(&format!("{text} in the clipboard"), async || {
        let held = person.client.execute_async(READ, vec![]).await.ok()?;
        (held == text).then_some(())
    })
    .await;
}
