//! Stories of a list whose environments are in several groups.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use super::rows::{heard, poll_of, still};
use crate::simulator::outcomes::Outcome;

/// The headings and the names of a list, in its order.
fn shown(page: &Answer) -> Vec<String> {
    let rows = page.text.split("<tr id=\"").skip(1);
    let hidden = |row: &&str| row.split_once('>').unwrap().0.ends_with(" hidden");
    let text = |row: &str| {
        let (from, to) = if row.starts_with("group-") {
            ("aria-expanded=\"", "</span>")
        } else {
            ("title=\"", "\"")
        };
        let (_, text) = row.split_once(from).unwrap();
        let text = text.split_once(to).unwrap().0;
        text.replace("true\">", "")
            .replace("<span class=\"quiet\">", "")
    };
    rows.filter(|row| !hidden(row)).map(text).collect()
}

async fn failed(dashboard: &Dashboard, owner: &Person, name: &str) -> Made {
    let made = dashboard.make(owner, name, false).await;
    dashboard.next_build(Outcome::FailBuild);
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_error(&made).await;
    made
}

async fn shut(person: &Person, group: &str, shut: &str) {
    let fields = [("group", group), ("shut", shut)];
    let done = person
        .post_on("/environments", "/environments/groups", &fields)
        .await;
    done.leads_to("/environments");
}

#[tokio::test]
async fn environments_are_grouped_and_what_needs_somebody_comes_first() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    failed(&dashboard, &ada, "Broken").await;
    let only = ada.get("/environments").await.expect(200);
    assert_eq!(shown(&only), ["Broken"], "one group needs no heading");
    dashboard.running(&ada, "Runs").await;
    dashboard.make(&ada, "Idle", false).await;
    dashboard.make(&ada, "Idle too", false).await;
    let page = ada.get("/environments").await.expect(200);
    let all = [
        "Needs you 1",
        "Broken",
        "Running 1",
        "Runs",
        "Not deployed 2",
        "Idle too",
        "Idle",
    ];
    assert_eq!(shown(&page), all);
    for flat in ["?sort=name", "?q=i", "?status=pending"] {
        let page = ada.get(&format!("/environments{flat}")).await.expect(200);
        assert!(!page.text.contains("id=\"group-"), "{flat}");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_group_stays_shut_for_the_browser_that_shut_it() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    dashboard.running(&ada, "Runs").await;
    dashboard.make(&ada, "Idle", false).await;
    let other = ada.elsewhere();
    other.sign_in().await.leads_to("/environments");
    shut(&ada, "running", "1").await;
    shut(&ada, "nonsense", "1").await;
    let page = ada.get("/environments").await.expect(200);
    assert_eq!(
        shown(&page),
        ["false\">Running 1", "Not deployed 1", "Idle"]
    );
    // Its counts are those of all, and the poll knows that it is shut.
    assert!(page.says("<strong>2</strong> in all"));
    dashboard.make(&ada, "Idle too", false).await;
    let changed = heard(&dashboard, &ada, &poll_of(&page)).await.expect(200);
    assert!(!changed.says(">Runs<") && changed.says(">Idle too<"));
    let page = other.get("/environments").await.expect(200);
    assert_eq!(shown(&page)[..2], ["Running 1", "Runs"]);
    shut(&ada, "running", "0").await;
    let page = ada.get("/environments").await.expect(200);
    assert_eq!(shown(&page)[..2], ["Running 1", "Runs"]);
    dashboard.close().await;
}

#[tokio::test]
async fn a_row_moves_to_its_new_group_and_the_others_are_left_alone() {
    let dashboard = still().await;
    let ada = dashboard.person("Ada").await;
    dashboard.running(&ada, "First").await;
    let moves = dashboard.make(&ada, "Moves", false).await;
    dashboard.make(&ada, "Stays", false).await;
    let page = ada.get("/environments").await.expect(200);
    ada.post(&moves.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&moves, "running").await;
    let poll = poll_of(&page);
    let changed = dashboard
        .until("the poll says that it runs", async || {
            let answer = ada.fetch(&poll).await;
            answer.says("Moves is running.").then_some(answer)
        })
        .await;
    let leaves = format!("<tr id=\"{}\" hx-swap-oob=\"delete\">", moves.id);
    assert!(changed.text.contains(&leaves));
    assert!(
        changed
            .text
            .contains("<tbody hx-swap-oob=\"afterend:#group-running\">")
    );
    assert!(
        !changed.says(">First<") && !changed.says(">Stays<"),
        "{}",
        changed.text
    );
    assert!(changed.says("Running <span class=\"quiet\">2"));
    dashboard.close().await;
}
