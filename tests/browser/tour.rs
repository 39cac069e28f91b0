//! A way through every page in every state worth a look. It must not know what is looked for.

use crate::person::{PASSWORD, Person};
use crate::scene::Each;

/// Leads past every page; `look` is called at each with its name.
pub async fn every_page(person: &Person, look: impl AsyncFn(&'static str)) {
    strangers(person, &look).await;
    person.register("somebody@example.com").await;
    look("table-empty").await;
    person.visit("/environments/new").await;
    look("new").await;
    let each = Each::new(person).await;
    table(person, &each, &look).await;
    form(person, &look).await;
    environments(person, &each, &look).await;
    removal(person, &each, &look).await;
    account(person, &look).await;
    person.expects("404 /nowhere");
    person.visit("/nowhere").await;
    look("error-404").await;
}

async fn strangers(person: &Person, look: &impl AsyncFn(&'static str)) {
    person.expects("422 /login");
    person.expects("422 /register");
    person.visit("/login").await;
    look("login").await;
    person.fill("#email", "nobody@example.com").await;
    person.fill("#password", PASSWORD).await;
    person.click("main form button.primary").await;
    person.see("form .wrong").await;
    look("login-refused").await;
    person.visit("/register").await;
    look("register").await;
    person.fill("#email", "not an address").await;
    person.fill("#password", PASSWORD).await;
    person.click("main form button.primary").await;
    person.see("[aria-invalid=true]").await;
    look("register-refused").await;
    person.visit("/nowhere").await;
    look("error-404-stranger").await;
}

async fn table(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    person.visit("/environments").await;
    look("table-young").await;
    each.grow_old(person).await;
    look("table").await;
    person.visit("/environments?q=nothing").await;
    look("table-nothing-found").await;
    person.visit("/environments").await;
    person.press_until_seen('?', "#help").await;
    person.settle().await;
    look("help").await;
}

async fn form(person: &Person, look: &impl AsyncFn(&'static str)) {
    person.visit("/environments/new").await;
    person.fill("#name", "payments api").await;
    person.read("#name-note", "taken").await;
    look("new-name-taken").await;
    person.expects("422 /environments");
    person.click("main form button[value='0']").await;
    person.see("#name[aria-invalid=true]").await;
    look("new-refused").await;
}

async fn environments(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    for (name, row) in [
        ("show-pending", &each.pending),
        ("show-deploying", &each.deploying),
        ("show-running", &each.running),
        ("show-failed", &each.failed),
        ("show-deleting", &each.deleting),
    ] {
        person.visit(&format!("/environments/{}", row.id)).await;
        look(name).await;
    }
}

async fn removal(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    let path = format!("/environments/{}/delete", each.running.id);
    person.expects(&format!("422 {path}"));
    person.visit(&path).await;
    look("delete").await;
    person.fill("#confirmation", "Something else").await;
    // The script would say so itself; this is what the server says.
    person
        .run("document.getElementById('delete-form').submit()")
        .await;
    person.see("#confirmation[aria-invalid=true]").await;
    look("delete-refused").await;
    person.visit("/environments").await;
    person.click(&format!("#{}-delete", each.running.id)).await;
    person.see("dialog[open] #confirmation").await;
    person.settle().await;
    look("delete-dialog").await;
}

async fn account(person: &Person, look: &impl AsyncFn(&'static str)) {
    person.visit("/account").await;
    look("account").await;
    person.click("form[action='/account/name'] button").await;
    person.see(".notice").await;
    person.settle().await;
    look("account-saved").await;
    person.expects("422 /account/password");
    person.fill("#current_password", "not the password").await;
    person.fill("#new_password", PASSWORD).await;
    person
        .click("form[action='/account/password'] .button")
        .await;
    person.see("#current_password[aria-invalid=true]").await;
    look("account-refused").await;
}
