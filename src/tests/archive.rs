//! Stories of finished logs in their store: how they get there, what is shown of them, and when they go.

use super::harness::{Dashboard, Made};
use super::log::overheard;
use super::person::Person;
use super::s3::S3;
use super::setup::Setup;
use crate::actions::archiving;
use crate::archive::Place;
use crate::domain::deployment::LogEntry;
use crate::simulator::outcomes::Outcome;
use crate::store::archived_logs::Claim;
use crate::store::log;
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

const AWAY: &str = "The log cannot be shown at the moment, because the store of logs does not answer. Try again later.";

/// Logs are moved as soon as they are complete.
fn at_once(place: Place) -> impl FnOnce(&mut Setup) {
    |setup| {
        setup.archive = place;
        setup.pace.log_settles = Duration::ZERO;
    }
}

/// What people see of a log: its file, its lines on both pages, what a search finds, and the report.
async fn seen(ada: &Person, made: &Made, page: &str, word: &str) -> Vec<String> {
    let lines = |text: &str| {
        let (_, rest) = text.split_once("id=\"log-lines\"").unwrap();
        rest.split_once("</ol>").unwrap().0.to_owned()
    };
    let found = ada.get(&format!("{page}?q={word}")).await.expect(200);
    let (_, search) = found.text.split_once("<div class=\"found\">").unwrap();
    let report = ada.get(&format!("{page}/report.txt")).await.expect(200);
    let (_, report) = report.text.split_once("The end of the log").unwrap();
    vec![
        ada.get(&format!("{page}/log.txt")).await.expect(200).text,
        ada.get(&made.at("log.txt")).await.expect(200).text,
        lines(&found.text),
        lines(&ada.get(&made.at("")).await.expect(200).text),
        search.split_once("</div>").unwrap().0.to_owned(),
        report.to_owned(),
    ]
}

/// Waits until no log of a deployment is in the database.
pub async fn until_moved(dashboard: &Dashboard) {
    dashboard
        .until("the logs have moved", async || {
            (rows(dashboard, "deployment_log").await == 0).then_some(())
        })
        .await;
}

async fn rows(dashboard: &Dashboard, table: &str) -> i64 {
    let count = format!("select count(*) from {table}");
    let count = sqlx::query_scalar(&count);
    count.fetch_one(dashboard.pool()).await.unwrap()
}

