//! Stories of what the API refuses: what is not theirs, what a token may not do, and what cannot be understood.

use super::harness::Dashboard;
use super::program::{NOTHING, Program};
use crate::{router, web};
use axum::Router;
use serde_json::json;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn nobody_reaches_what_is_somebody_elses() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    let made = dashboard.running(&ada, "Private").await;
    let deployment = dashboard.deployment_id(&made).await;
    let program = Program::of(&dashboard, &bob, &["write"]).await;
    let at = |part: &str| format!("/environments/{}{part}", made.id);
    let body = json!({ "password": "long enough" }).to_string();
    let kind = [("content-type", "application/json")];
    for (method, path, body) in [
        ("GET", at(""), ""),
        ("GET", at("?wait=60&version=0"), ""),
        ("DELETE", at(""), ""),
        ("POST", at("/cancel"), ""),
        ("PUT", at("/password"), &*body),
        ("GET", at("/deployments"), ""),
        ("POST", at("/deployments"), ""),
        ("GET", format!("/deployments/{deployment}"), ""),
        ("GET", format!("/deployments/{deployment}/log"), ""),
    ] {
        let reply = program.send(method, &path, &kind, body).await;
        reply.expect(404).says(NOTHING);
    }
    assert_eq!(program.get("/environments").await.json["total"], 0);
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("running"));
    dashboard.close().await;
}

#[tokio::test]
async fn each_scope_opens_what_it_says_and_no_more() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Scoped", false).await;
    let at = |part: &str| format!("/environments/{}{part}", made.id);
    let needed = |method, path| (method, path);
    let of_deploy = [
        needed("POST", at("/deployments")),
        needed("POST", at("/cancel")),
    ];
    let of_write = [
        needed("POST", "/environments".to_owned()),
        needed("PUT", at("/password")),
        needed("DELETE", at("")),
    ];
    let reader = Program::of(&dashboard, &ada, &["read"]).await;
    let deployer = Program::of(&dashboard, &ada, &["deploy"]).await;
    for (program, refused) in [
        (&reader, [&of_deploy[..], &of_write].concat()),
        (&deployer, of_write.to_vec()),
    ] {
        program.get(&at("")).await.expect(200);
        for (method, path) in refused {
            let reply = program.send(method, &path, &[], "").await.expect(403);
            assert!(
                reply
                    .answer
                    .header("www-authenticate")
                    .contains("insufficient_scope")
            );
        }
    }
    deployer
        .post(&at("/deployments"), json!({}))
        .await
        .expect(202);
    dashboard.until_status(&made, "running").await;
    dashboard.close().await;
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_sentence() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let kind = [("content-type", "application/json")];
    let send = async |headers: &[(&str, &str)], body: &str| {
        program.send("POST", "/environments", headers, body).await
    };
    send(&kind, "{")
        .await
        .expect(400)
        .says("This is not JSON: look at line 1, column 1.");
    send(&kind, "[]")
        .await
        .expect(400)
        .says("Send a JSON object: one in braces.");
    send(&[], "{}").await.expect(415);
    send(&[kind[0], ("accept", "text/html")], "{}")
        .await
        .expect(406);
    send(&kind, &"x".repeat(70_000)).await.expect(413);
    let odd = send(
        &kind,
        r#"{ "name": "A", "password": "long enough", "nmae": 1 }"#,
    )
    .await;
    assert_eq!(odd.expect(422).wrong(), ("nmae", "There is no such field."));
    let missing = send(&kind, r#"{ "password": "long enough" }"#)
        .await
        .expect(422);
    assert_eq!(missing.wrong(), ("name", "Enter a name."));
    let several = send(&kind, "{}").await.expect(422);
    assert_eq!(several.json["errors"].as_array().unwrap().len(), 2);
    dashboard.close().await;
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    let method = program
        .send("PATCH", "/environments", &[], "")
        .await
        .expect(405);
    assert_eq!(method.answer.header("allow"), "GET,HEAD,POST");
    for path in [
        "/no/such/address",
        "/environments/env_1",
        "/environments/x/y/z",
    ] {
        program.get(path).await.expect(404).says(NOTHING);
    }
    for path in ["/api/", "/api/x", "/api/%ff", "/api/v2/environments"] {
        let answer = ada.get(path).await.expect(404);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn odd_long_and_large_requests_are_problems_too() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let program = Program::of(&dashboard, &ada, &["write"]).await;
    for path in [
        "/environments/%ff",
        "/people/%ff",
        "/environments/%ff/variables/%ff",
    ] {
        let reply = program.send("DELETE", path, &[], "").await;
        assert!([403, 404].contains(&reply.answer.status.as_u16()), "{path}");
    }
    let long = format!("/environments?q={}", "x".repeat(20_000));
    let long = program.get(&long).await.expect(414);
    long.says("This address is too long. Send less in its parameters.");
    let large = [("x-large", &*"x".repeat(40_000))];
    let large = program.send("GET", "/account", &large, "").await;
    let large = large.expect(431);
    large.says("The headers of this request are too large. Send fewer or shorter ones.");
    dashboard.close().await;
}

#[tokio::test]
async fn what_no_handler_gets_is_a_problem_below_the_api_and_a_page_elsewhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let refused = router::refused(false);
    let serving = tokio::spawn(web::serve(listener, Router::new(), refused, stop.clone()));
    let many = format!(" HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    for (rest, status) in [
        (" HTTP/9.9\r\n\r\n", "400"),
        (" HTTP/1.1\r\nno colon\r\n\r\n", "400"),
        (&*format!("?{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)), "414"),
        (&*many, "431"),
    ] {
        for (path, kind) in [
            ("/api/v1/account", "application/problem+json"),
            ("/environments", "text/html; charset=utf-8"),
            ("/api", "text/html; charset=utf-8"),
        ] {
            let answer = answered(address, &format!("GET {path}{rest}")).await;
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            assert!(head.contains(&format!("content-type: {kind}")), "{head}");
            assert!(head.contains("x-content-type-options: nosniff"), "{head}");
            assert!(head.contains(&format!("content-length: {}", body.len())));
        }
    }
    stop.cancel();
    serving.await.unwrap();
}

/// All that comes back until the server hangs up.
async fn answered(address: SocketAddr, sent: &str) -> String {
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = vec![];
    // What was sent and not read may reset the connection after the answer.
    let _ = client.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}
