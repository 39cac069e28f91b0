//! Requests against somebody who answers as a test wants: redirects, refusals, and what is worth another attempt.

use super::*;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The header of an answer that is JSON.
pub const JSON: &str = "content-type: application/json\r\n";
/// The header of an answer that is a problem.
pub const PROBLEM: &str = "content-type: application/problem+json\r\n";

/// Answers these one after the other, each to a connection of its own; the last one for ever.
pub struct Answering {
    pub address: Address,
    /// The head of each request.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Answering {
    /// Begins to answer.
    pub async fn with(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heads = Arc::clone(&asked);
        tokio::spawn(async move {
            for number in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = vec![];
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap().to_lowercase();
                heads.lock().unwrap().push(head);
                let answer = answers.get(number).or(answers.last()).unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let address = Address::parse(&address).unwrap();
        Self { address, asked }
    }

    async fn send(&self, request: Request<'_>) -> Result<Value, Failure> {
        let client = Client::new(self.address.clone(), &"vpsc_a".into()).unwrap();
        client.send(&request).await.map(|reply| reply.json)
    }

    /// The head of each request so far, in lower case.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer with these headers, each with its end of line.
pub fn answer(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} As It Is\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

/// A problem of the API.
pub fn problem(status: u16, headers: &str) -> String {
    let body = format!("{{\"status\":{status},\"detail\":\"It is so.\"}}");
    let headers = format!("{PROBLEM}{headers}");
    answer(status, &headers, &body)
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let elsewhere = Answering::with(vec![answer(200, JSON, "{}")]).await;
    let place = format!("location: {}/account\r\n", elsewhere.address.text());
    let dashboard = Answering::with(vec![answer(307, &place, "")]).await;
    let failure = dashboard
        .send(Request::get(&["account"]))
        .await
        .unwrap_err();
    assert_eq!(failure.exit, Exit::Unreachable);
    let target = format!("a redirect to {}/account,", elsewhere.address.text());
    assert!(failure.sentence.contains(&target), "{failure:?}");
    // It may be a sign-in of somebody else's, which must not get the token.
    assert!(!failure.sentence.contains("login"), "{failure:?}");
    assert_eq!(dashboard.asked().len(), 1);
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn who_asks_too_often_waits_as_long_as_the_dashboard_says() {
    let often = problem(429, "retry-after: 0\r\n");
    let dashboard = Answering::with(vec![often.clone(), often, answer(200, JSON, "{}")]).await;
    dashboard.send(Request::post(&["a"])).await.unwrap();
    assert_eq!(dashboard.asked().len(), 3);
}

#[tokio::test]
async fn what_may_have_been_done_is_sent_again_only_with_its_key() {
    let away = answer(
        502,
        "content-type: text/html\r\nretry-after: 0\r\n",
        "<p>Bad</p>",
    );
    let answers = vec![away, answer(200, JSON, "{}")];
    let dashboard = Answering::with(answers.clone()).await;
    let failure = dashboard
        .send(Request::post(&["cancel"]))
        .await
        .unwrap_err();
    assert_eq!(failure.exit, Exit::Unreachable);
    assert_eq!(dashboard.asked().len(), 1);
    let dashboard = Answering::with(answers).await;
    dashboard
        .send(Request::post(&["create"]).once())
        .await
        .unwrap();
    assert_eq!(keys(&dashboard).len(), 2);
}

/// The keys of all requests so far, which must be the same.
fn keys(dashboard: &Answering) -> Vec<String> {
    let heads = dashboard.asked().concat();
    let lines = heads.lines();
    let keys = lines.filter(|line| line.starts_with("idempotency-key: "));
    let keys: Vec<String> = keys.map(str::to_owned).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    keys
}

#[tokio::test]
async fn a_request_that_is_still_under_way_is_sent_again_with_its_key() {
    let soon = "retry-after: 0\r\n";
    let under_way = vec![problem(409, soon); 4];
    let created = answer(201, JSON, "{}");
    let answers = [vec![problem(504, soon)], under_way, vec![created]].concat();
    let dashboard = Answering::with(answers).await;
    let request = Request::post(&["environments"]).once();
    dashboard.send(request).await.unwrap();
    assert_eq!(keys(&dashboard).len(), 6);
}

#[tokio::test]
async fn a_password_is_not_sent_again_when_its_answer_is_lost() {
    let lost = answer(502, "retry-after: 0\r\n", "");
    let dashboard = Answering::with(vec![lost, answer(202, JSON, "{}")]).await;
    let request = Request::put(&["password"], Value::Null);
    let failure = dashboard.send(request).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Unreachable);
    let unknown = "It is not known whether the request arrived";
    assert!(failure.sentence.contains(unknown), "{failure:?}");
    assert_eq!(dashboard.asked().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_final_and_has_its_exit_code() {
    for (status, exit) in [
        (400, Exit::Refused),
        (401, Exit::NotAllowed),
        (403, Exit::NotAllowed),
        (404, Exit::NotFound),
        (409, Exit::Refused),
        (410, Exit::NotFound),
        (412, Exit::Refused),
        (422, Exit::Refused),
        (500, Exit::Unreachable),
    ] {
        let dashboard = Answering::with(vec![problem(status, "")]).await;
        let failure = dashboard.send(Request::get(&["a"])).await.unwrap_err();
        assert_eq!(
            (failure.exit, failure.sentence.as_str()),
            (exit, "It is so.")
        );
        assert_eq!(failure.json()["status"], status);
        assert_eq!(dashboard.asked().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn something_else_that_answers_is_not_taken_for_a_dashboard() {
    for other in [
        answer(200, "content-type: text/html\r\n", "<p>Welcome</p>"),
        answer(200, JSON, "not JSON"),
        answer(404, "", ""),
        answer(204, "", ""),
        answer(
            404,
            JSON,
            r#"{"message":"no Route matched with those values"}"#,
        ),
        answer(404, JSON, r#"{"detail":"Not Found"}"#),
        answer(404, PROBLEM, r#"{"status":404,"title":"Not Found"}"#),
        answer(200, PROBLEM, r#"{"detail":"It is so."}"#),
        answer(401, JSON, r#"{"message":"Unauthorized"}"#),
        answer(403, JSON, r#"{"message":"Forbidden"}"#),
    ] {
        let dashboard = Answering::with(vec![other]).await;
        let failure = dashboard.send(Request::get(&["a"])).await.unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(
            failure.sentence.contains("Check the address"),
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn the_token_is_sent_and_the_dashboards_clock_is_read() {
    let date = "date: Mon, 30 Nov 2026 12:00:00 GMT\r\n";
    let headers = format!("{JSON}{date}");
    let dashboard = Answering::with(vec![answer(200, &headers, "{}")]).await;
    let client = Client::new(dashboard.address.clone(), &"vpsc_a".into()).unwrap();
    let request = Request::get(&["account"]).asking("q", "a&b");
    let reply = client.send(&request).await.unwrap();
    let expected = time::macros::datetime!(2026-11-30 12:00:00 UTC);
    assert_eq!(reply.date, Some(expected));
    let asked = dashboard.asked().concat();
    assert!(
        asked.starts_with("get /api/v1/account?q=a%26b http"),
        "{asked}"
    );
    assert!(
        asked.contains("authorization: bearer vpsc_a\r\n"),
        "{asked}"
    );
}
