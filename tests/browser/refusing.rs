//! A browser that keeps nothing for a page, or lets it copy nothing, takes away that and nothing else.

use crate::chromium::{self, Look};
use crate::person::{Person, until};
use crate::{remembered, scene, stage};
use fantoccini::key::Key;

const NO_STORAGE: &str = "for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, name, { get() { throw new DOMException('not allowed', 'SecurityError'); } });";
const COPIES_NOTHING: &str = "navigator.clipboard.writeText = () => Promise.reject(new DOMException('not allowed', 'NotAllowedError'));";
const NO_CLIPBOARD: &str =
    "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined });";

#[tokio::test]
async fn without_storage_and_with_a_clipboard_that_refuses_everything_else_works() {
    stage::person(Look::DESKTOP, async |person| {
        chromium::before_every_page(&person.client, NO_STORAGE).await;
        chromium::before_every_page(&person.client, COPIES_NOTHING).await;
        works(person).await;
        person.visit("/environments").await;
        person.click("#rows button[id$=-copy]").await;
        person.read("#live", "Not copied.").await;
        person.see_no(".ok").await;
    })
    .await;
}

#[tokio::test]
async fn without_a_clipboard_everything_else_works_and_nothing_offers_to_copy() {
    stage::person(Look::DESKTOP, async |person| {
        chromium::before_every_page(&person.client, NO_CLIPBOARD).await;
        works(person).await;
        for page in ["/environments", "/environments/new"] {
            person.visit(page).await;
            person.see("html.js").await;
            person.see_no("[data-copy]").await;
        }
    })
    .await;
}

/// A password is made and shown, keys and dialogs work, times count on, and a deployment is followed.
async fn works(person: &Person) {
    person.register("somebody@example.com").await;
    person.visit("/environments/new").await;
    let made: usize = person
        .ask("document.getElementById('password').value.length")
        .await;
    assert!(made > 12);
    person.click("[data-show=password]").await;
    person.see("#password[type=password]").await;
    person.fill("#name", "Test Workspace").await;
    person.click("main form button[value='0']").await;
    person.read("#rows .badge", "pending").await;

    remembered::this_page(person).await;
    person.press_until_seen('?', "#help").await;
    person.click("#help label").await;
    person.press([Key::Escape.into()]).await;
    person.see_no("#help").await;
    person.click("#rows a[id$=-delete]").await;
    person.see("dialog[open] #confirmation").await;
    person.click("dialog [data-close]").await;
    person.see_no("dialog").await;
    remembered::is_the_same(person).await;

    scene::slow_builds(person).await;
    person.click("#rows button[id$=-deploy]").await;
    person.read("#rows .badge", "deploying").await;
    remembered::this_page(person).await;
    until("a time that is written by the page", async || {
        let written: bool = person
            .ask("'began' in (document.querySelector('#rows time') ?? {})")
            .await;
        written.then_some(())
    })
    .await;
    scene::fast_builds(person).await;
    person.read("#rows .badge", "running").await;
    remembered::is_the_same(person).await;
}