#[tokio::test]
async fn a_store_that_was_away_gets_the_log_later_and_all_that_is_shown_stays_the_same() {
    let mut s3 = S3::new();
    let dashboard = Dashboard::with(at_once(s3.place())).await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::FailBuild);
    let made = dashboard.make(&ada, "Kept", true).await;
    dashboard.until_error(&made).await;
    dashboard.until_logged(&made).await;
    let page = dashboard.deployment_page(&made).await;
    let before = seen(&ada, &made, &page, "a").await;
    assert!(before[0].contains("Starting deployment of") && before[2].contains("section"));
    s3.start();
    until_moved(&dashboard).await;
    let id = dashboard.deployment_id(&made).await;
    assert_eq!(s3.objects(), [format!("{id}.jsonl.gz")]);
    assert_eq!(seen(&ada, &made, &page, "a").await, before);
    assert!(
        !ada.get(&page).await.text.contains("/changes?"),
        "it is not polled"
    );
    let bob = dashboard.person("Bob").await;
    for part in ["", "/log.txt", "/report.txt"] {
        bob.get(&format!("{page}{part}")).await.expect(404);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_copy_that_claims_a_log_which_another_has_just_moved_stores_nothing_over_it() {
    let s3 = S3::running();
    let dashboard = Dashboard::with(at_once(s3.place())).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Kept").await;
    dashboard.until_logged(&made).await;
    until_moved(&dashboard).await;
    let log = ada.get(&made.at("log.txt")).await.expect(200).text;
    let late = "update archived_logs set leased_until = now() + interval '1 minute' returning leased_until";
    let until = sqlx::query_scalar(late);
    let claim = Claim {
        id: dashboard.deployment_id(&made).await.uuid(),
        until: until.fetch_one(dashboard.pool()).await.unwrap(),
        is_stored: false,
    };
    archiving::move_claimed(&dashboard.app, &claim)
        .await
        .unwrap();
    assert_eq!(ada.get(&made.at("log.txt")).await.expect(200).text, log);
    dashboard.close().await;
}

/// A folder that cannot be made before something goes.
struct Blocked(PathBuf);

impl Blocked {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("logs-{}", Uuid::now_v7()));
        std::fs::write(&path, "a file, no folder").unwrap();
        Self(path)
    }

    fn place(&self) -> Place {
        Place::Folder(self.0.join("of/dashboard"))
    }

    fn unblock(&self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn entry(position: i32, output: String) -> LogEntry {
    let second = i64::from(position / 10);
    LogEntry {
        position,
        output,
        hidden: position % 3 == 0,
        error: position % 7 == 0,
        at: OffsetDateTime::from_unix_timestamp(1_800_000_000 + second).ok(),
    }
}

#[tokio::test]
async fn a_long_log_looks_the_same_wherever_it_is() {
    let folder = Blocked::new();
    let dashboard = Dashboard::with(at_once(folder.place())).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Long").await;
    dashboard.until_logged(&made).await;
    let from = |n: i32| entry(n, format!("line {n} of <b>many</b>, Größe “{n}” \\ \t"));
    let mut long: Vec<LogEntry> = (0..24_000).map(from).collect();
    long[3_000].output = "Importing a/b:main".to_owned();
    long[9_000].output = "Building docker image started.".to_owned();
    long[23_500].output = "ΣΊΣΥΦΟΣ 9\n".repeat(5_000) + &"x".repeat(3_000) + "line 9 of";
    let id = dashboard.deployment_id(&made).await;
    log::append(dashboard.pool(), id, &long).await.unwrap();
    let page = dashboard.deployment_page(&made).await;
    let before = seen(&ada, &made, &page, "LINE+9").await;
    assert!(before[0].contains("entries of the log are left out here"));
    let greek = format!("{page}?q=%CF%83%CE%AF%CF%83%CF%85%CF%86%CE%BF%CF%83+9");
    let greek = async || ada.get(&greek).await.expect(200);
    assert!(greek().await.says("5000 lines contain"));
    folder.unblock();
    until_moved(&dashboard).await;
    let after = seen(&ada, &made, &page, "LINE+9").await;
    for (before, after) in before.iter().zip(&after) {
        // Both would be a long message.
        assert!(before == after, "{}\n{}", before.len(), after.len());
    }
    assert!(greek().await.says("5000 lines contain"));
    dashboard.close().await;
}

#[tokio::test]
async fn while_the_store_is_away_the_page_says_so_and_the_next_visit_tries_again() {
    let mut s3 = S3::running();
    let dashboard = Dashboard::with(at_once(s3.place())).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Kept").await;
    dashboard.until_logged(&made).await;
    until_moved(&dashboard).await;
    s3.stop();
    let page = dashboard.deployment_page(&made).await;
    let shown = ada.get(&format!("{page}?q=docker")).await.expect(200);
    assert!(shown.says(AWAY) && !shown.says("line contains"));
    assert!(ada.get(&made.at("")).await.expect(200).says(AWAY));
    let report = ada.get(&format!("{page}/report.txt")).await.expect(200);
    assert!(report.says(AWAY) && report.says("Calls to Coolify"));
    let file = ada.get(&format!("{page}/log.txt")).await.expect(503);
    assert_eq!(file.text, format!("{AWAY}\n"));
    s3.start();
    let shown = ada.get(&page).await.expect(200);
    assert!(shown.says("Starting deployment of") && !shown.says(AWAY));
    dashboard.close().await;
}

#[tokio::test]
async fn a_log_that_was_kept_for_long_enough_goes_and_the_page_says_so() {
    let s3 = S3::running();
    let at_once = at_once(s3.place());
    let dashboard = Dashboard::with(|setup| {
        at_once(setup);
        setup.pace.log_retention = Some(Duration::from_hours(48));
    })
    .await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Old").await;
    dashboard.until_logged(&made).await;
    until_moved(&dashboard).await;
    let page = dashboard.deployment_page(&made).await;
    assert!(ada.get(&page).await.says("Starting deployment of"));
    let age = "update archived_logs set stored_at = stored_at - interval '50 hours'";
    sqlx::query(age).execute(dashboard.pool()).await.unwrap();
    dashboard
        .until("it is removed", async || {
            let removed = rows(&dashboard, "archived_logs where removed_at is not null");
            (removed.await == 1).then_some(())
        })
        .await;
    assert_eq!(s3.objects(), [""; 0]);
    let sentence = "The log was removed after 2 days: logs are kept that long.";
    for page in [&page, &made.at("")] {
        let page = ada.get(page).await.expect(200);
        assert!(page.says(sentence) && !page.says("Starting deployment of"));
    }
    let shown = ada.get(&made.at("")).await.expect(200).text;
    let changes = made.at("changes?");
    let (_, poll) = shown.split_once(&format!("hx-get=\"{changes}")).unwrap();
    let (poll, _) = poll.split_once('"').unwrap();
    let poll = format!("{changes}{}", poll.replace("&amp;", "&"));
    ada.fetch(&poll).await.expect(204);
    let file = ada.get(&format!("{page}/log.txt")).await.expect(410);
    assert_eq!(file.text, format!("{sentence}\n"));
    dashboard.close().await;
}

#[tokio::test]
async fn a_deleted_environments_logs_are_removed_even_if_the_store_is_away_at_that_time() {
    let mut s3 = S3::running();
    let dashboard = Dashboard::with(at_once(s3.place())).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Deleted").await;
    dashboard.until_logged(&made).await;
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    dashboard.until_logged(&made).await;
    until_moved(&dashboard).await;
    assert_eq!(s3.objects().len(), 2);
    s3.stop();
    let fields = [("confirmation", &*made.name)];
    ada.post(&made.at("delete"), &fields).await.expect(303);
    dashboard.until_gone(&made).await;
    assert_eq!(rows(&dashboard, "archived_logs").await, 2);
    s3.start();
    dashboard
        .until("nothing is left", async || {
            (rows(&dashboard, "archived_logs").await == 0).then_some(())
        })
        .await;
    assert_eq!(s3.objects(), [""; 0]);
    dashboard.close().await;
}

#[tokio::test]
async fn what_comes_after_a_log_was_moved_is_added_to_it() {
    let s3 = S3::running();
    let dashboard = Dashboard::with(at_once(s3.place())).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Late").await;
    dashboard.until_logged(&made).await;
    until_moved(&dashboard).await;
    let file = async || ada.get(&made.at("log.txt")).await.expect(200).text;
    let before = file().await;
    let end = "insert into deployment_log (deployment_id, position, output, hidden, error)
               select id, log_end, 'the very last line', false, false from archived_logs";
    sqlx::query(end).execute(dashboard.pool()).await.unwrap();
    until_moved(&dashboard).await;
    assert_eq!(file().await, format!("{before}the very last line\n"));
    let id = dashboard.deployment_id(&made).await;
    let whole: Vec<LogEntry> = (0..700).map(|n| entry(n, format!("again {n}"))).collect();
    log::append(dashboard.pool(), id, &whole).await.unwrap();
    until_moved(&dashboard).await;
    let after = file().await;
    assert!(after.starts_with("again 0\nagain 1\n") && after.ends_with("\nagain 699\n"));
    dashboard.close().await;
}

#[test]
fn wrong_keys_are_in_the_log_once_and_the_logs_stay_in_the_database() {
    let log = overheard(async {
        let s3 = S3::running();
        let mut bucket = s3.bucket();
        bucket.secret_key = "another-secret-key".into();
        let dashboard = Dashboard::with(at_once(Place::Bucket(bucket))).await;
        let ada = dashboard.person("Ada").await;
        let made = dashboard.running(&ada, "Refused").await;
        dashboard.until_logged(&made).await;
        let mut tried: Option<OffsetDateTime> = None;
        for _ in 0..3 {
            let look = "select max(leased_until) from archived_logs";
            let now = dashboard.until("it is tried again", async || {
                let now: Option<OffsetDateTime> = sqlx::query_scalar(look)
                    .fetch_one(dashboard.pool())
                    .await
                    .unwrap();
                now.filter(|_| now != tried)
            });
            tried = Some(now.await);
        }
        let page = ada.get(&made.at("")).await.expect(200);
        assert!(page.says("Starting deployment of"));
        assert_eq!(s3.objects(), [""; 0]);
        dashboard.close().await;
    });
    let sentence = "the store of logs cannot be used; logs stay in the database until it can why=it does not accept the keys, or they may not read, write and remove objects there";
    let text = log.text();
    assert_eq!(text.matches(sentence).count(), 1);
    assert!(!text.contains("another-secret-key"));
}
