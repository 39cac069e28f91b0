//! Stories of environments that are built from a repository and a branch of their owner's choice.

use super::harness::Dashboard;
use super::log::overheard;
use super::person::{Answer, Person};
use super::repositories::Repositories;
use super::visits::application;
use crate::redis::limits::SOURCES_BY_USER;
use crate::simulator::removal::Change;
use axum::http::Request;
use url::form_urlencoded;

const PASSWORD: &str = "opens what is built";
pub const REPOSITORY: &str = "https://git.example.com/acme/agent";

/// A dashboard for which every repository is at this host.
pub async fn with(host: &Repositories, allowed: &'static str) -> Dashboard {
    let branch = host.start().await;
    let origin = host.origin();
    Dashboard::with(|setup| {
        setup.branch = Some(branch);
        setup.origin = Some(origin);
        setup.allowed = allowed;
    })
    .await
}

async fn create(person: &Person, name: &str, repository: &str, branch: &str) -> Answer {
    let fields = [
        ("name", name),
        ("password", PASSWORD),
        ("source_repository", repository),
        ("source_branch", branch),
        ("deploy", "1"),
    ];
    person.post("/environments", &fields).await
}

async fn preview(person: &Person, repository: &str, branch: &str) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("source_repository", repository)
        .append_pair("source_branch", branch)
        .finish();
    let request = Request::post("/environments/new/source")
        .header("hx-request", "true")
        .header("content-type", "application/x-www-form-urlencoded");
    person.send(request, &form).await.expect(200)
}

#[tokio::test]
async fn coolify_builds_from_what_was_chosen_and_again_when_the_application_is_made_anew() {
    let host = Repositories::default();
    host.add("/acme/agent", "dev", &"1".repeat(40));
    let dashboard = with(&host, "").await;
    let ada = dashboard.person("Ada").await;
    create(&ada, "Own", REPOSITORY, "dev").await.expect(303);
    create(&ada, "Common", "", "").await.expect(303);
    let own = dashboard.made("Own", PASSWORD).await;
    let common = dashboard.made("Common", PASSWORD).await;
    for made in [&own, &common] {
        dashboard.until_status(made, "running").await;
    }
    let built = application(&dashboard, &own).await;
    assert_eq!(built["git_repository"], REPOSITORY);
    assert_eq!(built["git_branch"], "dev");
    let built = application(&dashboard, &common).await;
    assert_eq!(built["git_repository"], "grmkris/agent");
    assert_eq!(built["git_branch"], "main");
    let page = ada.get(&own.at("")).await.expect(200);
    assert!(page.says(&format!(">{REPOSITORY}</a>, branch dev.")));
    let page = ada.get(&common.at("")).await.expect(200);
    assert!(page.says(">https://github.com/grmkris/agent</a>, branch main."));
    dashboard.tamper(&own, &Change::Vanish);
    dashboard.until_error(&own).await;
    ada.post(&own.at("password"), &[("password", PASSWORD)])
        .await
        .expect(303);
    dashboard.until_status(&own, "running").await;
    let records = dashboard.records(&own);
    assert_eq!(records.len(), 2, "it is made anew");
    let built = application(&dashboard, &own).await;
    assert_eq!(built["git_branch"], "dev");
    dashboard.close().await;
}

/// What cannot be built from, the wrong field, and what is said there.
const REFUSED: [(&str, &str, &str, &str); 7] = [
    ("agent", "", "source_repository", "This is not the address"),
    (
        "http://git.example.com/acme/agent",
        "dev",
        "source_repository",
        "This is not the address",
    ),
    (
        "https://ada:key@git.example.com/acme/agent",
        "dev",
        "source_repository",
        "Leave out the name and the password",
    ),
    (
        "https://git.example.com/acme-evil/agent",
        "dev",
        "source_repository",
        "may not be built from this repository",
    ),
    (
        "https://git.example.com/acme/other",
        "dev",
        "source_repository",
        "There is no such repository",
    ),
    (REPOSITORY, "", "source_branch", "has no such branch"),
    (
        REPOSITORY,
        "a b",
        "source_branch",
        "not the name of a branch",
    ),
];

#[tokio::test]
async fn what_cannot_be_built_from_is_refused_beside_its_field_and_kept() {
    let host = Repositories::default();
    host.add("/acme/agent", "dev", &"1".repeat(40));
    let dashboard = with(&host, "https://git.example.com/acme/*").await;
    let ada = dashboard.person("Ada").await;
    for (repository, branch, field, sentence) in REFUSED {
        let page = create(&ada, "Refused", repository, branch)
            .await
            .expect(422);
        assert!(page.note(field).contains(sentence), "{}", page.text);
        assert!(page.says(&format!("href=\"#{field}\"")));
        assert_eq!(page.value("source_repository"), repository);
        assert_eq!(page.value("source_branch"), branch);
        assert!(page.says("<details class=\"before\" open>"));
        let said = preview(&ada, repository, branch).await;
        assert!(
            said.says("note bad") && said.says(sentence),
            "{}",
            said.text
        );
    }
    let count: Option<i64> = sqlx::query_scalar("select count(*) from environments")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(count, Some(0));
    let said = preview(&ada, REPOSITORY, "dev").await;
    assert!(said.says(&format!("It can be read: dev of {REPOSITORY}.")));
    let said = preview(&ada, "", "").await;
    assert!(said.says("Without a choice it is main of https://github.com/grmkris/agent."));
    dashboard.close().await;
}

