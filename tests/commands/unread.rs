//! A proxy that sends a request's body a moment after its head, and then the next request on the same connection.

use crate::database;
use crate::program::Program;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than an answer takes that waits for nothing.
const MOMENT: Duration = Duration::from_millis(200);

/// Requests that are answered whatever their body says, with the status of the answer.
const REQUESTS: [(&str, &str); 6] = [
    (
        "POST /register HTTP/1.1\r\norigin: https://evil.example",
        "403",
    ),
    (
        "POST /environments HTTP/1.1\r\nsec-fetch-site: same-origin",
        "303",
    ),
    (
        "POST /nowhere HTTP/1.1\r\nsec-fetch-site: same-origin",
        "404",
    ),
    ("POST /healthz HTTP/1.1", "405"),
    ("POST /environments/changes HTTP/1.1", "405"),
    ("GET /login HTTP/1.1", "200"),
];

#[tokio::test]
async fn a_refusal_that_comes_before_its_body_leaves_the_connection_open() {
    let database = database::create("unread").await;
    let (dashboard, address) = Program::new(&["serve"])
        .able_to_serve(&database)
        .start("serving address=");
    for (request, status) in REQUESTS {
        let mut proxy = TcpStream::connect(&address).await.unwrap();
        let head = format!("{request}\r\nhost: {address}\r\ncontent-length: 4\r\n\r\n");
        proxy.write_all(head.as_bytes()).await.unwrap();
        let early = timeout(MOMENT, proxy.read_u8()).await;
        assert!(
            early.is_err(),
            "{request} was answered before its body came"
        );
        proxy.write_all(b"a=bc").await.unwrap();
        let next = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        proxy.write_all(next.as_bytes()).await.unwrap();
        let mut answers = String::new();
        proxy.read_to_string(&mut answers).await.unwrap();
        assert!(
            answers.starts_with(&format!("HTTP/1.1 {status}")),
            "{request}: {answers}"
        );
        assert!(answers.ends_with("\r\n\r\nok\n"), "{request}: {answers}");
    }
    dashboard.stop("TERM").with(0);
    database::remove(&database).await;
}
