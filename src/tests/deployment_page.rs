//! Stories of the page of one deployment: what it shows, how it follows what moves, and what is kept of old ones.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use super::rows::heard;
use crate::domain::id::DeploymentId;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use crate::simulator::outcomes::Outcome;
use axum::http::StatusCode;
use std::time::Duration;

/// What the page's poll asks for; nothing when it does not poll.
fn poll_of(page: &Answer) -> Option<String> {
    let (_, poll) = page.text.split_once("id=\"poll\"")?;
    let (_, url) = poll.split_once("hx-get=\"")?;
    let (url, _) = url.split_once('"')?;
    Some(url.replace("&amp;", "&"))
}

#[tokio::test]
async fn a_failed_deployments_page_has_its_steps_its_reason_its_log_and_its_calls() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::FailBuild);
    let made = dashboard.make(&ada, "Told", true).await;
    let sentence = dashboard.until_error(&made).await;
    let path = dashboard.deployment_page(&made).await;
    assert!(
        ada.get(&made.at(""))
            .await
            .says(&format!("href=\"{path}\""))
    );
    let page = ada.get(&path).await.expect(200);
    for words in [
        &*sentence,
        "by Ada",
        "What the log said before that",
        "did not complete: exit code: 1",
    ] {
        assert!(page.says(words), "{words}");
    }
    let commit = dashboard.deployment(&made, "commit_sha").await.unwrap();
    assert!(page.says(&format!("/grmkris/agent/commit/{commit}\"")));
    assert_steps_and_calls(&page);
    let log = ada.get(&format!("{path}/log.txt")).await.expect(200);
    assert!(log.text.contains("did not complete: exit code: 1"));
    dashboard.close().await;
}

fn assert_steps_and_calls(page: &Answer) {
    let steps = page.text.split("<ol class=\"stages\"").nth(1).unwrap();
    assert!(
        steps.contains("<li class=\"failed\">")
            && steps.matches("<li class=\"done\">").count() == 3
    );
    for (call, answer) in [
        ("POST application", "201"),
        ("PATCH envs", "201"),
        ("POST deploy", "200"),
    ] {
        let row = format!("<code>{call}</code> <span>{answer}</span>");
        assert!(page.says(&row), "{row} in {}", page.text);
    }
    assert!(page.says(" ms</span>") && !page.text.contains("HASHED_PASSWORD"));
}

#[tokio::test]
async fn a_report_has_everything_but_bodies_secrets_and_addresses() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::FailBuild);
    let made = dashboard.make(&ada, "Reported ada@example.com", true).await;
    dashboard.until_error(&made).await;
    dashboard.until_logged(&made).await;
    let path = dashboard.deployment_page(&made).await;
    let report = ada.get(&format!("{path}/report.txt")).await.expect(200);
    assert_eq!(report.header("content-type"), "text/plain; charset=utf-8");
    let id = dashboard.deployment_id(&made).await;
    assert_report(&report, &made, id);
    // The page holds the same text for its button.
    let page = ada.get(&path).await.expect(200);
    assert!(page.says(report.text.trim()), "{}", page.text);
    dashboard.close().await;
}

fn assert_report(report: &Answer, made: &Made, id: DeploymentId) {
    for words in [
        "vps-claude   0.1.0, build ",
        &format!("Environment  Reported (hidden) ({})", made.subdomain),
        &format!("Deployment   {id}"),
        "Outcome      failed after ",
        "  Build        failed ",
        "  Answer       todo       -",
        "\nReason\n  The build failed: ERROR: failed to solve",
        "POST application       201  ",
        "\nThe end of the log\n",
        "did not complete: exit code: 1",
    ] {
        assert!(report.text.contains(words), "{words} in\n{}", report.text);
    }
    for secret in [
        "@example.com",
        "$argon2",
        "simulated-token",
        "HASHED_PASSWORD",
    ] {
        assert!(
            !report.text.contains(secret),
            "{secret} in\n{}",
            report.text
        );
    }
}

#[tokio::test]
async fn a_deployment_is_shown_to_its_owner_alone() {
    let dashboard = Dashboard::open().await;
    let (ada, bob) = (dashboard.person("Ada").await, dashboard.person("Bob").await);
    let hers = dashboard.running(&ada, "Hers").await;
    let his = dashboard.make(&bob, "His", false).await;
    let path = dashboard.deployment_page(&hers).await;
    let id = dashboard.deployment_id(&hers).await;
    let through_his_own = his.at(&format!("deployments/{id}"));
    for part in ["", "/changes", "/log.txt", "/report.txt"] {
        ada.get(&format!("{path}{part}")).await.expect(200);
        bob.get(&format!("{path}{part}")).await.expect(404);
        bob.get(&format!("{through_his_own}{part}"))
            .await
            .expect(404);
    }
    ada.get(&hers.at("deployments/dep_1")).await.expect(404);
    dashboard.close().await;
}

/// The page once nothing has changed since it was made.
async fn quiet(dashboard: &Dashboard, person: &Person, path: &str) -> Answer {
    dashboard
        .until("nothing has changed since the page", async || {
            let page = person.get(path).await.expect(200);
            let answer = person.fetch(&poll_of(&page)?).await;
            (answer.status == StatusCode::NO_CONTENT).then_some(page)
        })
        .await
}

