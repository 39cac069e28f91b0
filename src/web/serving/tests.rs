//! What clients get that send too little, too much, too slowly or something else than HTTP, over real connections.

use crate::http::limits::{self, Refuse};
use crate::web::connection::Timeouts;
use crate::web::{error, error_page, guard, serving};
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(50);
/// More than the buffers of a connection hold.
const LARGE_BYTES: usize = 64 << 20;

/// A server that ends when it is dropped.
struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// A few pages behind the limits of every request, with so much time for a head, between requests and for a body.
async fn server(head: Duration, idle: Duration, body: Duration) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let refuse: Refuse = error_page::without_visitor;
    let router = Router::new()
        .route("/", get("hello").post(async |sent: String| sent))
        .route("/large", get(async || "x".repeat(LARGE_BYTES)))
        .method_not_allowed_fallback(error::no_such_method)
        .fallback(error::no_such_page)
        .layer(from_fn(error_page::of_polls))
        .layer(from_fn_with_state(refuse, limits::head))
        .layer(from_fn_with_state((body, refuse), limits::whole_body))
        .layer(from_fn_with_state(false, guard::headers));
    let stop = CancellationToken::new();
    let timeouts = Timeouts { head, idle };
    let refused = serving::Refused {
        secure: false,
        below: None,
    };
    let serving = serving::serve(listener, router, refused, timeouts, stop.clone());
    Server {
        address,
        stop,
        serving: tokio::spawn(serving),
    }
}

impl Server {
    async fn connect(&self, sent: &[u8]) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(sent).await.unwrap();
        client
    }

    /// All that comes back until the server hangs up.
    async fn answer(&self, sent: &[u8]) -> String {
        rest(self.connect(sent).await).await
    }
}

