//! What becomes of each call when the answer is no plain success.

use super::server::{answer, client, client_of, every_call, serve};
use crate::coolify::{Asked, Error};
use crate::domain::resources::Resources;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a proxy says in Coolify's place.
const PAGES: [&str; 4] = [
    "",
    "404 page not found\n",
    "<html>Forbidden</html>",
    r#"{"error":"no"}"#,
];

#[tokio::test]
async fn a_proxys_answer_is_not_coolifys_word_in_any_call() {
    for status in [
        400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 502, 503, 504,
    ] {
        for page in PAGES {
            let client = client(status, &[("retry-after", "9")], page).await;
            for (call, changes, ended) in every_call(&client).await {
                let place = format!("{call} {status} {page}");
                let Err(Error::Unreachable {
                    why,
                    unsure,
                    retry_after,
                }) = ended
                else {
                    panic!("{place}: {ended:?}")
                };
                assert!(!why.is_empty(), "{place}");
                assert_eq!(retry_after, Some(Duration::from_secs(9)), "{place}");
                let may_be_done = status > 500 || status == 408;
                assert_eq!(unsure, changes && may_be_done, "{place}");
            }
        }
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_read_is_none_and_what_it_changed_is_unsure() {
    for body in ["", "<html>Welcome</html>", "{\"uuid\":\"a"] {
        let client = client(200, &[], body).await;
        for (call, changes, ended) in every_call(&client).await {
            let Err(Error::Unreachable { why, unsure, .. }) = ended else {
                panic!("{call} {body}: {ended:?}")
            };
            assert_eq!(
                (why.as_str(), unsure),
                ("its answer could not be read", changes),
                "{call} {body}"
            );
        }
    }
}

#[tokio::test]
async fn an_object_of_something_else_is_no_list() {
    let client = client(200, &[], r#"{"message":"Welcome."}"#).await;
    for (call, _, ended) in every_call(&client).await {
        let needs_no_more = [
            "set_variables",
            "remove_variable",
            "set_resources",
            "add_volume",
            "cancel",
            "remove",
            "server_state",
            "server_limits",
        ];
        assert_eq!(
            ended.is_ok(),
            needs_no_more.contains(&call),
            "{call}: {ended:?}"
        );
    }
}

#[tokio::test]
async fn a_redirect_names_the_setting() {
    let client = client(302, &[("location", "https://elsewhere.example/")], "").await;
    for (call, _, ended) in every_call(&client).await {
        let Err(Error::Refused(sentence)) = ended else {
            panic!("{call}: {ended:?}")
        };
        assert!(sentence.contains("COOLIFY_API_URL"), "{sentence}");
    }
}

#[tokio::test]
async fn a_full_queue_is_not_the_rate_limit() {
    let full = [("retry-after", "60"), ("x-ratelimit-remaining", "180")];
    let full = client(429, &full, r#"{"message":"Deployment queue is full. Please wait for running deployments to complete."}"#).await;
    let asked = full.deploy("a", false).await;
    assert!(
        matches!(asked, Err(Error::QueueFull { retry_after }) if retry_after.as_secs() == 60),
        "{asked:?}"
    );
    let headers = [
        ("retry-after", "17"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1790000000"),
    ];
    let limited = client(
        429,
        &headers,
        "{\n    \"message\": \"Too Many Attempts.\"\n}",
    )
    .await;
    for (call, _, ended) in every_call(&limited).await {
        assert!(
            matches!(ended, Err(Error::RateLimited { retry_after }) if retry_after.as_secs() == 17),
            "{call}: {ended:?}"
        );
    }
    let silent = client(429, &[], r#"{"message":"Too Many Attempts."}"#).await;
    let asked = silent.version().await;
    assert!(
        matches!(asked, Err(Error::RateLimited { retry_after }) if retry_after.as_secs() == 60),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_wait_is_heeded_on_503_and_never_beyond_five_minutes() {
    let date = ("date", "Wed, 25 Nov 2026 10:00:00 GMT");
    for (value, seconds) in [
        ("30", 30),
        ("7200", 300),
        ("Wed, 25 Nov 2026 10:02:00 GMT", 120),
    ] {
        for body in ["<html>", r#"{"message":"Service Unavailable"}"#] {
            let client = client(503, &[("retry-after", value), date], body).await;
            let asked = client.deploy("a", false).await;
            let Err(Error::Unreachable { retry_after, .. }) = asked else {
                panic!("{asked:?}")
            };
            assert_eq!(retry_after, Some(Duration::from_secs(seconds)), "{value}");
        }
    }
}

#[tokio::test]
async fn only_a_build_that_has_ended_is_fine_not_to_be_cancelled() {
    let ended = r#"{"message":"Deployment cannot be cancelled. Current status: finished"}"#;
    client(400, &[], ended).await.cancel("d").await.unwrap();
    client(
        200,
        &[],
        r#"{"message":"Deployment cancelled successfully."}"#,
    )
    .await
    .cancel("d")
    .await
    .unwrap();
    let other = client(400, &[], r#"{"message":"Invalid token."}"#)
        .await
        .cancel("d")
        .await;
    assert!(
        matches!(&other, Err(Error::Refused(sentence)) if sentence.contains("Invalid token")),
        "{other:?}"
    );
    let other = client(403, &[], ended).await.cancel("d").await;
    assert!(matches!(other, Err(Error::Refused(_))), "{other:?}");
    let gone = client(404, &[], r#"{"message":"Deployment not found."}"#)
        .await
        .cancel("d")
        .await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
}

#[tokio::test]
async fn a_build_is_asked_for_or_already_queued_or_refused() {
    let deploy = async |message: &str| {
        let body =
            format!(r#"{{"deployments":[{{"message":"{message}","deployment_uuid":"d"}}]}}"#);
        client(200, &[], &body).await.deploy("a", false).await
    };
    let queued = deploy("Application a deployment queued.").await.unwrap();
    assert_eq!(queued, Asked::Build("d".to_owned()));
    let already = deploy("Deployment already queued for this commit.")
        .await
        .unwrap();
    assert_eq!(already, Asked::AlreadyQueued);
    let refused = deploy("Unauthorized to deploy this application.").await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    let none = client(200, &[], r#"{"deployments":[]}"#)
        .await
        .deploy("a", false)
        .await
        .unwrap();
    assert_eq!(none, Asked::AlreadyQueued);
}

#[tokio::test]
async fn several_destinations_name_their_setting() {
    let bodies = [
        (
            400,
            r#"{"message":"Server has multiple destinations and you do not set destination_uuid."}"#,
        ),
        (
            422,
            r#"{"message":"Validation failed.","errors":{"destination_uuid":"Provided destination_uuid does not belong to the specified server."}}"#,
        ),
    ];
    for (status, body) in bodies {
        let refused = client(status, &[], body)
            .await
            .create("a", "b", "c", Resources::default())
            .await;
        assert!(
            matches!(&refused, Err(Error::Refused(sentence)) if sentence.contains("Set COOLIFY_DESTINATION_UUID")),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn what_coolify_would_refuse_or_misread_is_not_sent() {
    let (address, asked) = serve(|| answer(500, &[], "")).await;
    client_of(address).set_variables("a", &[]).await.unwrap();
    assert!(asked.lock().unwrap().is_empty());
    let named = client_of(address);
    drop(named.recent_build("a").await);
    drop(named.remove("a").await);
    let expected = [
        "GET /api/v1/deployments/applications/a?take=1",
        "DELETE /api/v1/applications/a?delete_volumes=1&docker_cleanup=0",
    ];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_a_change_unsure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_of(listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = socket.read(&mut request).await;
            let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"uuid\":";
            let _ = socket.write_all(half).await;
        }
    });
    for (call, changes, ended) in every_call(&client).await {
        let Err(Error::Unreachable { unsure, .. }) = ended else {
            panic!("{call}: {ended:?}")
        };
        assert_eq!(unsure, changes, "{call}");
    }
}

#[tokio::test]
async fn nothing_was_done_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client_of(listener.local_addr().unwrap());
    drop(listener);
    for (call, _, ended) in every_call(&client).await {
        assert!(
            matches!(&ended, Err(Error::Unreachable { why, unsure: false, .. }) if why == "the connection was refused"),
            "{call}: {ended:?}"
        );
    }
}

#[tokio::test]
async fn the_limits_of_the_server_are_read() {
    let body =
        r#"{"uuid":"server","settings":{"concurrent_builds":3,"deployment_queue_limit":40}}"#;
    let limits = client(200, &[], body).await.server_limits().await.unwrap();
    assert_eq!(
        (limits.concurrent_builds, limits.deployment_queue_limit),
        (3, 40)
    );
    let version = client(200, &[], "v4.3.11\n").await.version().await.unwrap();
    assert_eq!(version, "4.3.11");
}

#[tokio::test]
async fn what_terminals_understand_is_neither_a_version_nor_a_uuid() {
    for odd in ["4.3.11\u{1b}[2J", "4\u{7}"] {
        let version = client(200, &[], odd).await.version().await;
        assert!(matches!(version, Err(Error::Unreachable { .. })), "{odd:?}");
    }
    let body = r#"[{"uuid":"a\u001b[2J"},{"uuid":"b"},{"uuid":""}]"#;
    let known = client(200, &[], body).await.destinations().await.unwrap();
    assert_eq!(known, ["b"]);
}
