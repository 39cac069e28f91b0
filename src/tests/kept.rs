//! Stories of what is kept: of long logs, and what pages, files and searches show of them; of many calls; of many
//! deployments.

use super::harness::{Dashboard, Made};
use super::person::Person;
use crate::domain::call::Call;
use crate::domain::deployment::LogEntry;
use crate::domain::id::DeploymentId;
use crate::store::{calls, log};
use axum::http::StatusCode;
use std::time::Duration;

/// A dashboard with a deployment that has ended, and no log of its own.
async fn ended() -> (Dashboard, Person, Made, DeploymentId) {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Long").await;
    dashboard.until_logged(&made).await;
    let id = dashboard.deployment_id(&made).await;
    let none = sqlx::query("delete from deployment_log where deployment_id = $1");
    none.bind(id.uuid())
        .execute(dashboard.pool())
        .await
        .unwrap();
    (dashboard, ada, made, id)
}

fn entry(position: i32, output: &str) -> LogEntry {
    LogEntry {
        position,
        output: output.to_owned(),
        hidden: false,
        error: false,
        at: None,
    }
}

fn entries(count: i32) -> Vec<LogEntry> {
    (0..count)
        .map(|n| entry(n, &format!("line {n} of many")))
        .collect()
}

#[tokio::test]
async fn a_long_log_keeps_its_head_and_its_tail_and_says_what_is_missing() {
    let (dashboard, ada, made, id) = ended().await;
    for count in [10, 1_500, 19_000, 24_000, 25_000, 25_000] {
        log::append(dashboard.pool(), id, &entries(count))
            .await
            .unwrap();
    }
    let text = ada.get(&made.at("log.txt")).await.expect(200).text;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 20_001);
    assert_eq!(
        (lines[0], lines[1_999]),
        ("line 0 of many", "line 1999 of many")
    );
    assert_eq!(
        lines[2_000],
        "… 5000 entries of the log are left out here …"
    );
    assert_eq!(
        (lines[2_001], lines[20_000]),
        ("line 7000 of many", "line 24999 of many")
    );
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("The beginning is left out here. The download has everything that is kept."));
    assert!(page.says("line 24999 of many") && !page.says("line 20999 of many"));
    assert!(page.text.contains("id=\"l24999\""));
    assert!(page.text.len() < 500_000, "{}", page.text.len());
    dashboard.close().await;
}

#[tokio::test]
async fn a_page_that_grows_gets_only_the_end_and_a_note_of_what_it_missed() {
    let (dashboard, ada, made, id) = ended().await;
    log::append(dashboard.pool(), id, &entries(100))
        .await
        .unwrap();
    let more = ada.fetch(&made.at("log?after=90")).await.expect(200);
    assert!(
        more.says("line 90 of many") && !more.says("line 89 of many") && !more.says("left out")
    );
    log::append(dashboard.pool(), id, &entries(24_000))
        .await
        .unwrap();
    let more = ada.fetch(&made.at("log?after=100")).await.expect(200);
    assert!(more.says("… 19900 entries of the log are left out here …"));
    assert!(more.says("line 20000 of many") && more.says("line 23999 of many"));
    let more = ada.fetch(&made.at("log?after=23999")).await.expect(200);
    assert!(more.says("line 23999 of many") && !more.says("left out"));
    let nothing = ada.fetch(&made.at("log?after=24000")).await;
    assert_eq!(nothing.status, StatusCode::NO_CONTENT);
    dashboard.close().await;
}