#[test]
fn a_secret_in_an_address_that_is_looked_at_is_in_no_address_of_ours_and_no_log() {
    let secret = "ghp_pasted";
    let log = overheard(async {
        let host = Repositories::default();
        let dashboard = with(&host, "").await;
        let ada = dashboard.person("Ada").await;
        let form = ada.get("/environments/new").await.expect(200);
        assert!(form.says("hx-post=\"/environments/new/source\""));
        for repository in [
            format!("https://{secret}@git.example.com/acme/agent"),
            format!("https://ada:{secret}@git.example.com/acme/agent"),
        ] {
            let said = preview(&ada, &repository, "dev").await;
            assert!(said.says("Leave out the name and the password"));
            assert!(!said.text.contains(secret), "{}", said.text);
        }
        ada.get("/environments/new/source")
            .await
            .leads_to("/environments/new");
        let query = format!("source_repository=https://{secret}@a.example/b&source_branch=dev");
        let old = format!("/environments/new/source?{query}");
        assert_eq!(ada.fetch(&old).await.expect(204).text, "");
        dashboard.close().await;
    });
    assert!(log.text().contains("/environments/new/source"));
    assert!(!log.text().contains(secret), "it is in no log");
}

#[tokio::test]
async fn nobody_is_led_into_the_network_of_the_dashboard() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    // A name that leads to this machine, where something listens.
    let port = dashboard.simulator.port();
    for host in [format!("git.localhost:{port}"), "localhost".to_owned()] {
        let repository = format!("https://{host}/acme/agent");
        let page = create(&ada, "Inside", &repository, "").await.expect(422);
        let note = page.note("source_repository");
        assert!(note.contains("no address in the public internet"), "{note}");
        let said = preview(&ada, &repository, "").await;
        assert!(said.says("no address in the public internet"));
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_told_and_no_hindrance() {
    let host = Repositories::default();
    host.add("/acme/agent", "main", "500");
    let dashboard = with(&host, "").await;
    let ada = dashboard.person("Ada").await;
    let said = preview(&ada, REPOSITORY, "main").await;
    assert!(
        said.says("It cannot be reached from here now: its host answers with an error."),
        "{}",
        said.text
    );
    create(&ada, "Hopeful", REPOSITORY, "").await.expect(303);
    dashboard.close().await;
}

#[tokio::test]
async fn a_person_looks_at_few_repositories_at_a_time() {
    let host = Repositories::default();
    let dashboard = with(&host, "").await;
    let ada = dashboard.person("Ada").await;
    let mut later = None;
    for number in 0..SOURCES_BY_USER.capacity * 3 {
        let repository = format!("https://git.example.com/acme/agent{number}");
        if preview(&ada, &repository, "").await.says("when you send") {
            later = Some(repository);
            break;
        }
    }
    let later = later.expect("it ends");
    let mut limited = false;
    // A token may come back in between.
    for number in 0..SOURCES_BY_USER.capacity {
        let repository = format!("{later}-{number}");
        let page = create(&ada, "Hasty", &repository, "").await;
        limited = page.status == 422 && page.says("Repositories were looked at too often.");
        if limited {
            break;
        }
    }
    assert!(limited, "the form is limited, too");
    let bob = dashboard.person("Bob").await;
    let said = preview(&bob, REPOSITORY, "").await;
    assert!(said.says("There is no such repository"), "{}", said.text);
    dashboard.close().await;
}

#[tokio::test]
async fn updates_are_those_of_the_branch_that_an_environment_is_built_from() {
    let host = Repositories::default();
    host.set("2".repeat(40));
    host.add("/acme/agent", "dev", &"1".repeat(40));
    let dashboard = with(&host, "").await;
    let ada = dashboard.administrator("Ada").await;
    create(&ada, "Own", REPOSITORY, "dev").await.expect(303);
    let own = dashboard.made("Own", PASSWORD).await;
    dashboard.until_status(&own, "running").await;
    let common = dashboard.running(&ada, "Common").await;
    let says = async |path: String, words: &str| {
        let page = ada.get(&path).await.expect(200);
        page.says(words).then_some(())
    };
    for made in [&own, &common] {
        dashboard
            .until("there is an update", async || {
                says(made.at(""), "An update is available.").await
            })
            .await;
    }
    says(
        "/updates".to_owned(),
        &format!("built from <code>{REPOSITORY}, branch dev"),
    )
    .await
    .expect("the list names it");
    let commit = dashboard.deployment(&own, "commit_sha").await.unwrap();
    host.add("/acme/agent", "dev", &commit);
    dashboard
        .until("it is the newest of its own branch", async || {
            let page = ada.get(&own.at("")).await.expect(200);
            (!page.says("An update is available.")).then_some(())
        })
        .await;
    let page = ada.get(&common.at("")).await.expect(200);
    assert!(page.says("An update is available."), "the other's is not");
    dashboard.close().await;
}