async fn until_second_line(dashboard: &Dashboard, person: &Person, path: &str) {
    dashboard
        .until("a second line is there", async || {
            person
                .get(path)
                .await
                .text
                .contains("id=\"l1\"")
                .then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_moving_deployments_page_follows_it_to_its_end() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let made = dashboard.make(&ada, "Moves", true).await;
    dashboard.until_stage(&made, "build").await;
    let path = dashboard.deployment_page(&made).await;
    until_second_line(&dashboard, &ada, &path).await;
    let page = quiet(&dashboard, &ada, &path).await;
    assert!(page.says("in progress") && page.text.contains("http-equiv=\"refresh\""));
    let poll = poll_of(&page).unwrap();
    let (same, _) = poll.split_once("&after=").unwrap();
    let grown = ada
        .fetch(&format!("{same}&after=1&live=true&was=moving"))
        .await
        .expect(200);
    assert!(grown.says("hx-swap-oob=\"beforeend:#log-lines\"") && !grown.says("id=\"l0\""));
    assert!(!grown.says("id=\"deployment\""), "only the log grew");
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&made, "pending").await;
    let ended = dashboard
        .until("the page says that it ended", async || {
            let answer = ada.fetch(&poll).await;
            let says = answer.says("The deployment of Moves was cancelled.");
            says.then_some(answer)
        })
        .await;
    assert!(
        ended.says("id=\"deployment\"") && ended.says("id=\"calls\"") && ended.says("POST cancel")
    );
    polls_no_more(&dashboard, &ada, &path).await;
    dashboard.close().await;
}

async fn polls_no_more(dashboard: &Dashboard, person: &Person, path: &str) {
    dashboard
        .until("the page does not poll any more", async || {
            let page = person.get(path).await.expect(200);
            let refreshes = page.text.contains("http-equiv=\"refresh\"");
            (poll_of(&page).is_none() && !refreshes).then_some(())
        })
        .await;
    let last = format!("{path}/changes?after=1&was=cancelled");
    let last = person.fetch(&last).await.expect(200);
    assert!(poll_of(&last).is_none() && !last.says("The deployment of"));
}

#[tokio::test]
async fn the_poll_of_an_older_deployment_stays_with_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::FailBuild);
    let made = dashboard.make(&ada, "Twice", true).await;
    dashboard.until_error(&made).await;
    let old = dashboard.deployment_page(&made).await;
    let poll = format!("{old}/changes?v=0&after=0&live=true&was=moving");
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    assert_ne!(dashboard.deployment_page(&made).await, old);
    let answer = heard(&dashboard, &ada, &poll).await.expect(200);
    assert_eq!(answer.header("hx-refresh"), "");
    assert!(
        answer.says("The deployment of Twice failed.")
            && answer.says("did not complete: exit code: 1")
    );
    assert!(ada.get(&old).await.says("did not complete: exit code: 1"));
    dashboard.close().await;
}

#[tokio::test]
async fn what_a_container_said_that_does_not_answer_stands_with_the_reason() {
    let dashboard =
        Dashboard::with(|setup| setup.pace.patience.answer = Duration::from_millis(300)).await;
    let ada = dashboard.person("Ada").await;
    dashboard.every_build(Outcome::NeverAnswers);
    let made = dashboard.make(&ada, "Silent", true).await;
    let sentence = dashboard.until_error(&made).await;
    assert!(sentence.starts_with("The container runs, but its address does not answer: "));
    let lines = dashboard.deployment(&made, "reason_lines").await;
    assert_container_lines(&lines.unwrap());
    let page = ada
        .get(&dashboard.deployment_page(&made).await)
        .await
        .expect(200);
    assert!(
        page.says("The last lines of the container\u{2019}s own log") && page.says("EADDRINUSE")
    );
    assert!(page.says("<code>GET logs</code> <span>200</span>"));
    // Without them the reason is the same.
    dashboard.fault(Call::Logs, FaultKind::Hang);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    let again = dashboard.until_error(&made).await;
    assert_eq!(again, sentence);
    assert_eq!(dashboard.deployment(&made, "reason_lines").await, None);
    let page = ada
        .get(&dashboard.deployment_page(&made).await)
        .await
        .expect(200);
    assert!(page.says("<code>GET logs</code> <span class=\"bad\">no answer in time</span>"));
    dashboard.close().await;
}

fn assert_container_lines(lines: &str) {
    assert_eq!(lines.lines().count(), 20, "{lines}");
    assert!(
        lines.ends_with("error listen EADDRINUSE: address already in use 0.0.0.0:8080"),
        "{lines}"
    );
    assert!(
        lines.contains("\nLoading extensions 100%\n") && !lines.contains("10%\n"),
        "{lines}"
    );
    assert!(
        lines.contains("HASHED_PASSWORD='(hidden)'") && !lines.contains("$argon2"),
        "{lines}"
    );
    assert!(
        !lines.contains(|c: char| c.is_control() && c != '\n'),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_container_that_stopped_has_no_lines_and_its_deployment_ends_all_the_same() {
    let dashboard =
        Dashboard::with(|setup| setup.pace.patience.start = Duration::from_millis(300)).await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::ExitAfterStart);
    let made = dashboard.make(&ada, "Stopped", true).await;
    dashboard.until_error(&made).await;
    assert_eq!(dashboard.deployment(&made, "reason_lines").await, None);
    let page = ada
        .get(&dashboard.deployment_page(&made).await)
        .await
        .expect(200);
    assert!(page.says("<code>GET logs</code> <span class=\"bad\">400</span>"));
    dashboard.close().await;
}