#[tokio::test]
async fn one_entry_that_is_larger_than_a_page_shows_its_end() {
    let (dashboard, ada, made, id) = ended().await;
    let huge = "a build says something\n".repeat(30_000) + "and ends";
    let log = [entry(0, "first"), entry(1, &huge), entry(2, "last")];
    log::append(dashboard.pool(), id, &log).await.unwrap();
    let page = ada.get(&made.at("")).await.expect(200);
    assert!(page.says("and ends") && page.says(">last<") && page.says("The beginning is left out"));
    assert!(
        (200_000..250_000).contains(&page.text.len()),
        "{}",
        page.text.len()
    );
    let text = ada.get(&made.at("log.txt")).await.expect(200).text;
    assert_eq!(text, format!("first\n{huge}\nlast\n"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_search_counts_all_matching_lines_and_shows_where_they_are() {
    let (dashboard, ada, made, id) = ended().await;
    let mut log = entries(150);
    log.push(entry(150, "RUN NPM ci\nnothing\n100% <npm> done"));
    log.push(entry(
        151,
        &format!("{}npm{}", "x".repeat(3_000), "y".repeat(3_000)),
    ));
    log::append(dashboard.pool(), id, &log).await.unwrap();
    let path = made.at(&format!("deployments/{id}"));
    let page = ada.get(&format!("{path}?q=+npm+")).await.expect(200);
    assert!(page.says("3 lines contain “npm”."), "{}", page.text);
    assert!(page.says("<a href=\"#l150\">151</a> <code>RUN NPM ci</code>"));
    assert!(page.text.contains("<code>100% &lt;npm&gt; done</code>"));
    let found = format!("<code>{}npm{}</code>", "x".repeat(100), "y".repeat(297));
    assert!(page.says(&found) && page.says("value=\"npm\""));
    let page = ada.get(&format!("{path}?q=OF+many")).await.expect(200);
    assert!(page.says("150 lines contain “OF many”. The first 100 are shown."));
    assert_eq!(page.text.matches("<a href=\"#l").count(), 100);
    for (query, said) in [
        ("%25", "1 line contains “%”."),
        ("line+7+of", "1 line contains “line 7 of”."),
        ("%3Cb%3E%27", "No line contains “<b>'”."),
        ("_", "No line contains “_”."),
    ] {
        let page = ada.get(&format!("{path}?q={query}")).await.expect(200);
        assert!(page.says(said), "{query}: {}", page.text);
    }
    let page = ada
        .get(&format!("{path}?q={}", "a".repeat(3_000)))
        .await
        .expect(200);
    assert!(page.says("No line contains"));
    assert!(!ada.get(&path).await.says("line contains"));
    dashboard.close().await;
}

fn call(answer: usize) -> Call {
    Call {
        name: "GET something",
        answer: answer.to_string(),
        ago: Duration::ZERO,
        took: Duration::from_millis(1_234),
    }
}

#[tokio::test]
async fn the_last_200_calls_are_kept_and_nothing_depends_on_them() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Busy").await;
    let id = dashboard.deployment_id(&made).await;
    let path = dashboard.deployment_page(&made).await;
    // The last look of the deployment itself may be recorded in between.
    let page = dashboard
        .until("the last 200 are there", async || {
            for from in [0, 150, 300] {
                let calls: Vec<Call> = (from..from + 150).map(call).collect();
                calls::add(dashboard.pool(), id, &calls).await.unwrap();
            }
            let page = ada.get(&path).await.expect(200);
            let shown = page.text.matches("<code>GET something</code>").count();
            (shown == 200).then_some(page)
        })
        .await;
    assert!(page.says("1.2 s") && page.says(">449<") && page.says(">250<") && !page.says(">249<"));
    let refuse =
        sqlx::query("alter table deployment_calls add constraint refused check (id < 0) not valid");
    refuse.execute(dashboard.pool()).await.unwrap();
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    let page = ada.get(&dashboard.deployment_page(&made).await).await;
    assert!(page.says("None was made for this deployment yet."));
    dashboard.close().await;
}

#[tokio::test]
async fn only_the_last_20_deployments_keep_their_calls_and_all_keep_their_log() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Often").await;
    let first = dashboard.deployment_page(&made).await;
    let add = "with made as (
           insert into deployments (id, environment_id, stage, outcome, created_at, deadline, finished_at)
           select gen_random_uuid(), $1, 'answer', 'succeeded', now() + n * interval '1 millisecond', now(), now()
           from generate_series(1, 19) n
           returning id
         )
         insert into deployment_log (deployment_id, position, output, hidden, error)
         select id, 0, 'kept', false, false from made";
    let add = sqlx::query(add).bind(made.id.uuid());
    add.execute(dashboard.pool()).await.unwrap();
    let page = ada.get(&first).await.expect(200);
    assert!(page.says("Starting deployment of") && page.says("POST application"));
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    let page = ada.get(&first).await.expect(200);
    assert!(page.says("Only the last 20 deployments of an environment keep them."));
    assert!(page.says("Starting deployment of") && !page.says("POST application"));
    let kept = "select count(distinct deployment_id) from deployment_log where deployment_id in (select id from deployments where environment_id = $1)";
    let kept: i64 = sqlx::query_scalar(kept)
        .bind(made.id.uuid())
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(kept, 21);
    // Older versions removed it with the calls.
    let remove =
        "with removed as (delete from deployment_log) update deployments set log_kept = false";
    sqlx::query(remove).execute(dashboard.pool()).await.unwrap();
    let page = ada.get(&first).await.expect(200);
    assert!(page.says("Only the last 20 deployments of an environment kept their log."));
    dashboard.close().await;
}
