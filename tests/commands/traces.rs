//! Traces for a collector over HTTP, in executables that have them.

use crate::database;
use crate::program::Program;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What a collector was sent, as text: the names in a span are readable in it.
type Sent = Arc<Mutex<String>>;

/// Starts a collector; returns its address.
async fn collector(sent: Sent) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let keep = async move |body: Bytes| {
        sent.lock()
            .unwrap()
            .push_str(&String::from_utf8_lossy(&body));
    };
    let router = Router::new().route("/v1/traces", post(keep));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_is_sent_a_span_of_each_request_by_the_end() {
    let (database, sent) = (database::create("traces").await, Sent::default());
    let collector = collector(sent.clone()).await;
    let serve = Program::new(&["serve"]).able_to_serve(&database);
    let serve = serve.with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector);
    let (serve, address) = serve.start("serving address=");
    let page = reqwest::get(format!("http://{}/login", address.trim()))
        .await
        .unwrap();
    let id = page.headers()["x-request-id"].to_str().unwrap().to_owned();
    serve.stop("TERM").with(0);
    let sent = sent.lock().unwrap().clone();
    for words in ["vps-claude", "GET /login", "answered", &id] {
        assert!(sent.contains(words), "{words} is not in\n{sent}");
    }
    database::remove(&database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_or_where_none_listens_everything_works() {
    let database = database::create("traces").await;
    for endpoint in ["", "http://127.0.0.1:1", "nonsense"] {
        let serve = Program::new(&["serve"]).able_to_serve(&database);
        let serve = serve.with("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        let (serve, address) = serve.start("serving address=");
        let page = reqwest::get(format!("http://{}/login", address.trim())).await;
        assert_eq!(page.unwrap().status(), 200, "{endpoint}");
        serve.stop("TERM").with(0);
    }
    database::remove(&database).await;
}
