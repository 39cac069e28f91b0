//! Stories of rows that live: what a page asks again for, and what it is told.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use axum::http::StatusCode;
use std::time::Duration;

/// What the page's only poll asks for: its address, with what each row shows.
pub fn poll_of(page: &Answer) -> String {
    let value = |text: &str| text.split_once('"').unwrap().0.replace("&amp;", "&");
    let (_, poll) = page.text.split_once("id=\"poll\"").unwrap();
    let mut poll = value(poll.split_once("hx-get=\"").unwrap().1);
    for row in page.text.split("name=\"row\" value=\"").skip(1) {
        poll = format!("{poll}&row={}", value(row).replace(' ', "+"));
    }
    poll
}

/// How often it does.
fn trigger(page: &Answer) -> &str {
    let (_, poll) = page.text.split_once("id=\"poll\"").unwrap();
    let (_, trigger) = poll.split_once("hx-trigger=\"").unwrap();
    trigger.split_once([',', '"']).unwrap().0
}

/// What a poll is answered with once the change was heard, a moment after it was made.
pub async fn heard(dashboard: &Dashboard, person: &Person, poll: &str) -> Answer {
    dashboard
        .until("the change is heard", async || {
            let answer = person.fetch(poll).await;
            (answer.status != StatusCode::NO_CONTENT).then_some(answer)
        })
        .await
}

/// Settled rows are left alone, so that nothing changes by itself.
pub async fn still() -> Dashboard {
    Dashboard::with(|setup| setup.pace.recheck = Duration::from_mins(10)).await
}

#[tokio::test]
async fn a_page_that_has_not_changed_costs_nothing_and_what_has_comes_whole() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Polled", false).await;
    let other = dashboard.make(&ada, "Unchanged", false).await;
    dashboard.running(&ada, "In another group").await;
    let one = ada.get(&made.at("")).await.expect(200);
    let list = ada.get("/environments").await.expect(200);
    for page in [&one, &list] {
        assert_eq!(page.text.matches("hx-trigger=\"every").count(), 1);
        assert_eq!(trigger(page), "every 5s");
        let again = ada.fetch(&poll_of(page)).await;
        assert_eq!(again.status, StatusCode::NO_CONTENT);
        assert!(again.text.is_empty());
    }
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    let changed = heard(&dashboard, &ada, &poll_of(&list)).await.expect(200);
    assert!(!changed.text.contains("<html") && !changed.says("pending</span>"));
    let row = |made: &Made| format!("<tr id=\"{}\"", made.id);
    assert!(changed.text.contains(&row(&made)));
    let is_left_alone = !changed.text.contains(&row(&other));
    assert!(is_left_alone, "a row that has not changed");
    assert!(
        changed.says("Polled is running."),
        "the live region is told"
    );
    dashboard
        .until("the page is quiet", async || {
            let page = ada.get("/environments").await.expect(200);
            let quiet = ada.fetch(&poll_of(&page)).await;
            (quiet.status == StatusCode::NO_CONTENT).then_some(())
        })
        .await;
    // The log on the page is the one of no deployment.
    let anew = heard(&dashboard, &ada, &poll_of(&one)).await.expect(200);
    assert!(anew.text.contains("hx-swap-oob=\"innerHTML:#log-lines\""));
    assert_eq!(anew.header("hx-refresh"), "", "somebody may be typing");
    dashboard.close().await;
}

