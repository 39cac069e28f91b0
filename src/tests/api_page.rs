//! Stories of the description of the API: its readable page, and whether what it says of scopes is so.

use super::harness::Dashboard;
use super::program::Program;
use crate::api::document;
use serde_json::Value;

const SCOPES: [&str; 4] = ["read", "deploy", "write", "admin"];

/// Every operation that is described: method, path, and what is said of it.
fn operations() -> Vec<(String, String, Value)> {
    let document = document::value();
    let paths = document["paths"].as_object().unwrap().clone();
    let of_path = |(path, item): (String, Value)| {
        let methods = item.as_object().unwrap().clone().into_iter();
        let named = move |(method, it): (String, Value)| (method.to_uppercase(), path.clone(), it);
        methods.map(named).collect::<Vec<_>>()
    };
    paths.into_iter().flat_map(of_path).collect()
}

#[tokio::test]
async fn the_page_of_the_api_tells_all_that_is_described_to_anybody() {
    let dashboard = Dashboard::open().await;
    let page = dashboard.stranger("Reader").get("/api").await.expect(200);
    for (method, path, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap();
        let from = page.text.find(&format!("id=\"{id}\"")).unwrap();
        let part = &page.text[from..from + page.text[from..].find("</details>").unwrap()];
        let scope = operation["security"][0]["token"][0].as_str().unwrap();
        let own = operation["responses"].as_object().unwrap().keys();
        let own =
            own.filter(|status| ["201", "202", "204", "409", "410"].contains(&status.as_str()));
        for status in own {
            assert!(
                part.contains(&format!("<code>{status}</code>")),
                "{status} is not in {part}"
            );
        }
        for told in [
            format!(">{method}</span> <code>/api/v1{path}</code>"),
            format!("Needs the scope <code>{scope}</code>."),
        ] {
            assert!(part.contains(&told), "{told} is not in {part}");
        }
    }
    told_types(&page.text);
    for link in page.text.split("href=\"#").skip(1) {
        let anchor = link.split('"').next().unwrap();
        assert!(
            page.text.contains(&format!("id=\"{anchor}\"")) || anchor == "i-mark",
            "#{anchor}"
        );
    }
    dashboard.close().await;
}

/// Fails unless every type is told with each of its fields, and those that a request must bring as needed.
fn told_types(page: &str) {
    let schemas = document::value()["components"]["schemas"].clone();
    for (name, schema) in schemas.as_object().unwrap() {
        let from = page.find(&format!("<div id=\"{name}\"")).unwrap();
        let part = &page[from..];
        let (_, part) = part.split_once("class=\"stack type\"").unwrap();
        let part = part.split("class=\"stack type\"").next().unwrap();
        for (field, _) in schema["properties"].as_object().into_iter().flatten() {
            assert!(
                part.contains(&format!("<code>{field}</code>")),
                "{name}: {field}"
            );
        }
    }
    let of_new = &page[page.find("id=\"NewEnvironment\"").unwrap()..];
    let item = |field: &str| {
        let item = &of_new[of_new.find(&format!("<code>{field}</code>")).unwrap()..];
        item[..item.find("</li>").unwrap()].to_owned()
    };
    assert!(item("name").contains("needed") && item("name").contains("1 to 50 characters"));
    assert!(!item("deploy").contains("needed"));
}

#[tokio::test]
async fn every_operation_needs_the_scope_that_it_says() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    for scope in SCOPES {
        let program = Program::of(&dashboard, &ada, &[scope]).await;
        let account = program.get("/account").await.expect(200);
        let held = account.json["token"]["scopes"].as_array().unwrap();
        for (method, path, operation) in operations() {
            let needed = &operation["security"][0]["token"][0];
            let path = path.replace("{id}", "env_01h455vb4pex5vsknk084sn02q");
            let reply = program.send(&method, &path, &[], "").await;
            let is_refused = reply.answer.status == 403;
            assert_eq!(
                is_refused,
                !held.contains(needed),
                "{scope}: {method} {path}"
            );
        }
    }
    dashboard.close().await;
}
