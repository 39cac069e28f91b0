//! Stories of administrators who look up who did what.

use super::harness::Dashboard;
use super::people::at;
use super::requests::{VALUES, is_told};
use url::form_urlencoded;

#[tokio::test]
async fn it_is_filtered_by_person_action_subject_and_day() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.make(&bob, "Sample", false).await;
    let disable = at(&dashboard, &bob, "disable").await;
    let bob_id = disable.split('/').nth(2).unwrap();
    ada.post(&disable, &[]).await.expect(303);
    for (query, wanted) in [
        (String::new(), [true, true]),
        ("who=ADA%40example".to_owned(), [true, false]),
        (format!("who={bob_id}"), [false, true]),
        ("action=person.disabled".to_owned(), [true, false]),
        (format!("subject={}", made.id), [false, true]),
        ("subject=bob%40".to_owned(), [true, false]),
        ("from=2000-01-01".to_owned(), [true, true]),
        ("until=2000-01-01".to_owned(), [false, false]),
        ("from=2999-01-01".to_owned(), [false, false]),
    ] {
        let page = ada.get(&format!("/admin/audit?{query}")).await.expect(200);
        let entries = ["person disabled</strong>", "environment created</strong>"];
        assert_eq!(
            entries.map(|one| page.text.contains(one)),
            wanted,
            "{query}"
        );
    }
    let page = ada.get("/admin/audit?action=person.disabled").await;
    assert!(page.says("from 203.0.113.7") && page.says("Bob <bob@example.com>"));
    dashboard.close().await;
}

#[tokio::test]
async fn older_entries_are_on_further_pages_and_all_of_them_in_the_file() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let many = "insert into audit (way, action, subject_kind, subject, detail)
                select 'page', 'environment.created', 'environment', '=Many ' || n, 'a \"quote\", and more'
                from generate_series(1, 2100) n";
    sqlx::query(many).execute(dashboard.pool()).await.unwrap();
    let mut address = "/admin/audit?action=environment.created".to_owned();
    let mut shown = 0;
    for _ in 0..3 {
        let page = ada.get(&address).await.expect(200);
        shown += page.text.matches("environment created</strong>").count();
        let (before, _) = page.text.split_once("\">Older</a>").unwrap();
        let (_, next) = before.rsplit_once("href=\"").unwrap();
        address = next.replace("&amp;", "&");
    }
    assert_eq!(shown, 150);
    let file = ada.get("/admin/audit.csv?action=environment.created").await;
    let file = file.expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.header("content-disposition").contains("audit.csv"));
    let lines: Vec<&str> = file.text.split("\r\n").collect();
    assert_eq!(
        lines.len(),
        2_102,
        "a head, the entries, and the end of the last one"
    );
    let first = "\"vps-claude\",\"page\",\"\",\"environment.created\",\"\",\"'=Many 2100\",\"a \"\"quote\"\", and more\"";
    assert!(lines[1].ends_with(first), "{}", lines[1]);
    let empty = ada.get("/admin/audit.csv?who=nobody").await.expect(200);
    assert_eq!(empty.text.lines().count(), 1);
    dashboard.close().await;
}

#[tokio::test]
async fn every_parameter_may_have_any_value_on_the_pages_that_search() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let names = [
        "who", "action", "subject", "from", "until", "before", "q", "status", "page",
    ];
    let odd = ["-9999-01-01", "9999-12-31", "2026-02-30", "usr_0"];
    for value in VALUES.iter().copied().chain(odd) {
        for path in ["/admin/audit", "/admin/audit.csv", "/admin/environments"] {
            let mut query = form_urlencoded::Serializer::new(format!("{path}?"));
            let query = query.extend_pairs(names.map(|name| (name, value)));
            let query = query.finish();
            is_told(&ada.get(&query).await, &query);
        }
    }
    dashboard.close().await;
}
