//! What was typed or made stays: when the colours change, when a name is taken, and when one comes back.

use crate::chromium::{self, Look};
use crate::person::{Person, until};
use crate::{remembered, scene, stage};

const SHOWN: &str = "document.getElementById('password').value";

#[tokio::test]
async fn the_colours_change_without_loading_the_page_again() {
    stage::person(Look::DESKTOP, async |person| {
        person.visit("/register").await;
        person.fill("#name", "Half of a name").await;
        for (choice, scheme) in [
            ("dark", "dark"),
            ("light", "light"),
            ("system", "light dark"),
        ] {
            remembered::this_page(person).await;
            person.click(&format!("#theme-{choice}")).await;
            person
                .see(&format!("#theme-{choice}[aria-pressed=true]"))
                .await;
            let used = "getComputedStyle(document.documentElement).colorScheme";
            assert_eq!(person.ask::<String>(used).await, scheme);
            remembered::is_the_same(person).await;
        }
        let typed: String = person.ask("document.getElementById('name').value").await;
        assert_eq!(typed, "Half of a name");
    })
    .await;
}

#[tokio::test]
async fn a_made_password_outlives_a_taken_name_and_opens_its_environment() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::environment(person, "Taken").await;
        scene::fast_builds(person).await;
        person.visit("/environments/new").await;
        let made: String = person.ask(SHOWN).await;
        person.fill("#name", "Taken").await;
        person.see("#preview .bad").await;
        person.see("#name[aria-invalid=true]").await;
        person.expects("422 /environments");
        person.click("main form button[value='1']").await;
        person.see(".summary").await;
        assert_eq!(person.ask::<String>(SHOWN).await, made);
        person.see_no(".unkept").await;

        person.fill("#name", "  Free ").await;
        person.see_no("#preview .bad").await;
        person.see("#name[aria-invalid=false]").await;
        person.click("main form button[value='1']").await;
        person.read("#rows", "running").await;
        person.visit("/environments/new").await;
        assert_ne!(person.ask::<String>(SHOWN).await, made, "it is used");

        person.visit("/environments").await;
        let free = "a[id$=-name][title=Free]";
        chromium::allow_reading_the_clipboard(&person.client, &person.product.url).await;
        person.click(free).await;
        person.read(".environment .badge", "running").await;
        let here = person.client.window().await.unwrap();
        person.click("a[data-offer]").await;
        let opened = until("the environment in a tab of its own", async || {
            let tabs = person.client.windows().await.ok()?;
            tabs.into_iter().find(|tab| *tab != here)
        })
        .await;
        person.client.switch_to_window(opened).await.unwrap();
        person.client.close_window().await.unwrap();
        person.client.switch_to_window(here).await.unwrap();
        assert_eq!(clipboard(person).await, made);
        person.client.refresh().await.unwrap();
        person.see_no("a[data-offer]").await;
    })
    .await;
}

#[tokio::test]
async fn a_password_is_only_offered_while_it_opens_the_environment() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::fast_builds(person).await;
        person.visit("/environments/new").await;
        person.fill("#name", "Two passwords").await;
        person.click("main form button[value='1']").await;
        person.read("#rows", "running").await;
        person.click("a[id$=-name][title='Two passwords']").await;
        person.see("a[data-offer]").await;

        scene::slow_builds(person).await;
        person.click("[data-make=password]").await;
        person.click(".password form.stack button.button").await;
        person.read(".environment .badge", "deploying").await;
        person.click("button[id$=-cancel]").await;
        person.read(".environment .badge", "running").await;
        person.see("#password-state[data-waits]").await;
        person.see_no("a[data-offer]").await;
    })
    .await;
}

#[tokio::test]
async fn a_made_password_is_the_same_when_one_comes_back() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        person.visit("/environments/new").await;
        let made: String = person.ask(SHOWN).await;
        person.visit("/account").await;
        person.client.back().await.unwrap();
        person.see("#password[type=text]").await;
        assert_eq!(person.ask::<String>(SHOWN).await, made);
    })
    .await;
}

async fn clipboard(person: &Person) -> String {
    let read = "const done = arguments[arguments.length - 1];
                navigator.clipboard.readText().then(done, (error) => done(String(error)));";
    let held = person.client.execute_async(read, vec![]).await.unwrap();
    held.as_str().unwrap().to_owned()
}
