//! Stories of a Coolify that refuses: each refusal is a sentence that says which step, why, and what to do.

use super::harness::{Dashboard, Made};
use super::person::Person;
use crate::coolify::Connection;
use crate::simulator::calls::Call;
use crate::simulator::faults::FaultKind;
use axum::http::{Method, StatusCode};
use axum::{Json, Router};
use secrecy::SecretString;
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

/// Deploys what cannot be deployed, and returns the sentence on its page.
async fn fails(dashboard: &Dashboard, owner: &Person, made: &Made) -> String {
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    let sentence = dashboard.until_error(made).await;
    let page = owner.get(&made.at("")).await.expect(200);
    assert!(page.says(&sentence) && page.says("failed"), "{sentence}");
    assert!(sentence.ends_with('.'), "{sentence}");
    sentence
}

/// And then it works, with one application.
async fn works_now(dashboard: &Dashboard, owner: &Person, made: &Made) {
    owner.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(made, "running").await;
    dashboard.record(made);
    assert!(dashboard.lets_in(made, &made.password).await);
}

/// A call, what goes wrong with it, the step it ends, and what the sentence says.
const REFUSALS: [(Call, FaultKind, &str, &str); 10] = [
    (
        Call::Any,
        FaultKind::Unauthenticated,
        "Application",
        "Coolify does not accept the token. Make a new one in Coolify and set COOLIFY_API_TOKEN to it.",
    ),
    (
        Call::Any,
        FaultKind::ForbiddenApiDisabled,
        "Application",
        "Coolify's API is switched off. Switch it on in Coolify's settings.",
    ),
    (
        Call::Find,
        FaultKind::ForbiddenAbility,
        "Application",
        "The token of Coolify lacks the permission “read”.",
    ),
    (
        Call::Create,
        FaultKind::ForbiddenAbility,
        "Application",
        "The token of Coolify lacks the permission “write”.",
    ),
    (
        Call::Create,
        FaultKind::EndpointMissing,
        "Application",
        "Update Coolify to 4.0.0 or newer.",
    ),
    (
        Call::Find,
        FaultKind::NotFound,
        "Application",
        "Check COOLIFY_ENVIRONMENT_NAME",
    ),
    (
        Call::StoragesAdd,
        FaultKind::ForbiddenAbility,
        "Settings",
        "lacks the permission “write”",
    ),
    (
        Call::StoragesList,
        FaultKind::EndpointMissing,
        "Settings",
        "Update Coolify to 4.0.0 or newer.",
    ),
    (
        Call::Deploy,
        FaultKind::ForbiddenAbility,
        "Build",
        "lacks the permission “deploy”",
    ),
    (
        Call::Deploy,
        FaultKind::NotFound,
        "Build",
        "The application is not in Coolify any more.",
    ),
];

#[tokio::test]
async fn a_refusal_for_good_ends_the_deployment_with_a_sentence() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Refused", false).await;
    for (call, fault, step, words) in REFUSALS {
        dashboard.fault(call, fault);
        let sentence = fails(&dashboard, &ada, &made).await;
        assert!(
            sentence.starts_with(&format!("Step “{step}”: ")),
            "{sentence}"
        );
        assert!(sentence.contains(words), "{sentence}");
        dashboard.simulator.clear_faults();
    }
    works_now(&dashboard, &ada, &made).await;
    dashboard.close().await;
}

/// A wrong setting.
type Mistake = fn(&mut Connection);

#[tokio::test]
async fn settings_that_coolify_does_not_know_are_named() {
    let wrong: [(Mistake, &str); 4] = [
        (
            |coolify| coolify.project_uuid = "x".repeat(24),
            "Check COOLIFY_PROJECT_UUID",
        ),
        (
            |coolify| coolify.environment_name = "staging".to_owned(),
            "Check COOLIFY_ENVIRONMENT_NAME",
        ),
        (
            |coolify| coolify.server_uuid = "x".repeat(24),
            "Check COOLIFY_SERVER_UUID",
        ),
        (
            |coolify| coolify.token = SecretString::from("2|wrong"),
            "set COOLIFY_API_TOKEN",
        ),
    ];
    for (change, words) in wrong {
        let dashboard =
            Dashboard::with(|setup| setup.coolify = Box::new(move |coolify, _| change(coolify)));
        let dashboard = dashboard.await;
        let ada = dashboard.person("Ada").await;
        let made = dashboard.make(&ada, "Misled", false).await;
        let sentence = fails(&dashboard, &ada, &made).await;
        assert!(sentence.contains(words), "{sentence}");
        assert!(dashboard.records(&made).is_empty());
        dashboard.close().await;
    }
}