async fn rest(mut client: TcpStream) -> String {
    let mut answer = vec![];
    let _ = client.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// Reads up to this text.
async fn until(client: &mut TcpStream, end: &str) -> String {
    let mut answer = String::new();
    while !answer.ends_with(end) {
        let byte = client.read_u8().await.unwrap();
        answer.push(char::from(byte));
    }
    answer
}

/// Fails unless it is the whole page of an error, with everything that our answers have.
#[track_caller]
fn is_page(answer: &str, status: &str, sentence: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    for header in [
        "content-type: text/html",
        "vps-claude-build: ",
        "content-security-policy: ",
    ] {
        assert!(head.contains(header), "{header} is not in {head}");
    }
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    assert!(
        body.contains("id=\"alert\"") && body.contains(sentence),
        "{body}"
    );
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_with_a_page_and_silence_with_nothing() {
    let server = server(SHORT, LONG, LONG).await;
    for begun in [
        "G",
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nhost: a.b\r\nx: ",
    ] {
        let answer = server.answer(begun.as_bytes()).await;
        is_page(&answer, "408 Request Timeout", "took too long to arrive");
    }
    assert_eq!(server.answer(b"").await, "");
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for_longer() {
    let server = server(SHORT, LONG, LONG).await;
    let client = server.connect(b"GET / HTTP/1.1\r\n").await;
    let (mut reads, mut writes) = client.into_split();
    let drip = tokio::spawn(async move {
        while writes.write_all(b"x: y\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    let mut answer = vec![];
    let _ = reads.read_to_end(&mut answer).await;
    drip.await.unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_come_ends_with_a_page() {
    let server = server(LONG, LONG, SHORT).await;
    for head in ["content-length: 9", "transfer-encoding: chunked"] {
        let sent = format!("POST / HTTP/1.1\r\nhost: a.b\r\n{head}\r\n\r\n5\r\nabc");
        let answer = server.answer(sent.as_bytes()).await;
        is_page(&answer, "408", "took too long to arrive");
    }
}

#[tokio::test]
async fn a_connection_that_rests_ends_without_an_answer() {
    let server = server(LONG, SHORT, LONG).await;
    let mut client = server.connect(b"GET / HTTP/1.1\r\nhost: a.b\r\n\r\n").await;
    until(&mut client, "hello").await;
    assert_eq!(rest(client).await, "");
}

#[tokio::test]
async fn who_reads_nothing_of_an_answer_is_not_waited_for() {
    let server = server(LONG, SHORT, LONG).await;
    let mut stalled = server
        .connect(b"GET /large HTTP/1.1\r\nhost: a.b\r\n\r\n")
        .await;
    stalled.read_u8().await.unwrap();
    server.stop.cancel();
    server.serving.await.unwrap();
    drop(stalled);
}

#[tokio::test]
async fn what_is_no_request_is_answered_with_a_page() {
    let server = server(LONG, LONG, LONG).await;
    for odd in [
        "hello\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "G\u{1}T / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n\r\n",
        "GET ht!tp://a b/ HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a.b\r\ncontent-length: many\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a.b\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: a.b\r\ntransfer-encoding: odd\r\n\r\n",
    ] {
        let answer = server.answer(odd.as_bytes()).await;
        is_page(
            &answer,
            "400 Bad Request",
            "This request could not be read.",
        );
    }
}

#[tokio::test]
async fn long_addresses_and_large_headers_are_named() {
    let server = server(LONG, LONG, LONG).await;
    for length in [17_000, 70_000, 100_000] {
        let sent = format!(
            "GET /?q={} HTTP/1.1\r\nconnection: close\r\n\r\n",
            "x".repeat(length)
        );
        let answer = server.answer(sent.as_bytes()).await;
        is_page(&answer, "414", "This address is too long.");
    }
    let headers = async |headers: &str| {
        let sent = format!("GET / HTTP/1.1\r\nhost: a.b:81\r\nconnection: close\r\n{headers}\r\n");
        server.answer(sent.as_bytes()).await
    };
    let one = format!("x: {}\r\n", "y".repeat(40_000));
    for large in [
        one,
        "x: y\r\n".repeat(200),
        format!("x: {}\r\n", "y".repeat(130_000)),
    ] {
        is_page(
            &headers(&large).await,
            "431",
            "The headers of this request are too large.",
        );
    }
    let cookies = format!("cookie: a={}\r\n", "b".repeat(10_000)).repeat(4);
    is_page(
        &headers(&cookies).await,
        "431",
        "Remove the cookies of a.b:81 in your browser",
    );
}

#[tokio::test]
async fn a_large_body_is_refused_with_a_page_however_it_is_sent() {
    let server = server(LONG, LONG, LONG).await;
    for size in [65_537, 2 << 20] {
        let body = "x".repeat(size);
        let head = "POST / HTTP/1.1\r\nhost: a.b\r\nconnection: close\r\n";
        let sized = format!("{head}content-length: {size}\r\n\r\n{body}");
        let chunked =
            format!("{head}transfer-encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n");
        for sent in [sized, chunked] {
            is_page(
                &server.answer(sent.as_bytes()).await,
                "413",
                "larger than anything",
            );
        }
    }
}

#[tokio::test]
async fn older_and_unusual_requests_are_served() {
    let server = server(LONG, LONG, LONG).await;
    for (sent, status, body) in [
        ("GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200", "hello"),
        ("HEAD / HTTP/1.0\r\n\r\n", "HTTP/1.0 200", ""),
        (
            "GET / HTTP/1.1\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 200",
            "hello",
        ),
        (
            "\r\nGET http://a.b/ HTTP/1.1\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 200",
            "hello",
        ),
        (
            "OPTIONS / HTTP/1.1\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 204",
            "",
        ),
        (
            "POST / HTTP/1.1\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200",
            "ok",
        ),
    ] {
        let answer = server.answer(sent.as_bytes()).await;
        assert!(answer.starts_with(status), "{sent}{answer}");
        assert!(
            answer.ends_with(&format!("\r\n\r\n{body}")),
            "{sent}{answer}"
        );
    }
}

#[tokio::test]
async fn unusual_methods_and_targets_are_answered_with_a_page() {
    let server = server(LONG, LONG, LONG).await;
    for odd in [
        "OPTIONS *",
        "CONNECT a.b:443",
        "GET //a",
        "TRACE /",
        "BREW /",
        "GET /%2f%ff",
    ] {
        let sent = format!("{odd} HTTP/1.1\r\nhost: a.b\r\nconnection: close\r\n\r\n");
        is_page(&server.answer(sent.as_bytes()).await, "40", "</p>");
    }
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_order() {
    let server = server(LONG, LONG, LONG).await;
    let sent = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none\
                POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\ntwo\
                GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = server.answer(sent.as_bytes()).await;
    let place = |text| answer.find(text).unwrap_or_else(|| panic!("{answer}"));
    assert!(place("one") < place("two") && place("two") < place("hello"));
}

#[tokio::test]
async fn a_request_that_is_open_is_finished_before_the_server_stops() {
    let server = server(LONG, LONG, LONG).await;
    let head = b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
    let mut client = server.connect(head).await;
    until(&mut client, "100 Continue\r\n\r\n").await;
    let resting = server.connect(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.stop.cancel();
    let resting = rest(resting).await;
    assert!(
        resting.is_empty() || resting.ends_with("hello"),
        "{resting}"
    );
    client.write_all(b"last").await.unwrap();
    assert!(rest(client).await.ends_with("last"));
    server.serving.await.unwrap();
}