#[tokio::test]
async fn a_page_polls_often_only_while_something_moves() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Moves", false).await;
    dashboard.fault_once(Call::Create, FaultKind::HoldBefore);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_held(Call::Create).await;
    let one = ada.get(&made.at("")).await.expect(200);
    let page = ada.get("/environments").await.expect(200);
    for moving in [&one, &page] {
        assert_eq!(trigger(moving), "every 2s");
        assert!(moving.says("deploying") && moving.text.contains("data-kind=\"elapsed\""));
        assert!(moving.says("Cancel") && !moving.says("Deploy again"));
    }
    let refresh = "<noscript><meta http-equiv=\"refresh\"";
    assert!(
        page.text.contains(refresh),
        "without script the page loads itself again"
    );
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    let page = ada.get("/environments").await.expect(200);
    assert!(!page.text.contains(refresh));
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_gone_leaves_the_page() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Leaves", false).await;
    let list = ada.get("/environments").await.expect(200);
    let page = ada.get(&made.at("")).await.expect(200);
    ada.post(&made.at("delete"), &[("confirmation", "Leaves")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    let gone = heard(&dashboard, &ada, &poll_of(&list)).await.expect(200);
    let leaves = format!("<tr id=\"{}\" hx-swap-oob=\"delete\">", made.id);
    assert!(gone.text.contains(&leaves), "{}", gone.text);
    assert!(gone.says("The environment is deleted."));
    let gone = heard(&dashboard, &ada, &poll_of(&page)).await.expect(404);
    assert_eq!(gone.header("hx-retarget"), format!("#head-{}", made.id));
    assert_eq!(gone.header("hx-reswap"), "delete");
    assert!(gone.says("The environment is deleted."));
    ada.get(&made.at("")).await.expect(404);
    dashboard.close().await;
}

/// The order of names in the table or in a fragment.
fn names<'a>(answer: &Answer, names: &[&'a str]) -> Vec<&'a str> {
    let place = |name: &str| answer.text.find(&format!(">{name}</a>"));
    let mut there: Vec<&str> = names.to_vec();
    there.retain(|name| place(name).is_some());
    there.sort_by_key(|name| place(name));
    there
}

#[tokio::test]
async fn an_empty_table_says_what_to_do_and_a_full_one_is_searched() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let page = ada.get("/environments").await.expect(200);
    assert!(page.says("Create the first one") && page.text.contains("href=\"/environments/new\""));
    for name in ["Alpha", "Beta", "alphabet"] {
        dashboard.make(&ada, name, false).await;
    }
    let all = ["Alpha", "Beta", "alphabet"];
    let page = ada.get("/environments").await.expect(200);
    assert_eq!(names(&page, &all), ["alphabet", "Beta", "Alpha"]);
    let page = ada.get("/environments?q=ALPHA").await.expect(200);
    assert_eq!(names(&page, &all), ["alphabet", "Alpha"]);
    let page = ada.get("/environments?q=%25").await.expect(200);
    assert!(names(&page, &all).is_empty() && page.says("Nothing found"));
    let long = format!("/environments?q={}", "a".repeat(2_000));
    let page = ada.get(&long).await.expect(200);
    assert!(names(&page, &all).is_empty() && page.says("Nothing found"));
    let address = format!("/environments?q=http://{}", {
        let beta = dashboard.made("Beta", "").await;
        dashboard.app.domain.host(&beta.subdomain)
    });
    let page = ada.get(&address).await.expect(200);
    assert_eq!(names(&page, &all), ["Beta"]);
    let page = ada.get("/environments?status=running").await.expect(200);
    assert!(names(&page, &all).is_empty() && page.says("No environment of yours is running now."));
    let page = ada.get("/environments?status=pending&q=bet").await;
    assert_eq!(names(&page, &all), ["alphabet", "Beta"]);
    // Enter opens the only one that is found.
    let beta = dashboard.made("Beta", "").await;
    let found = "/environments?open=1&q=";
    ada.get(&format!("{found}beta"))
        .await
        .leads_to(&beta.at(""));
    ada.get(&format!("{found}alpha"))
        .await
        .leads_to("/environments?q=alpha");
    ada.get(found).await.leads_to("/environments");
    dashboard.close().await;
}

/// Adds environments by themselves, oldest first.
async fn add(dashboard: &Dashboard, owner: &Person, count: i32) {
    let add = "with made as (
           insert into environments (id, owner_id, name, name_key, subdomain, created_at)
           select gen_random_uuid(), u.id, 'Many ' || n, 'many ' || n, 'many-' || n || '-abcd', now() + n * interval '1 second'
           from users u, generate_series(1, $2) n
           where u.email = $1
           returning id
         )
         insert into watches (environment_id) select id from made";
    let add = sqlx::query(add).bind(&owner.email).bind(count);
    add.execute(dashboard.pool()).await.unwrap();
}

