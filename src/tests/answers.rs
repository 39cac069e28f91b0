//! Stories of what every answer carries, whatever it answers.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use super::refusals::{addresses_of, ask};

const HEADERS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// Every address there is, with each kind of answer it gives.
async fn everything(dashboard: &Dashboard, ada: &Person) -> Vec<Answer> {
    let made = dashboard.running(ada, "Looked at").await;
    let mut answers = vec![
        ada.get("/").await.expect(303),
        ada.get("/healthz").await.expect(200),
        ada.get("/readyz").await.expect(200),
        ada.get("/no/such/page").await.expect(404),
        ada.get("/assets/no-such-file").await.expect(404),
        ask(ada, "PUT", "/environments", false, "")
            .await
            .expect(405),
        ask(ada, "POST", "/environments", false, "name=%00")
            .await
            .expect(422),
    ];
    for path in ["/environments", "/environments/new", "/account"] {
        answers.push(ada.get(path).await.expect(200));
        answers.push(dashboard.stranger("Stranger").get(path).await);
    }
    for path in ["/login", "/register"] {
        answers.push(ada.get(path).await.expect(303));
        answers.push(dashboard.stranger("Stranger").get(path).await.expect(200));
    }
    let poll = ada.get(&made.at("row")).await.expect(200);
    answers.push(poll);
    let form = "name=x&password=y&confirmation=z";
    for (method, path) in addresses_of(&made.id.to_string()) {
        answers.push(ask(ada, method, &path, false, form).await);
    }
    let foreign = axum::http::Request::post("/login").header("sec-fetch-site", "cross-site");
    answers.push(ada.send(foreign, "").await.expect(403));
    dashboard.until_status(&made, "running").await;
    answers
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_a_browser_safe() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for answer in everything(&dashboard, &ada).await {
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{answer:?}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        for (name, value) in HEADERS {
            assert_eq!(answer.header(name), value, "{answer:?}");
        }
        assert_eq!(
            answer.header("cache-control"),
            "no-store, no-transform",
            "{answer:?}"
        );
    }
    dashboard.close().await;
}

/// Every tag of a page, without its angle brackets.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap_or(rest))
}

#[tokio::test]
async fn no_page_has_script_or_style_in_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for answer in everything(&dashboard, &ada).await {
        for tag in tags(&answer.text) {
            let name = tag.split([' ', '\n']).next().unwrap_or_default();
            assert_ne!(name, "style", "{tag}");
            assert!(name != "script" || tag.contains("src=\"/assets/"), "{tag}");
            for forbidden in [
                " style=",
                " onclick",
                " onload",
                " onerror",
                " oninput",
                " hx-on",
                "javascript:",
                " js:",
            ] {
                assert!(!tag.contains(forbidden), "{forbidden} in {tag}");
            }
        }
    }
    dashboard.close().await;
}

#[tokio::test]
async fn what_a_page_loads_is_there_and_kept_for_ever() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let page = ada.get("/environments").await.expect(200);
    let mut found = 0;
    for tag in tags(&page.text) {
        let Some((_, path)) = tag.split_once("\"/assets/") else {
            continue;
        };
        let path = format!("/assets/{}", path.split('"').next().unwrap());
        let asset = dashboard.stranger("Anybody").get(&path).await.expect(200);
        assert_eq!(
            asset.header("cache-control"),
            "public, max-age=31536000, immutable",
            "{path}"
        );
        assert!(
            asset
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert_eq!(asset.header("x-content-type-options"), "nosniff");
        assert!(asset.headers.contains_key("content-type") && !asset.text.is_empty());
        found += 1;
    }
    assert!(found >= 4, "{found} assets");
    dashboard.close().await;
}

#[tokio::test]
async fn a_page_of_another_build_gets_the_assets_of_this_one_and_keeps_none() {
    let dashboard = Dashboard::open().await;
    let anybody = dashboard.stranger("Anybody");
    let page = anybody.get("/login").await.expect(200);
    let (_, hash) = page.text.split_once("/assets/app.").unwrap();
    let hash = hash.split('.').next().unwrap();
    let own = format!("/assets/app.{hash}.css");
    let own = anybody.get(&own).await.expect(200);
    assert_ne!(hash, "0123456789");
    let other = anybody.get("/assets/app.0123456789.css").await.expect(200);
    assert_eq!(other.text, own.text);
    assert_eq!(other.header("content-type"), own.header("content-type"));
    assert_eq!(other.header("cache-control"), "no-store");
    for nothing in [
        "/assets/app.css",
        "/assets/app.01234.css",
        "/assets/app.0123x56789.css",
        "/assets/nothing.0123456789.css",
    ] {
        anybody.get(nothing).await.expect(404);
    }
    dashboard.close().await;
}
