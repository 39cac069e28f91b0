//! Stories of administrators who look after everybody's environments, and of whoever is none and tries.

use super::harness::{Dashboard, Made};
use super::people;
use super::person::Answer;
use super::refusals::{ADMINISTRATION, PEOPLE, ask};
use super::turns::one_at_a_time;
use crate::domain::id::DeploymentId;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;

fn at(made: &Made, part: &str) -> String {
    match part {
        "" => format!("/admin/environments/{}", made.id),
        part => format!("/admin/environments/{}/{part}", made.id),
    }
}

#[tokio::test]
async fn to_a_member_no_address_of_administrators_exists() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.make(&ada, "Hers", false).await;
    let forms = PEOPLE.map(|path| ("POST", path));
    let others = [
        ("GET", "/people"),
        ("GET", "/updates"),
        ("POST", "/updates"),
        ("POST", "/updates/stop"),
        ("GET", "/doctor"),
        ("POST", "/doctor"),
    ];
    for (method, path) in ADMINISTRATION.into_iter().chain(forms).chain(others) {
        for id in [
            "env_01h455vb4pex5vsknk084sn02q".to_owned(),
            made.id.to_string(),
        ] {
            let path = path.replace("env_01h455vb4pex5vsknk084sn02q", &id);
            for htmx in [false, true] {
                let form = "heir=bob@example.com&confirmation=Hers&name=Mine&role=administrator";
                let answer = ask(&bob, method, &path, htmx, form).await;
                assert_eq!(answer.status.as_u16(), 404, "{method} {path}");
                assert!(!answer.says("Hers"), "{method} {path}");
            }
        }
    }
    assert!(!bob.get("/environments").await.text.contains("/admin"));
    assert_eq!(dashboard.column(&made, "status").await.unwrap(), "pending");
    let entries: i64 = sqlx::query_scalar("select count(*) from audit where user_id = (select id from users where email = 'bob@example.com') and action not like 'person.%'")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(entries, 0);
    dashboard.close().await;
}

#[tokio::test]
async fn everybodys_environments_are_found_by_name_address_and_owner() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&bob, "Payments").await;
    dashboard.make(&ada, "Website", false).await;
    for (found, left_out) in [
        ("q=", ""),
        ("q=pay", "Website"),
        (&format!("q={}", made.subdomain), "Website"),
        ("q=BOB%40example", "Website"),
        ("q=Bob&status=running", "Website"),
        ("status=running", "Website"),
        ("q=odd%00", ""),
    ] {
        let page = ada.get(&format!("/admin/environments?{found}")).await;
        let page = page.expect(200);
        let is_found = page.says("Payments") && page.says("bob@example.com");
        assert_eq!(is_found, !found.contains("odd"), "{found}");
        assert!(left_out.is_empty() || !page.says(left_out), "{found}");
    }
    let page = ada.get("/admin/environments?page=9").await.expect(200);
    assert!(page.says("There are fewer pages."));
    let page = ada.get(&at(&made, "")).await.expect(200);
    assert!(page.says("Bob, bob@example.com") && page.says("running"));
    assert!(!page.says("password\""), "no field for it");
    ada.get(&made.at("")).await.expect(404);
    dashboard.close().await;
}

#[tokio::test]
async fn an_environment_is_handed_over_and_both_lists_change_at_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let (bob, eve) = (dashboard.person("Bob").await, dashboard.person("Eve").await);
    let made = dashboard.running(&bob, "Moved").await;
    for list in [&bob, &eve] {
        list.get("/environments").await.expect(200);
    }
    for (heir, sentence) in [
        (
            "nobody",
            "This is not an e-mail address. Enter one like name@example.com.",
        ),
        (
            "bob@example.com",
            "Nobody else who can sign in has this e-mail address. Enter that of another account.",
        ),
    ] {
        let wrong = ada.post(&at(&made, "hand-over"), &[("heir", heir)]).await;
        let wrong = wrong.expect(422);
        assert_eq!((wrong.note("heir"), wrong.value("heir")), (sentence, heir));
    }
    let before = newest_version(&bob).await;
    let heir = [("heir", eve.email.as_str())];
    ada.post(&at(&made, "hand-over"), &heir)
        .await
        .leads_to(&at(&made, ""));
    bob.get(&made.at("")).await.expect(404);
    bob.post(&made.at("deploy"), &[]).await.expect(404);
    eve.get(&made.at("")).await.expect(200);
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard
        .until("his list says that it is gone", async || {
            let changed = bob.get(&before).await;
            (changed.status.as_u16() == 200).then_some(())
        })
        .await;
    assert!(ada.get("/admin/audit").await.says("to eve@example.com"));
    dashboard.close().await;
}

