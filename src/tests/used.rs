//! Stories of who works in an environment, and of when somebody last did.

use super::harness::{Dashboard, Made};
use super::person::Answer;
use super::rows::{heard, poll_of};
use axum::http::StatusCode;

/// The environments of a page, in its order.
fn order(page: &Answer) -> Vec<&str> {
    let rows = page.text.split("-name\" href=").skip(1);
    rows.map(title).collect()
}

fn title(row: &str) -> &str {
    let (_, title) = row.split_once("title=\"").unwrap();
    title.split_once('"').unwrap().0
}

async fn used_hours_ago(dashboard: &Dashboard, made: &Made, hours: i32) {
    let query =
        "update watches set used_at = now() - make_interval(hours => $2) where environment_id = $1";
    let query = sqlx::query(query).bind(made.id.uuid()).bind(hours);
    query.execute(dashboard.pool()).await.unwrap();
}

#[tokio::test]
async fn a_page_says_that_somebody_works_in_an_environment_before_their_work_is_ended() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Workshop").await;
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("never used, created") && !page.text.contains("data-in-use"));
    let asked = ada.get(&made.at("deploy")).await.expect(200);
    assert!(!asked.says("Somebody is using it now."));
    let list = ada.get("/environments").await.expect(200);
    dashboard.work_in(&made).await;
    let changed = heard(&dashboard, &ada, &poll_of(&list)).await.expect(200);
    assert!(changed.says(">in use</td>"), "{}", changed.text);
    for question in ["deploy", "delete"] {
        let asked = ada.get(&made.at(question)).await.expect(200);
        assert!(asked.says("Somebody is using it now."), "{question}");
    }
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("in use, created") && page.text.contains("data-in-use"));
    // What nobody sees is no change.
    let poll = poll_of(&page);
    let checked = dashboard.column(&made, "checked_at").await;
    dashboard
        .until("it is looked at again", async || {
            (dashboard.column(&made, "checked_at").await != checked).then_some(())
        })
        .await;
    assert_eq!(ada.fetch(&poll).await.status, StatusCode::NO_CONTENT);
    dashboard.close().await;
}

#[tokio::test]
async fn what_was_used_and_is_not_says_when() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Left").await;
    let query = "update watches set in_use = true, used_at = now() - interval '3 hours'";
    sqlx::query(query).execute(dashboard.pool()).await.unwrap();
    let row = dashboard
        .until("nobody uses it any more", async || {
            let row = ada.get(&made.at("row")).await.expect(200);
            (!row.says("in use")).then_some(row)
        })
        .await;
    assert!(row.says("used <time") && row.says("3 hours ago</time>"));
    let list = ada.get("/environments").await.expect(200);
    used_hours_ago(&dashboard, &made, 1).await;
    let changed = heard(&dashboard, &ada, &poll_of(&list)).await.expect(200);
    assert!(changed.says("1 hour ago</time>"));
    dashboard.close().await;
}

#[tokio::test]
async fn the_list_is_sorted_by_name_and_by_use() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let long_ago = dashboard.running(&ada, "beta").await;
    let never = dashboard.running(&ada, "Alpha").await;
    let lately = dashboard.running(&ada, "gamma").await;
    used_hours_ago(&dashboard, &long_ago, 100).await;
    used_hours_ago(&dashboard, &lately, 2).await;
    let names = |made: [&Made; 3]| made.map(|made| made.name.clone());
    let sorted = async |sort: &str, made: [&Made; 3]| {
        let address = format!("/environments{sort}");
        let page = ada.get(&address).await.expect(200);
        assert_eq!(order(&page), names(made), "{sort}");
        page
    };
    sorted("", [&lately, &never, &long_ago]).await;
    let page = sorted("?sort=name", [&never, &long_ago, &lately]).await;
    assert!(page.text.contains("aria-sort=\"ascending\""));
    let page = sorted("?sort=used", [&lately, &long_ago, &never]).await;
    assert!(page.text.contains("aria-sort=\"descending\""));
    // The poll keeps the order, and tells all rows when it is another one.
    dashboard.work_in(&long_ago).await;
    let changed = heard(&dashboard, &ada, &poll_of(&page)).await.expect(200);
    assert_eq!(order(&changed), names([&long_ago, &lately, &never]));
    dashboard.close().await;
}
