//! With the keyboard alone everything can be reached and done, and the focus is never lost.

use crate::chromium::Look;
use crate::person::{PASSWORD, Person, until};
use crate::{remembered, scene, stage};
use fantoccini::key::Key;

/// No page has more stops than this.
const STOPS: usize = 60;

#[tokio::test]
async fn everything_can_be_done_with_the_keyboard_alone() {
    stage::person(Look::DESKTOP, async |person| {
        register(person).await;
        create(person).await;

        go_to(person, "#rows button[id$=-deploy]").await;
        enter(person).await;
        person.read("#rows .badge", "deploying").await;
        person.read("#rows .badge", "running").await;

        go_to(person, "#rows a[id$=-delete]").await;
        enter(person).await;
        person.see("dialog[open] #confirmation").await;
        focus_is_on(person, "#confirmation").await;
        person.press([Key::Escape.into()]).await;
        person.see_no("dialog").await;
        focus_is_on(person, "#rows a[id$=-delete]").await;
        enter(person).await;
        focus_is_on(person, "#confirmation").await;
        write(person, "Test Workspace").await;
        enter(person).await;
        person.see_no("#rows tr").await;
    })
    .await;
}

#[tokio::test]
async fn the_focus_survives_when_a_row_is_drawn_anew() {
    stage::person(Look::DESKTOP, async |person| {
        register(person).await;
        create(person).await;
        scene::slow_builds(person).await;
        go_to(person, "#rows button[id$=-deploy]").await;
        enter(person).await;
        person.read("#rows .badge", "deploying").await;
        remembered::this_page(person).await;
        go_to(person, "#rows button[id$=-cancel]").await;
        scene::fast_builds(person).await;
        person.read("#rows .badge", "running").await;
        // The button that had it is gone: it goes to the name of the row.
        focus_is_on(person, "#rows .name a").await;
        remembered::is_the_same(person).await;

        scene::slow_builds(person).await;
        go_to(person, "#rows a[id$=-deploy]").await;
        enter(person).await;
        person.see("dialog[open] h1").await;
        go_to(person, "dialog button.primary").await;
        enter(person).await;
        person.read("#rows .badge", "deploying").await;
        remembered::this_page(person).await;
        go_to(person, "#rows .address button").await;
        scene::fast_builds(person).await;
        person.read("#rows .badge", "running").await;
        focus_is_on(person, "#rows .address button").await;
        remembered::is_the_same(person).await;
    })
    .await;
}

#[tokio::test]
async fn single_keys_search_and_help_and_begin_anew_but_not_while_one_types() {
    stage::person(Look::DESKTOP, async |person| {
        register(person).await;
        create(person).await;
        person.press(['/']).await;
        focus_is_on(person, "#q").await;
        write(person, "n?").await;
        person.arrive("/environments").await;
        let typed: String = person.ask("document.getElementById('q').value").await;
        assert_eq!(typed, "n?");
        person.visit("/environments").await;
        person.press_until_seen('?', "#help").await;
        person.press([Key::Escape.into()]).await;
        person.see_no("#help").await;
        person.press(['n']).await;
        person.arrive("/environments/new").await;
        focus_is_on(person, "#name").await;
    })
    .await;
}

#[tokio::test]
async fn the_first_stop_of_a_page_leads_past_its_head() {
    stage::person(Look::DESKTOP, async |person| {
        register(person).await;
        person.press([Key::Tab.into()]).await;
        focus_is_on(person, ".skip").await;
        enter(person).await;
        focus_is_on(person, "#main").await;
        person.press([Key::Tab.into()]).await;
        focus_is_on(person, "#new").await;
    })
    .await;
}

#[tokio::test]
async fn enter_in_the_search_opens_the_only_environment_that_is_found() {
    stage::person(Look::DESKTOP, async |person| {
        register(person).await;
        let found = scene::environment(person, "Test Workspace").await;
        scene::environment(person, "Something else").await;
        person.press(['/']).await;
        focus_is_on(person, "#q").await;
        write(person, "work").await;
        enter(person).await;
        person.arrive(&format!("/environments/{}", found.id)).await;
        person.read("h1", "Test Workspace").await;
    })
    .await;
}

async fn register(person: &Person) {
    person.visit("/register").await;
    for (field, text) in [
        ("#name", "Somebody"),
        ("#email", "somebody@example.com"),
        ("#password", PASSWORD),
    ] {
        go_to(person, field).await;
        write(person, text).await;
    }
    go_to(person, "main form button.primary").await;
    enter(person).await;
    person.arrive("/environments").await;
}

async fn create(person: &Person) {
    person.visit("/environments/new").await;
    focus_is_on(person, "#name").await;
    write(person, "Test Workspace").await;
    go_to(person, "main form button[value='0']").await;
    enter(person).await;
    person.read("#rows .badge", "pending").await;
}

/// Goes from stop to stop until the focus is there; where it is must be seen.
async fn go_to(person: &Person, css: &str) {
    for _ in 0..STOPS {
        person.press([Key::Tab.into()]).await;
        if has_focus(person, css).await {
            let seen: bool = person
                .ask("document.activeElement.matches(':focus-visible')")
                .await;
            assert!(seen, "{css} shows that it has the focus");
            return;
        }
    }
    panic!("{css} cannot be reached with the Tab key");
}

async fn has_focus(person: &Person, css: &str) -> bool {
    let question = format!("!!document.activeElement?.matches({css:?})");
    person.ask(&question).await
}

async fn focus_is_on(person: &Person, css: &str) {
    until(&format!("the focus on {css}"), async || {
        has_focus(person, css).await.then_some(())
    })
    .await;
}

async fn write(person: &Person, text: &str) {
    person.press(text.chars()).await;
}

async fn enter(person: &Person) {
    person.press([Key::Enter.into()]).await;
}