/// The address of the next poll of somebody's list.
async fn newest_version(person: &super::person::Person) -> String {
    let page = person.get("/environments").await.expect(200);
    let (_, poll) = page.text.split_once("/environments/changes?").unwrap();
    let (poll, _) = poll.split_once('"').unwrap();
    format!("/environments/changes?{}", poll.replace("&amp;", "&"))
}

/// The address that the poll of a page of the administration has.
fn poll_of(page: &Answer) -> String {
    let (_, poll) = page.text.split_once("id=\"poll\" hx-get=\"").unwrap();
    poll.split_once('"').unwrap().0.replace("&amp;", "&")
}

#[tokio::test]
async fn the_page_of_somebody_elses_environment_follows_it_until_it_is_gone() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.make(&bob, "Followed", false).await;
    let page = ada.get(&at(&made, "")).await.expect(200);
    let poll = poll_of(&page);
    assert!(poll.starts_with(&at(&made, "changes?")), "{poll}");
    ada.fetch(&poll).await.expect(204);
    bob.fetch(&poll).await.expect(404);
    bob.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    let changed = ada.fetch(&poll).await.expect(200);
    assert!(changed.says("Followed is running."), "{}", changed.text);
    let head = format!("<section id=\"head-{}\"", made.id);
    assert!(changed.says(&head) && changed.says("bob@example.com"));
    let eve = dashboard.person("Eve").await;
    let heir = [("heir", eve.email.as_str())];
    ada.post(&at(&made, "hand-over"), &heir).await.expect(303);
    let poll = poll_of(&changed);
    assert!(ada.fetch(&poll).await.says("eve@example.com"));
    let name = [("confirmation", "Followed")];
    eve.post(&made.at("delete"), &name).await.expect(303);
    dashboard.until_gone(&made).await;
    let gone = ada.fetch(&poll).await.expect(404);
    assert_eq!(gone.header("hx-reswap"), "delete");
    assert_eq!(gone.header("hx-retarget"), format!("#head-{}", made.id));
    dashboard.close().await;
}

#[tokio::test]
async fn an_administrator_cancels_somebody_elses_deployment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let made = dashboard.make(&bob, "Stuck", true).await;
    dashboard.until_built(&made).await;
    let page = ada.get(&at(&made, "")).await.expect(200);
    assert!(page.says("Cancel the deployment") && without_id(&page).is_empty());
    for _ in 0..2 {
        ada.post(&at(&made, "cancel"), &[])
            .await
            .leads_to(&at(&made, ""));
    }
    dashboard.until_status(&made, "pending").await;
    let who: Vec<String> =
        sqlx::query_scalar("select who from audit where action = 'environment.cancelled'")
            .fetch_all(dashboard.pool())
            .await
            .unwrap();
    assert_eq!(who, [format!("Ada <{}>", ada.email)]);
    let page = ada.get("/admin/audit?action=environment.cancelled").await;
    assert!(page.says("Stuck"));
    dashboard.close().await;
}

/// The links and the buttons of the part of the page that its poll replaces, which lose the focus if they have no id.
fn without_id(page: &Answer) -> Vec<&str> {
    let (_, head) = page.text.split_once("<section id=\"head-").unwrap();
    let head = head.split("id=\"poll\"").next().unwrap();
    let tags = head
        .split('<')
        .filter(|tag| tag.starts_with("a ") || tag.starts_with("button"));
    tags.filter(|tag| !tag.contains(" id=\"")).collect()
}

