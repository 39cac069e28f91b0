//! A part of the way through every page: what administrators see of everybody's environments. It must not know what is looked
//! for.

use crate::person::Person;
use crate::scene::Each;

/// Leads past every page below that of the administration; the reader administers already.
pub async fn every_page(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    person.visit("/admin").await;
    look("admin").await;
    environments(person, each, look).await;
    queue(person, each, look).await;
    orphans(person, each, look).await;
    person.visit("/admin/audit").await;
    person.see(".trail li").await;
    look("admin-audit").await;
    person
        .visit("/admin/audit?who=nobody&from=2026-01-02")
        .await;
    look("admin-audit-nothing").await;
    person.visit("/admin/settings").await;
    look("admin-settings").await;
}

async fn environments(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    person.visit("/admin/environments?q=nothing+like+it").await;
    look("admin-environments-none").await;
    person.visit("/admin/environments").await;
    look("admin-environments").await;
    let page = format!("/admin/environments/{}", each.failed.id);
    person.expects(&format!("422 {page}/hand-over"));
    person.visit(&page).await;
    look("admin-environment").await;
    person.fill("#heir", "nobody@example.com").await;
    person
        .click(&format!("form[action='{page}/hand-over'] button"))
        .await;
    person.see("#heir[aria-invalid=true]").await;
    look("admin-environment-refused").await;
}

/// Two deployments that never get their turn, because their environments are not being deployed.
async fn queue(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    person.visit("/admin/queue").await;
    look("admin-queue-empty").await;
    let waiting = "insert into deployments (id, environment_id, deadline)
                   select gen_random_uuid(), e.id, now() + interval '1 day'
                   from environments e
                   where e.status in ('error', 'pending')
                   and not exists (select from deployments d where d.environment_id = e.id and d.finished_at is null)";
    person.product.sql(waiting).await;
    person.visit("/admin/queue").await;
    person.see("form[action$='/up'] button").await;
    look("admin-queue").await;
    let over = "delete from deployments where turn_at is null and finished_at is null";
    person.product.sql(over).await;
    person
        .visit(&format!("/environments/{}", each.pending.id))
        .await;
}

/// The application of an environment that is lost, and one that is ignored.
async fn orphans(person: &Person, each: &Each, look: &impl AsyncFn(&'static str)) {
    let lost = format!(
        "insert into ignored_applications (uuid, name) values ('abc', 'ignored-x7k9');
         update environments set vanished = true where status = 'error';
         delete from environments where subdomain = '{}'",
        each.running.subdomain
    );
    person.product.sql(&lost).await;
    person.visit("/admin/orphans").await;
    let link = person.see("a[href^='/admin/orphans/']:not(.sub a)").await;
    look("admin-orphans").await;
    let path = link.attr("href").await.unwrap().unwrap();
    person.expects(&format!("422 {path}/delete"));
    person.visit(&path).await;
    look("admin-orphan").await;
    person
        .click(&format!("form[action='{path}/delete'] button"))
        .await;
    person.see("#confirmation[aria-invalid=true]").await;
    look("admin-orphan-refused").await;
    let back = "update environments set vanished = false where vanished";
    person.product.sql(back).await;
}
