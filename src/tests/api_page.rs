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
        for told in [
            format!(">{method}</span> <code>/api/v1{path}</code>"),
            format!("Needs the scope <code>{scope}</code>."),
        ] {
            assert!(part.contains(&told), "{told} is not in {part}");
        }
    }
    let schemas = document::value()["components"]["schemas"].clone();
    for (name, schema) in schemas.as_object().unwrap() {
        assert!(page.text.contains(&format!("<div id=\"{name}\"")), "{name}");
        for field in schema["properties"].as_object().into_iter().flatten() {
            assert!(page.text.contains(&format!("<code>{}</code>", field.0)));
        }
    }
    for link in page.text.split("href=\"#").skip(1) {
        let anchor = link.split('"').next().unwrap();
        assert!(
            page.text.contains(&format!("id=\"{anchor}\"")) || anchor == "i-mark",
            "#{anchor}"
        );
    }
    dashboard.close().await;
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