#[tokio::test]
async fn a_removal_that_coolify_refuses_is_tried_again_from_the_page_that_follows_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let made = dashboard.running(&ada, "Kept").await;
    dashboard.fault(Call::Delete, FaultKind::ForbiddenAbility);
    let delete = async || {
        ada.post(&at(&made, "delete"), &[("confirmation", "Kept")])
            .await
    };
    let page = ada.get(&at(&made, "")).await.expect(200);
    delete().await.leads_to(&at(&made, ""));
    let link = format!("href=\"{}#delete-title\"", at(&made, "delete"));
    assert!(!page.says(&link) && without_id(&page).is_empty());
    dashboard
        .until("the open page leads to another try", async || {
            let changed = ada.fetch(&poll_of(&page)).await;
            changed.says(&link).then_some(())
        })
        .await;
    ada.get(&at(&made, "delete")).await.leads_to(&at(&made, ""));
    let page = ada.get(&at(&made, "")).await.expect(200);
    assert!(page.says(&link) && page.says("id=\"delete-title\""));
    assert_eq!(without_id(&page), [""; 0]);
    dashboard.simulator.clear_faults();
    delete().await.leads_to(&at(&made, ""));
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn an_administrator_deletes_somebody_elses_environment_by_its_name() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&bob, "Going").await;
    let wrong = ada
        .post(&at(&made, "delete"), &[("confirmation", "gone")])
        .await
        .expect(422);
    let sentence = "The name does not match. Type it exactly as it is shown.";
    assert_eq!(wrong.note("confirmation"), sentence);
    ada.post(&at(&made, "delete"), &[("confirmation", "Going")])
        .await
        .leads_to(&at(&made, ""));
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).deleted_at.is_some());
    ada.get(&at(&made, "")).await.expect(404);
    let unbuilt = dashboard.make(&bob, "Draft", false).await;
    ada.post(&at(&unbuilt, "delete"), &[("confirmation", "Draft")])
        .await
        .leads_to("/admin/environments");
    assert_eq!(dashboard.status(&unbuilt).await, None);
    dashboard.close().await;
}

#[tokio::test]
async fn a_deployment_that_is_moved_up_is_the_next_and_everybody_sees_the_new_order() {
    let dashboard = one_at_a_time().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    dashboard.every_build(Outcome::StuckInProgress);
    let first = dashboard.make(&ada, "First", true).await;
    dashboard.until_built(&first).await;
    let mut waiting = vec![];
    for name in ["Second", "Third", "Fourth"] {
        waiting.push(dashboard.make(&bob, name, true).await);
    }
    let fourth = &waiting[2];
    until_row(&dashboard, &bob, fourth, "2 before it").await;
    let page = ada.get("/admin/queue").await.expect(200);
    assert!(page.says("1 of 1 under way, 3 waiting.") && page.says("3. Fourth"));
    let id: DeploymentId = dashboard.deployment_id(fourth).await;
    for _ in 0..2 {
        ada.post(&format!("/admin/queue/{id}/up"), &[])
            .await
            .leads_to("/admin/queue");
    }
    let page = ada.get("/admin/queue").await.expect(200);
    assert!(page.says("1. Fourth") && page.says("2. Second") && page.says("moved up"));
    until_row(&dashboard, &bob, &waiting[1], "2 before it").await;
    ada.post(&first.at("cancel"), &[]).await.expect(303);
    dashboard.until_built(fourth).await;
    assert!(dashboard.records(&waiting[0]).is_empty(), "it still waits");
    let moved = "select count(*) from audit where action = 'environment.moved_up'";
    let moved: i64 = sqlx::query_scalar(moved)
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(moved, 1, "the second time nothing changed");
    dashboard.close().await;
}

async fn until_row(dashboard: &Dashboard, owner: &super::person::Person, made: &Made, words: &str) {
    dashboard
        .until(&format!("{} says {words}", made.name), async || {
            let row = owner.get(&made.at("row")).await.expect(200);
            row.says(words).then_some(())
        })
        .await;
}

#[tokio::test]
async fn the_settings_in_force_and_the_way_to_every_page_are_shown() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let page = ada.get("/admin/settings").await.expect(200);
    assert!(page.says("AGENT_BRANCH") && page.says("main"));
    let index = ada.get("/admin").await.expect(200);
    for (method, path) in ADMINISTRATION {
        if method == "GET" && !path.contains("01h4") && !path.contains("orphan-") {
            ada.get(path).await.expect(200);
            let is_linked = index.text.contains(&format!("href=\"{path}\""));
            assert!(is_linked || path.contains(".csv"), "{path}");
        }
    }
    let bob = people::at(&dashboard, &dashboard.person("Bob").await, "delete").await;
    for path in ["/people", "/updates", "/doctor"] {
        assert!(ada.get(path).await.text.contains("href=\"/admin/audit\""));
    }
    ada.get(&bob).await.expect(200);
    dashboard.close().await;
}
