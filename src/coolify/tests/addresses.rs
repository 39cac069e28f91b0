//! What the prober makes of what answers at an environment's address.

use super::server::{answer, serve};
use crate::coolify::Probe;
use crate::domain::judge::{Answer, Heartbeat};
use axum::body::Body;
use axum::http::Response;
use futures_util::stream;
use std::convert::Infallible;
use time::macros::datetime;

fn silent(why: &str) -> Answer {
    Answer::Silent(why.to_owned())
}

#[tokio::test]
async fn an_address_is_alive_only_if_code_server_answers() {
    let alive = r#"{"status":"alive","lastHeartbeat":1790000000000}"#;
    let never = Answer::Alive(Heartbeat::Never);
    let cases = [
        (200, alive, Answer::Alive(Heartbeat::Now)),
        (200, r#"{"status":"expired"}"#, never.clone()),
        (200, r#"{"status":"expired","lastHeartbeat":0}"#, never),
        (
            200,
            r#"{"status":"expired","lastHeartbeat":1790000000999}"#,
            Answer::Alive(Heartbeat::At(datetime!(2026-09-21 14:13:20 UTC))),
        ),
        (
            201,
            alive,
            silent("something else than code-server answers there"),
        ),
        (
            200,
            "<html>",
            silent("something else than code-server answers there"),
        ),
        (302, "", silent("it redirects elsewhere")),
        (404, alive, silent("the proxy does not know it yet")),
        (
            503,
            alive,
            silent("the proxy in front of it says it is not available"),
        ),
        (401, alive, silent("it refuses the request")),
    ];
    let probe = Probe::new().unwrap();
    for (status, body, expected) in cases {
        let (address, asked) = serve(move || answer(status, &[], body)).await;
        let url = format!("http://some-name.localhost:{}", address.port());
        assert_eq!(probe.look(&url).await, expected, "{status} {body}");
        assert_eq!(*asked.lock().unwrap(), ["GET /healthz"]);
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_not_read_to_its_end() {
    let (address, _) = serve(|| {
        let endless = stream::iter(std::iter::repeat_with(|| {
            Ok::<_, Infallible>("x".repeat(1_000))
        }));
        Response::new(Body::from_stream(endless))
    })
    .await;
    let probe = Probe::new().unwrap();
    let found = probe.look(&format!("http://{address}")).await;
    assert_eq!(
        found,
        silent("something else than code-server answers there")
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_says_so() {
    let probe = Probe::new().unwrap();
    let found = probe.look("http://nothing.invalid").await;
    assert_eq!(found, silent("its name cannot be resolved (DNS)"));
}