#[tokio::test]
async fn many_environments_come_a_page_at_a_time() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    add(&dashboard, &ada, 120).await;
    let rows = |page: &Answer| page.text.matches("<tr id=\"env_").count();
    let first = ada.get("/environments").await.expect(200);
    assert_eq!(rows(&first), 50);
    assert!(first.says("1 to 50 of 120") && first.says("<strong>120</strong> in all"));
    assert!(first.says("href=\"/environments?page=2\"") && !first.says(">Newer<"));
    let last = ada.get("/environments?page=3").await.expect(200);
    assert_eq!(rows(&last), 20);
    assert!(last.says("101 to 120 of 120") && last.says(">Newer<") && !last.says(">Older<"));
    let unchanged = ada.fetch(&poll_of(&last)).await;
    assert_eq!(unchanged.status, StatusCode::NO_CONTENT);
    let beyond = ada.get("/environments?page=9").await.expect(200);
    assert_eq!(rows(&beyond), 0);
    let found = ada.get("/environments?q=many+11").await.expect(200);
    assert_eq!(rows(&found), 11);
    assert!(found.says("<strong>11</strong> found"));
    // A new one moves the others: the oldest of the first page leaves it.
    dashboard.make(&ada, "Newest", false).await;
    sqlx::query(
        "update environments set created_at = now() + interval '1 hour' where name = 'Newest'",
    )
    .execute(dashboard.pool())
    .await
    .unwrap();
    let changes = heard(&dashboard, &ada, &poll_of(&first)).await.expect(200);
    assert!(changes.says("Newest") && changes.says("1 to 50 of 121"));
    assert_eq!(changes.text.matches("hx-swap-oob=\"delete\"").count(), 1);
    assert_eq!(rows(&changes), 2, "the new one, and the one that left");
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_made_in_another_window_appears() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    dashboard.make(&ada, "First", false).await;
    let page = ada.get("/environments").await.expect(200);
    let poll = poll_of(&page);
    let made = dashboard.make(&ada, "Second", false).await;
    let changes = heard(&dashboard, &ada, &poll).await.expect(200);
    assert!(changes.text.contains(&format!("id=\"{}\"", made.id)));
    assert!(changes.text.contains("hx-swap-oob=\"afterbegin:#rows\""));
    assert_eq!(names(&changes, &["First", "Second"]), ["Second"]);
    dashboard.close().await;
}

async fn log_of(person: &Person, made: &Made) -> String {
    person.get(&made.at("log.txt")).await.expect(200).text
}

#[tokio::test]
async fn the_log_is_there_while_the_build_goes_on() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let made = dashboard.make(&ada, "Watched", true).await;
    let line = "Building docker image started.";
    dashboard
        .until("the line is there", async || {
            let log = ada.fetch(&made.at("log?after=0")).await;
            log.says(line).then_some(())
        })
        .await;
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("deploying"));
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says(line) && poll_of(&page).contains("&deployment=dep_"));
    let page = dashboard
        .until("nothing has changed since the page", async || {
            let page = ada.get(&made.at("")).await.expect(200);
            let answer = ada.fetch(&poll_of(&page)).await;
            (answer.status == StatusCode::NO_CONTENT).then_some(page)
        })
        .await;
    let earlier = poll_of(&page).split_once("&after=").unwrap().0.to_owned();
    let grown = ada
        .fetch(&format!("{earlier}&after=1&live=true"))
        .await
        .expect(200);
    assert!(
        grown.says(line) && !grown.says("<section"),
        "only the log grew"
    );
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&made, "pending").await;
    dashboard.close().await;
}

#[tokio::test]
async fn the_log_grows_on_the_page_and_is_whole_as_a_file() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Logged").await;
    ada.get(&made.at("log?after=0")).await.expect(200);
    dashboard
        .until("the last line is there", async || {
            log_of(&ada, &made)
                .await
                .contains("Gracefully")
                .then_some(())
        })
        .await;
    let log = log_of(&ada, &made).await;
    assert!(
        log.starts_with("Starting deployment of grmkris/agent:main"),
        "{log}"
    );
    assert!(log.contains("Building docker image started."));
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(log.lines().all(|line| page.says(line.trim())));
    let rest = ada.fetch(&made.at("log?after=3")).await.expect(200);
    assert!(!rest.says("Starting deployment") && rest.says("Gracefully"));
    dashboard.close().await;
}
