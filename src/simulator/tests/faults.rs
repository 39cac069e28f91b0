//! Everything that can be made to go wrong on the way.

use std::error::Error;
use std::io;

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{TestClient, eventually};
use crate::simulator::calls::Call;
use crate::simulator::faults::{Fault, FaultKind, Phase};

/// Where all applications are listed.
const PRODUCTION: &str = "/projects/zdoc9is0j8ht9lgmxg9edn58/production";

/// Whether a request failed because the other side reset the connection.
fn is_reset(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<io::Error>() {
            return inner.kind() == io::ErrorKind::ConnectionReset;
        }
        cause = inner.source();
    }
    false
}

#[tokio::test]
async fn a_reset_leaves_the_caller_in_doubt() {
    let client = TestClient::new().await;
    for (kind, created) in [(FaultKind::ResetBefore, 0), (FaultKind::ResetAfter, 1)] {
        client
            .simulator
            .fault(Fault::new(Call::Create, kind).times(1));
        let order = TestClient::order("violet");
        let error = client
            .send(Method::POST, "/applications/public", Some(&order))
            .await
            .unwrap_err();
        assert!(is_reset(&error), "{error:?}");
        assert_eq!(client.simulator.ledger().applications.len(), created);
    }
    assert_eq!(client.simulator.ledger().calls["create"]["reset"], 2);
    assert_eq!(client.get(PRODUCTION).await.0, StatusCode::OK);
}

#[tokio::test]
async fn server_errors_come_before_or_after_the_deed() {
    let client = TestClient::new().await;
    for (kind, created) in [
        (FaultKind::ServerErrorBefore, 0),
        (FaultKind::ServerErrorAfter, 1),
    ] {
        client
            .simulator
            .fault(Fault::new(Call::Create, kind).times(1));
        let (status, body) = client
            .post("/applications/public", &TestClient::order("violet"))
            .await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body, json!({ "message": "Server Error" }));
        assert_eq!(client.simulator.ledger().applications.len(), created);
    }
}

#[tokio::test]
async fn refusals_are_answered_instead() {
    let client = TestClient::new().await;
    for (kind, status, message) in [
        (FaultKind::TooManyRequests, 429, "Too Many Attempts."),
        (FaultKind::Unauthenticated, 401, "Unauthenticated."),
        (
            FaultKind::ForbiddenAbility,
            403,
            "Missing required permissions: read",
        ),
        (FaultKind::ForbiddenApiDisabled, 403, "API is disabled."),
        (FaultKind::NotFound, 404, "Application not found."),
        (FaultKind::EndpointMissing, 404, "Not found."),
    ] {
        client
            .simulator
            .fault(Fault::new(Call::Application, kind).times(1));
        let (answered, body) = client.get("/applications/some").await;
        assert_eq!(
            (answered.as_u16(), &body["message"]),
            (status, &json!(message))
        );
    }
}

#[tokio::test]
async fn a_proxy_answers_without_json_until_it_is_cleared() {
    let client = TestClient::new().await;
    client
        .simulator
        .fault(Fault::new(Call::Any, FaultKind::BadGatewayHtml).times(1));
    let response = client.send(Method::GET, "/version", None).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=UTF-8"
    );
    client
        .simulator
        .fault(Fault::new(Call::Any, FaultKind::Unavailable));
    assert_eq!(
        client.get("/version").await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    client.simulator.clear_faults();
    assert_eq!(client.get("/version").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_fault_skips_and_counts() {
    let client = TestClient::new().await;
    let path = format!("/applications/{}", client.create("violet").await);
    client.simulator.fault(Fault {
        skip: 1,
        ..Fault::new(Call::Application, FaultKind::ServerErrorBefore).times(1)
    });
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(client.get(&path).await.0.as_u16());
    }
    assert_eq!(statuses, [200, 500, 200]);
    assert_eq!(client.simulator.faults()[0].struck, 1);
}

#[tokio::test]
async fn answers_may_be_cut_or_drip() {
    let client = TestClient::new().await;
    client
        .simulator
        .fault(Fault::new(Call::Find, FaultKind::MalformedJson).times(1));
    client.create("violet").await;
    let (status, body) = client.get(PRODUCTION).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.is_string());
    client
        .simulator
        .fault(Fault::new(Call::Find, FaultKind::SlowDrip).times(1));
    let response = client.send(Method::GET, PRODUCTION, None).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.text().await.is_err());
}

#[tokio::test]
async fn a_held_call_waits_for_its_release() {
    let client = TestClient::new().await;
    client
        .simulator
        .fault(Fault::new(Call::Create, FaultKind::HoldBefore).times(1));
    client
        .simulator
        .fault(Fault::new(Call::Create, FaultKind::HoldAfter).times(1));
    for (phase, name, done) in [(Phase::Before, "violet", 0), (Phase::After, "rose", 2)] {
        let order = TestClient::order(name);
        let held = async {
            eventually(|| client.simulator.held().len() == 1).await;
            assert_eq!(client.simulator.held()[0].phase, phase);
            assert_eq!(client.simulator.ledger().applications.len(), done);
            client.simulator.release();
        };
        let ((status, _), ()) = tokio::join!(client.post("/applications/public", &order), held);
        assert_eq!(status, StatusCode::CREATED);
    }
    assert!(client.simulator.held().is_empty());
}

#[tokio::test]
async fn a_held_call_whose_caller_left_is_dropped_or_lands() {
    let client = TestClient::new().await;
    let left = || {
        let calls = client.simulator.ledger().calls;
        let answers = calls.get("create").cloned().unwrap_or_default();
        answers.get("left").copied().unwrap_or(0)
    };
    for (lands_anyway, created) in [(false, 0), (true, 1)] {
        client.simulator.fault(Fault {
            lands_anyway,
            ..Fault::new(Call::Create, FaultKind::HoldBefore).times(1)
        });
        let (before, order) = (left(), TestClient::order("violet"));
        let call = client.send(Method::POST, "/applications/public", Some(&order));
        tokio::select! {
            _ = call => unreachable!("it is held"),
            () = eventually(|| client.simulator.held().len() == 1) => {}
        }
        eventually(|| left() == before + 1).await;
        assert_eq!(client.simulator.held().len(), created);
        client.simulator.release();
        eventually(|| client.simulator.ledger().applications.len() == created).await;
    }
}

#[tokio::test]
async fn a_hanging_call_is_never_answered() {
    let client = TestClient::new().await;
    client
        .simulator
        .fault(Fault::new(Call::Version, FaultKind::Hang).times(1));
    tokio::select! {
        _ = client.get("/version") => unreachable!("it hangs"),
        () = eventually(|| client.simulator.faults()[0].struck == 1) => {}
    }
    eventually(|| client.simulator.ledger().calls.contains_key("version")).await;
    assert_eq!(client.simulator.ledger().calls["version"]["hang"], 1);
}

#[tokio::test]
async fn an_address_can_be_struck_too_but_not_by_any() {
    let client = TestClient::new().await.without_rate_limit();
    client.running("violet").await;
    client
        .simulator
        .fault(Fault::new(Call::Any, FaultKind::ServerErrorBefore));
    assert_ne!(
        client.visit("violet.localhost", "/healthz").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    client
        .simulator
        .fault(Fault::new(Call::Address, FaultKind::ServerErrorBefore));
    assert_eq!(
        client.visit("violet.localhost", "/healthz").await.0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
}
