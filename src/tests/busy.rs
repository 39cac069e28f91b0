//! More people send passwords than can be hashed: whoever finds the line full is told to come back.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use super::refusals::ask;

/// Every form with a password, as somebody who is signed in sends it.
async fn send_all(ada: &Person, environment: &str, htmx: bool) -> Vec<Answer> {
    let password = form_encoded(&ada.password);
    let forms = [
        (
            "/login",
            format!("email=ada%40example.com&password={password}"),
        ),
        (
            "/register",
            "name=B&email=b%40example.com&password=long+enough".to_owned(),
        ),
        (
            "/environments",
            "name=Second&password=long+enough".to_owned(),
        ),
        (environment, "password=long+enough".to_owned()),
        (
            "/account/password",
            format!("current_password={password}&new_password=long+enough"),
        ),
        ("/account/delete", format!("password={password}")),
    ];
    let mut answers = vec![];
    for (path, form) in forms {
        answers.push(ask(ada, "POST", path, htmx, &form).await);
    }
    answers
}

fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn whoever_finds_the_line_full_is_told_to_come_back_and_nothing_is_changed() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "First", false).await;
    let line = dashboard.app.hash_slots.line.clone();
    let all = u32::try_from(line.available_permits()).unwrap();
    let full = line.acquire_many(all).await.unwrap();
    for htmx in [false, true] {
        for answer in send_all(&ada, &made.at("password"), htmx).await {
            let page = answer.expect(503);
            assert_eq!(page.header("retry-after"), "2");
            assert!(page.says("Too many people are signing in at the moment."));
            assert!(page.text.contains("id=\"alert\""));
            assert!(page.says("Go to your environments"), "who asks is known");
        }
    }
    drop(full);
    ada.elsewhere().sign_in().await.leads_to("/environments");
    let table = ada.get("/environments").await.expect(200);
    assert!(table.says("First") && !table.says("Second"));
    dashboard.close().await;
}
