//! A page of another build loads itself again, as soon as nothing is lost by it.

use crate::chromium::Look;
use crate::person::Person;
use crate::{polls, remembered, scene, stage};

#[tokio::test]
async fn a_page_of_another_build_loads_itself_again_but_not_while_something_is_typed() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let row = scene::environment(person, "Test Workspace").await;
        person.visit("/environments").await;
        of_another_build(person).await;
        remembered::is_gone(person).await;

        person.visit(&format!("/environments/{}", row.id)).await;
        person.fill("#password", "half of a new").await;
        of_another_build(person).await;
        stays(person).await;
        person.fill("#password", "").await;
        remembered::is_gone(person).await;

        person.visit("/environments").await;
        person.click("#rows a[id$=-delete]").await;
        person.see("dialog[open] #confirmation").await;
        of_another_build(person).await;
        stays(person).await;
        person.see("dialog[open] #confirmation").await;
        person.click("dialog [data-close]").await;
        remembered::is_gone(person).await;
        person.read("#rows .name", "Test Workspace").await;
    })
    .await;
}

/// Makes the page one that another build has made.
async fn of_another_build(person: &Person) {
    remembered::this_page(person).await;
    polls::counted(person).await;
    person
        .run("document.querySelector('meta[name=build]').content = 'another'")
        .await;
}

/// Its polls are answered by this build, and it stays.
async fn stays(person: &Person) {
    polls::more(person, 3).await;
    remembered::is_the_same(person).await;
}
