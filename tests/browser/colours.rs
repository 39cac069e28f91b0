//! Light, dark, or as the system has it: what was chosen stays, and is there before any script.

use crate::chromium::Look;
use crate::person::Person;
use crate::{scene, stage};

#[tokio::test]
async fn the_chosen_colours_stay_on_every_page_with_and_without_script() {
    for look in [Look::DESKTOP, Look::WITHOUT_SCRIPT] {
        stage::person(look, colours_stay).await;
    }
}

#[tokio::test]
async fn choosing_colours_after_a_refused_form_leaves_it_as_it_is() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let row = scene::environment(person, "Test Workspace").await;
        let page = format!("/environments/{}", row.id);
        for (page, form) in [
            ("/environments/new", "/environments"),
            (&page, &format!("{page}/password")),
            ("/account", "/account/password"),
        ] {
            person.visit("/environments").await;
            person.click(".theme button[value=light]").await;
            person.see("#theme-light[aria-pressed=true]").await;
            person.visit(page).await;
            person.expects(&format!("422 {form}"));
            // The script would say so itself; this is what the server says.
            let send =
                format!("document.querySelector(\"form[action='{form}'][novalidate]\").submit()");
            person.run(&send).await;
            person.see("[aria-invalid=true]").await;
            person.click(".theme button[value=dark]").await;
            person.see("#theme-dark[aria-pressed=true]").await;
            person.see("[aria-invalid=true]").await;
        }
    })
    .await;
}

async fn colours_stay(person: &Person) {
    person.visit("/register").await;
    let light = ground(person).await;
    person.click(".theme button[value=dark]").await;
    person.see("#theme-dark[aria-pressed=true]").await;
    assert_eq!(person.path().await, "/register");
    let dark = ground(person).await;
    assert_ne!(light, dark);
    person.register("somebody@example.com").await;
    assert_eq!(ground(person).await, dark);
    person.expects("404 /nowhere");
    person.visit("/nowhere").await;
    assert_eq!(ground(person).await, dark);
    person.visit("/account").await;
    person.click(".theme button[value=system]").await;
    person.see("#theme-system[aria-pressed=true]").await;
    assert_eq!(person.path().await, "/account");
    assert_eq!(ground(person).await, light);
}

/// The colour behind everything.
async fn ground(person: &Person) -> String {
    let body = person.see("body").await;
    body.css_value("background-color").await.unwrap()
}