/// A Coolify that has nothing and answers every wish for an application with this 422.
async fn refusing(body: serde_json::Value) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let refuse = async move |method: Method| match method {
        Method::POST => (StatusCode::UNPROCESSABLE_ENTITY, Json(body)),
        _ => (StatusCode::OK, Json(json!({ "applications": [] }))),
    };
    let router = Router::new().fallback(refuse);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Url::parse(&url).unwrap()
}

#[tokio::test]
async fn a_422_is_read_in_each_of_its_shapes() {
    let invalid = |errors| json!({ "message": "Validation failed.", "errors": errors });
    let shapes = [
        (
            invalid(json!({ "git_branch": ["It is no branch.", "It is too long."] })),
            "git_branch: It is no branch.; git_branch: It is too long. Check AGENT_BRANCH",
        ),
        (
            invalid(json!({ "destination_uuid": "It is of another server." })),
            "destination_uuid: It is of another server. Set COOLIFY_DESTINATION_UUID to one of the server's destinations",
        ),
        (
            invalid(json!(["Invalid URL: a", "Invalid URL: b"])),
            "Invalid URL: a; Invalid URL: b. Check the settings of the repository, the project and the server",
        ),
        (
            json!({ "message": "You need to provide at least one of environment_name or environment_uuid." }),
            "You need to provide at least one of environment_name or environment_uuid. Check the settings of the repository, the project and the server",
        ),
    ];
    for (body, words) in shapes {
        let url = refusing(body).await;
        let dashboard = Dashboard::with(|setup| {
            setup.coolify = Box::new(move |coolify, _| coolify.url = url.clone());
        });
        let dashboard = dashboard.await;
        let ada = dashboard.person("Ada").await;
        let made = dashboard.make(&ada, "Invalid", false).await;
        assert_eq!(
            fails(&dashboard, &ada, &made).await,
            format!("Step “Application”: Coolify refuses the request: {words}.")
        );
        dashboard.close().await;
    }
}

#[tokio::test]
async fn an_address_that_a_stranger_holds_is_not_taken_over() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Squatted", false).await;
    dashboard.squat(&made, "a-stranger").await;
    let sentence = fails(&dashboard, &ada, &made).await;
    assert!(
        sentence.contains("Its address is already used in Coolify by something else."),
        "{sentence}"
    );
    assert!(dashboard.records(&made).is_empty(), "and nothing was made");
    ada.post(&made.at("delete"), &[("confirmation", "Squatted")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    let stranger = &dashboard.ledger().applications[0];
    assert!(
        stranger.deleted_at.is_none(),
        "the stranger's application stays"
    );
    dashboard.close().await;
}

#[tokio::test]
async fn an_application_of_ours_that_coolify_made_unnoticed_is_adopted() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Adopted", false).await;
    dashboard.fault_once(Call::Create, FaultKind::HoldBefore);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_held(Call::Create).await;
    dashboard.squat(&made, &made.subdomain).await;
    dashboard.simulator.release();
    dashboard.until_status(&made, "running").await;
    assert_eq!(dashboard.calls("create", "409"), 1);
    dashboard.record(&made);
    assert!(dashboard.lets_in(&made, &made.password).await);
    dashboard.close().await;
}

#[tokio::test]
async fn an_answer_that_was_lost_makes_no_second_application() {
    for fault in [
        FaultKind::ResetAfter,
        FaultKind::ServerErrorAfter,
        FaultKind::MalformedJson,
        FaultKind::BadGatewayHtml,
    ] {
        let dashboard = Dashboard::open().await;
        // A build that ended before anybody looked again would be asked for again.
        dashboard
            .simulator
            .settings(|settings| settings.speed = 5.0);
        let ada = dashboard.person("Ada").await;
        for call in [Call::Create, Call::Envs, Call::StoragesAdd, Call::Deploy] {
            dashboard.fault_once(call, fault);
        }
        let made = dashboard.running(&ada, "Lost and found").await;
        let record = dashboard.record(&made);
        assert_eq!(
            (record.builds_started, record.volumes.len()),
            (1, 4),
            "{fault:?}"
        );
        assert!(dashboard.lets_in(&made, &made.password).await);
        dashboard.close().await;
    }
}

#[tokio::test]
async fn a_strangers_application_under_our_name_is_left_alone() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Namesake", false).await;
    let elsewhere = Made {
        subdomain: "elsewhere".to_owned(),
        ..made.clone()
    };
    dashboard.squat(&elsewhere, &made.subdomain).await;
    // With its answer lost, ours is looked for by name.
    dashboard.fault_once(Call::Create, FaultKind::ResetAfter);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_status(&made, "running").await;
    ada.post(&made.at("delete"), &[("confirmation", "Namesake")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    let records = dashboard.records(&made);
    assert_eq!(records.len(), 2, "{records:?}");
    assert_eq!(records[0].builds_started, 0);
    assert!(records[0].deleted_at.is_none() && records[1].deleted_at.is_some());
    dashboard.close().await;
}
