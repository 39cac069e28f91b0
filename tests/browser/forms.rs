//! What the script does for forms: one is sent once, its page comes back as it was, and a made password is seen until then.

use crate::chromium::Look;
use crate::person::{Person, until};
use crate::{scene, stage};

/// Lets the page's own script take the next form as sent, and keeps the browser from sending it.
async fn keep_here(person: &Person) {
    let keep =
        "document.querySelector('main form').addEventListener('submit', (e) => e.preventDefault())";
    person.run(keep).await;
}

#[tokio::test]
async fn a_form_is_sent_once_and_its_page_comes_back_where_it_was() {
    stage::person(Look::PHONE, async |person| {
        person.register("somebody@example.com").await;
        scene::slow_builds(person).await;
        for number in 0..20 {
            scene::environment(person, &format!("Number {number}")).await;
        }
        person.visit("/environments?q=number&status=pending").await;
        person.see("html.js #rows tr:last-child").await;
        person.run("scrollTo(0, 1e6)").await;
        let before: f64 = person.ask("scrollY").await;
        assert!(before > 300.0, "there is something to scroll: {before}");
        person
            .run("document.querySelector('#rows tr:last-child button[id$=-deploy]').click()")
            .await;
        until("the page again, one row shorter", async || {
            let rows: usize = person
                .ask("document.querySelectorAll('#rows tr').length")
                .await;
            (rows == 19).then_some(())
        })
        .await;
        let query: String = person.ask("location.search").await;
        assert_eq!(query, "?q=number&status=pending");
        until(
            "the page where it was, as far as it is long enough",
            async || {
                let most = "document.documentElement.scrollHeight - innerHeight";
                let (now, most): (f64, f64) = person.ask(&format!("[scrollY, {most}]")).await;
                (now > 300.0 && (now - before.min(most)).abs() < 2.0).then_some(())
            },
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_button_of_a_form_that_is_sent_cannot_be_pressed_again() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        person.visit("/environments/new").await;
        person.see("html.js #name").await;
        person.fill("#name", "Test Workspace").await;
        keep_here(person).await;
        person.click("main form button[value='0']").await;
        person.see("main form[aria-busy=true]").await;
        let sent = "document.querySelector('main form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))";
        assert!(!person.ask::<bool>(sent).await, "it is not sent twice");
        person.see("main form button[value='1']").await;
    })
    .await;
}

#[tokio::test]
async fn a_look_at_what_is_built_from_takes_two_fields_and_nothing_else_of_the_form() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        person.visit("/environments/new").await;
        let listen = "window.sent = [];
                      const note = ({ verb, path, formData }) => sent.push(`${verb} ${path} ${[...formData.keys()]}`);
                      document.addEventListener('htmx:configRequest', ({ detail }) => note(detail));";
        person.run(listen).await;
        person.fill("#password", "is not for this").await;
        person.click("details:has(#source_repository) summary").await;
        person.fill("#source_repository", "https://token@a.b/c").await;
        person.read("#source", "Leave out the name").await;
        let sent: Vec<String> = person.ask("window.sent").await;
        let look = "post /environments/new/source source_repository,source_branch";
        assert_eq!(sent.last().map(String::as_str), Some(look), "{sent:?}");
    })
    .await;
}

#[tokio::test]
async fn a_made_password_is_shown_with_copy_beside_it_until_it_is_sent() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        person.visit("/environments/new").await;
        person.see("#password[type=text]").await;
        let made: String = person
            .ask("document.getElementById('password').value")
            .await;
        assert!(made.len() > 12 && made.contains('-'), "{made}");
        person.see(".secret [data-copy=password]").await;
        person.see("[data-show=password][aria-pressed=true]").await;
        person.click("[data-show=password]").await;
        person.see("#password[type=password]").await;
        person.click("[data-make=password]").await;
        person.see("#password[type=text]").await;
        person.fill("#name", "Test Workspace").await;
        keep_here(person).await;
        person.click("main form button[value='0']").await;
        person.see("#password[type=password]").await;
    })
    .await;
}
