//! Stories of a branch that moves on after an environment was deployed from it.

use super::harness::Dashboard;
use crate::coolify::Branch;
use crate::domain::repository::Host;
use axum::extract::Request;
use axum::routing::Router;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use url::Url;

/// A host of repositories: the newest commit of its only branch, how often it was asked to compare, and to say anything.
#[derive(Clone, Default)]
struct Repositories {
    head: Arc<Mutex<String>>,
    compared: Arc<Mutex<usize>>,
    asked: Arc<Mutex<usize>>,
}

impl Repositories {
    /// What it answers to a request for this path.
    fn answer(&self, path: &str) -> String {
        *self.asked.lock().unwrap() += 1;
        if path == "/a/b/info/refs" {
            let line = format!("{} refs/heads/main\n", self.head.lock().unwrap());
            return format!("{:04x}{line}0000", line.len() + 4);
        }
        assert!(path.starts_with("/repos/a/b/compare/"), "{path}");
        *self.compared.lock().unwrap() += 1;
        r#"{"commits":[{"commit":{"message":"Add a shell\n\nLong."}},{"commit":{"message":"Mend <it>"}}]}"#.to_owned()
    }

    async fn start(&self) -> Branch {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let host = self.clone();
        let router =
            Router::new().fallback(async move |request: Request| host.answer(request.uri().path()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let at = |path: &str| Url::parse(&format!("http://{address}/{path}")).unwrap();
        Branch::at(at("a/b"), "main", Some((Host::GitHub, at("")))).unwrap()
    }
}

#[tokio::test]
async fn a_page_says_what_is_new_in_the_repository_until_it_is_deployed() {
    let host = Repositories::default();
    "0".repeat(40).clone_into(&mut host.head.lock().unwrap());
    let branch = host.start().await;
    let dashboard = Dashboard::with(|setup| setup.branch = Some(branch)).await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Behind").await;
    dashboard
        .until("the page says that there is an update", async || {
            let page = ada.get(&made.at("")).await.expect(200);
            let is_whole =
                page.says("An update is available.") && page.says("<li>Add a shell</li>");
            is_whole.then(|| assert!(page.text.contains("<li>Mend &lt;it&gt;</li>")))
        })
        .await;
    let commit = dashboard.deployment(&made, "commit_sha").await.unwrap();
    *host.head.lock().unwrap() = commit;
    dashboard
        .until("it is the newest", async || {
            let page = ada.get(&made.at("")).await.expect(200);
            (!page.says("An update is available.")).then_some(())
        })
        .await;
    assert_eq!(
        *host.compared.lock().unwrap(),
        1,
        "the titles are asked for once"
    );
    dashboard.close().await;
}

#[tokio::test]
async fn what_cannot_be_read_or_was_read_before_the_deployment_is_not_told() {
    for (head, every) in [
        ("no commit".to_owned(), Duration::from_millis(50)),
        ("0".repeat(40), Duration::from_hours(1)),
    ] {
        let host = Repositories::default();
        head.clone_into(&mut host.head.lock().unwrap());
        let branch = host.start().await;
        let dashboard = Dashboard::with(|setup| {
            setup.branch = Some(branch);
            setup.pace.branch = every;
        })
        .await;
        let asked = || *host.asked.lock().unwrap();
        dashboard
            .until("the host was asked", async || (asked() > 0).then_some(()))
            .await;
        let ada = dashboard.person("Ada").await;
        let made = dashboard.running(&ada, "Untold").await;
        if every < Duration::from_secs(1) {
            let before = asked();
            let again = async || (asked() > before + 1).then_some(());
            dashboard.until("it was asked again", again).await;
        }
        let page = ada.get(&made.at("")).await.expect(200);
        assert!(!page.says("An update is available."), "{head}");
        dashboard.close().await;
    }
}
