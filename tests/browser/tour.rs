//! A way through every page in every state worth a look. It must not know what is looked for.

use crate::administration;
use crate::person::{PASSWORD, Person};
use crate::scene::Each;

/// Leads past every page; `look` is called at each with its name.
pub async fn every_page(person: &Person, look: impl AsyncFn(&'static str)) {
    strangers(person, &look).await;
    person.register("somebody@example.com").await;
    look("table-empty").await;
    leaving(person, &look).await;
    person.visit("/environments/new").await;
    look("new").await;
    let each = Each::new(person).await;
    table(person, &each, &look).await;
    form(person, &look).await;
    environments(person, &each, &look).await;
    removal(person, &each, &look).await;
    account(person, &look).await;
    errors(person, &each, &look).await;
    administrator(person, &look).await;
    administration::every_page(person, &each, &look).await;
    many(person, &look).await;
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
    person.visit("/api").await;
    look("api").await;
    person.click("#deploy > summary").await;
    person.see("#deploy[open]").await;
    look("api-open").await;
}

/// Somebody without environments may delete the account.
async fn leaving(person: &Person, look: &impl AsyncFn(&'static str)) {
    person.expects("422 /account/delete");
    person.visit("/account").await;
    person.fill("#delete_password", "not the password").await;
    person
        .click("form[action='/account/delete'] button.bad")
        .await;
    person.see("#delete_password[aria-invalid=true]").await;
    look("account-delete-refused").await;
}

async fn table(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    person.visit("/environments").await;
    look("table-young").await;
    each.grow_old(person).await;
    look("table").await;
    person.click("#group-running-switch").await;
    person
        .see("#group-running-switch[aria-expanded=false]")
        .await;
    look("table-shut").await;
    person.click("#group-running-switch").await;
    person
        .see("#group-running-switch[aria-expanded=true]")
        .await;
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
    person.click("details:has(#memory) summary").await;
    look("new-refused").await;
    for field in ["#variables", "#source_repository"] {
        let summary = format!("details:has({field}) summary");
        person.click(&summary).await;
    }
    person.fill("#variables", "key=value").await;
    person.fill("#source_repository", "not an address").await;
    person.read("#source", "not the address").await;
    look("new-details").await;
    person.click("main form button[value='0']").await;
    person.see("#variables[aria-invalid=true]").await;
    look("new-details-refused").await;
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
    person
        .visit(&format!("/environments/{}/container", each.running.id))
        .await;
    person.see("#log-lines li").await;
    look("container").await;
    let path = format!("/environments/{}/password", each.running.id);
    person.expects(&format!("422 {path}"));
    person
        .visit(&format!("/environments/{}", each.running.id))
        .await;
    past_the_script(person, &format!("form[action='{path}']")).await;
    person.see("#password[aria-invalid=true]").await;
    look("show-password-refused").await;
    variables(person, each, look).await;
    resources(person, each, look).await;
    deployments(person, each, look).await;
}

/// Sends a form that the script would not let go: what comes is the server's own word.
async fn past_the_script(person: &Person, form: &str) {
    let send = format!("document.querySelector({form:?}).submit()");
    person.run(&send).await;
}

/// One that waits, one that Coolify has lost, and one that is refused.
async fn variables(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    let page = format!("/environments/{}", each.running.id);
    let lost = format!(
        "insert into environment_variables (environment_id, name) select id, 'LOST_KEY' from environments where subdomain = '{}'",
        each.running.subdomain
    );
    person.product.sql(&lost).await;
    person.visit(&page).await;
    person.fill("#variable", "ANTHROPIC_API_KEY").await;
    person.fill("#value", "sk-ant").await;
    person.click("#variables form.stack button").await;
    person
        .read("#variables-state", "It waits for the next deployment.")
        .await;
    look("show-variables").await;
    person.expects(&format!("422 {page}/variables"));
    person.fill("#variable", "key").await;
    person.click("#variables form.stack button").await;
    person.see("#variable[aria-invalid=true]").await;
    look("show-variables-refused").await;
}

/// What is more than any container has.
async fn resources(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    let path = format!("/environments/{}/resources", each.running.id);
    person.expects(&format!("422 {path}"));
    person.click("#resources summary").await;
    person.fill("#memory", "much").await;
    person.click(&format!("form[action='{path}'] button")).await;
    person.see("#memory[aria-invalid=true]").await;
    look("show-resources-refused").await;
}

async fn deployments(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    for (name, row) in [
        ("deployment-moving", &each.deploying),
        ("deployment-running", &each.running),
        ("deployment-failed", &each.failed),
    ] {
        person.visit(&format!("/environments/{}", row.id)).await;
        person.click("#history .details").await;
        person.see("#calls li").await;
        look(name).await;
    }
    let long = "insert into deployment_log (deployment_id, position, output, hidden, error)
                select d.id, case when n > 4990 then n + 10000 else n + 1000 end, 'line ' || n || repeat(' of a long log', 6), false, false
                from deployments d, generate_series(1, 5000) n
                where d.outcome = 'failed'";
    person.product.sql(long).await;
    person.client.refresh().await.unwrap();
    person.see("#log-lines li:last-child").await;
    look("deployment-long").await;
    person.fill("#q", "npm").await;
    person.click(".find .button").await;
    person.see(".found li").await;
    look("deployment-searched").await;
}

async fn removal(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    let path = format!("/environments/{}/delete", each.running.id);
    person.expects(&format!("422 {path}"));
    person
        .visit(&format!("/environments/{}/deploy", each.running.id))
        .await;
    person.read("h1", "again?").await;
    look("deploy-again").await;
    person.visit(&path).await;
    look("delete").await;
    person.fill("#confirmation", "Something else").await;
    past_the_script(person, "#delete-form").await;
    person.see("#confirmation[aria-invalid=true]").await;
    look("delete-refused").await;
    person
        .visit(&format!("/environments/{}", each.running.id))
        .await;
    person.click("#delete-link").await;
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
    person.expects("422 /account/tokens");
    person.click("form[action='/account/tokens'] .button").await;
    person.see("#token_name[aria-invalid=true]").await;
    look("account-token-refused").await;
    person.fill("#token_name", "Backups").await;
    person.click("#scope-deploy").await;
    person.click("form[action='/account/tokens'] .button").await;
    person.see("#token").await;
    look("account-token-made").await;
}

/// Nothing is there, and something that cannot be done now.
async fn errors(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    person.expects("404 /nowhere");
    person.visit("/nowhere").await;
    look("error-404").await;
    let path = format!("/environments/{}/deploy", each.deleting.id);
    person.expects(&format!("409 {path}"));
    let click = format!(
        "document.body.append(Object.assign(document.createElement('form'), {{ id: 'late', method: 'post', action: {path:?} }}))"
    );
    person.run(&click).await;
    past_the_script(person, "#late").await;
    person.read("#alert", "being deleted").await;
    look("error-409").await;
}

/// What only administrators see.
async fn administrator(person: &Person, look: &impl AsyncFn(&'static str)) {
    let people = "update users set role = 'administrator';
                  insert into users (id, email, name, password_hash) values (gen_random_uuid(), 'eve@example.com', 'Eve', '')";
    person.product.sql(people).await;
    person.visit("/people").await;
    look("people").await;
    person
        .click("form[action='/people/invitations'] button.primary")
        .await;
    person.see("#link").await;
    look("people-invited").await;
    let link = person.see("a[href^='/people/'][href$='/limits']").await;
    let path = link.attr("href").await.unwrap().unwrap();
    person.expects(&format!("422 {path}"));
    person.visit(&path).await;
    look("people-limits").await;
    person.fill("#environments", "many").await;
    person.click("main form button.primary").await;
    person.see("#environments[aria-invalid=true]").await;
    look("people-limits-refused").await;
    person.visit("/people").await;
    let link = person.see("a[href^='/people/'][href$='/delete']").await;
    let path = link.attr("href").await.unwrap().unwrap();
    person.expects(&format!("422 {path}"));
    person.visit(&path).await;
    person.click("main form button.bad").await;
    person.see("#confirmation[aria-invalid=true]").await;
    look("people-delete-refused").await;
    person.visit("/updates").await;
    look("updates").await;
    person.visit("/doctor").await;
    person.click("form[action='/doctor'] button").await;
    person.read("#findings", "Checked ").await;
    look("doctor").await;
}

/// A thousand environments, a page at a time.
async fn many(person: &Person, look: &impl AsyncFn(&'static str)) {
    let made = "with made as (
           insert into environments (id, owner_id, name, name_key, subdomain, created_at)
           select gen_random_uuid(), u.id, 'Many ' || n, 'many ' || n, 'many-' || n || '-abcd', now() - n * interval '1 day'
           from users u, generate_series(1, 1000) n
           where u.email = 'somebody@example.com'
           returning id
         )
         insert into watches (environment_id) select id from made";
    person.product.sql(made).await;
    person.visit("/environments").await;
    person.read("#pages", "1 to 50 of 1004").await;
    look("table-many").await;
    person.visit("/environments?page=21").await;
    person.read("#pages", "1001 to 1004 of 1004").await;
    look("table-last-page").await;
    person.visit("/environments?page=99").await;
    person.read("main .empty", "There are fewer pages.").await;
    look("table-no-such-page").await;
}
