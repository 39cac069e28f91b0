//! Stories of what adopted environments are built from.

use super::harness::{Dashboard, Made};
use super::orphans::{count, lost, set};
use super::person::{Answer, Person};
use super::repositories::Repositories;

/// Tries to adopt an orphan that is built from this; the form, its answer, and the environment.
async fn adopted_from(
    dashboard: &Dashboard,
    ada: &Person,
    (repository, branch): (&str, &str),
) -> (Answer, Made) {
    let name = format!("From {branch}");
    let (made, uuid) = lost(dashboard, ada, &name).await;
    set(dashboard, &uuid, "git_repository", repository);
    set(dashboard, &uuid, "git_branch", branch);
    let form = [("name", name.as_str()), ("heir", &ada.email)];
    let adopt = format!("/admin/orphans/{uuid}/adopt");
    (ada.post(&adopt, &form).await, made)
}

async fn with_acme(host: &Repositories) -> Dashboard {
    let branch = host.start().await;
    Dashboard::with(|setup| {
        setup.branch = Some(branch);
        setup.allowed = "https://github.com/acme/*";
    })
    .await
}

#[tokio::test]
async fn an_adopted_environment_is_built_from_what_coolify_builds_it_from() {
    let host = Repositories::default();
    let dashboard = with_acme(&host).await;
    let ada = dashboard.administrator("Ada").await;
    for (repository, branch) in [("acme/agent", "dev"), ("grmkris/agent", "main")] {
        let (answer, made) = adopted_from(&dashboard, &ada, (repository, branch)).await;
        answer.leads_to(&format!("/admin/environments/{}", made.id));
        let page = ada.get(&made.at("")).await.expect(200);
        let shown = format!(">https://github.com/{repository}</a>, branch {branch}.");
        assert!(page.says(&shown), "{}", page.text);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_built_from_what_may_not_be_chosen_is_not_adopted() {
    let host = Repositories::default();
    let dashboard = with_acme(&host).await;
    let ada = dashboard.administrator("Ada").await;
    for (repository, branch, what) in [
        ("evil/agent", "next", "https://github.com/evil/agent"),
        (
            "https://ada:secret@a.example/b",
            "main",
            "https://a.example/b",
        ),
        ("git@github.com:acme/agent", "dev", "github.com:acme/agent"),
        (
            "acme/agent",
            "HEAD",
            "the branch HEAD of https://github.com/acme/agent",
        ),
    ] {
        let (answer, _) = adopted_from(&dashboard, &ada, (repository, branch)).await;
        let refused = answer.expect(409);
        let sentence =
            format!("It is built from {what}, which may not be chosen here. Delete or ignore it.");
        assert!(refused.says(&sentence), "{}", refused.text);
        assert!(!refused.text.contains("secret"));
    }
    assert_eq!(count(&dashboard, "environment.adopted").await, 0);
    dashboard.close().await;
}
