//! How the logs of deployments that fail end.

use serde_json::{Value, json};

use super::{TestClient, entries};
use crate::simulator::outcomes::{Outcome, Plan};

/// An outcome, the code its command exits with, and the cause: the last line that is not empty of the entry that explains.
const FAILURES: [(Outcome, u8, &str); 7] = [
    (Outcome::FailBuild, 1, "ERROR: failed to solve: "),
    (Outcome::DiskFull, 1, "no space left on device"),
    (Outcome::OutOfMemory, 137, "exit code: 137 (Killed)"),
    (
        Outcome::FailClone,
        128,
        "fatal: could not read Username for 'https://github.com': ",
    ),
    (
        Outcome::FailBranch,
        128,
        "fatal: Remote branch main not found in upstream origin",
    ),
    (Outcome::ServerOff, 255, "Connection refused"),
    // The server is off as Coolify itself knows: no command was run.
    (
        Outcome::Finish,
        0,
        "Deployment failed: Server is not functional.",
    ),
];

/// The last entries after an exception: type, whether hidden, and how each begins.
const ENDING: [(&str, bool, &str); 7] = [
    ("stderr", false, "========================================"),
    ("stderr", false, "Deployment failed: "),
    ("stderr", true, "Error type: "),
    ("stderr", false, "========================================"),
    (
        "stderr",
        false,
        "Deployment failed. Removing the new version of your application.",
    ),
    (
        "stdout",
        false,
        "Gracefully shutting down build container: ",
    ),
    ("stdout", true, ""),
];

async fn log_of(client: &TestClient, outcome: Outcome) -> Vec<Value> {
    client.simulator.outcome(Plan {
        application: None,
        outcome,
        times: Some(1),
    });
    let uuid = client.create(&format!("{outcome:?}").to_lowercase()).await;
    let path = format!("/deployments/{}", client.deploy(&uuid).await);
    let over = |row: &Value| row["logs"].to_string().contains("docker stop");
    entries(
        &client
            .until(&path, |_, row| row["status"] == "failed" && over(row))
            .await,
    )
}

fn output(entry: &Value) -> &str {
    entry["output"].as_str().unwrap()
}

#[tokio::test]
async fn an_exception_is_explained_in_the_order_of_a_real_one() {
    let client = TestClient::new().await.without_rate_limit();
    for (outcome, code, cause) in FAILURES {
        let reachable = outcome != Outcome::Finish;
        client
            .simulator
            .settings(|settings| settings.server_reachable = reachable);
        let log = log_of(&client, outcome).await;
        assert!(
            !log.iter().any(|entry| output(entry).contains('{')),
            "{log:?}"
        );
        let end = &log[log.len() - ENDING.len()..];
        for (entry, (kind, hidden, begins)) in end.iter().zip(ENDING) {
            assert_eq!(
                (&entry["type"], &entry["hidden"]),
                (&json!(kind), &json!(hidden))
            );
            assert!(output(entry).starts_with(begins), "{outcome:?}: {entry}");
        }
        let explained = output(&end[1]);
        let begins =
            format!("Deployment failed: Command execution failed (exit code {code}): docker ");
        assert_eq!(explained.starts_with(&begins), reachable, "{outcome:?}");
        let last = explained.lines().rfind(|line| !line.trim().is_empty());
        assert!(last.unwrap().contains(cause), "{outcome:?}: {last:?}");
    }
}

#[tokio::test]
async fn the_command_that_failed_is_long() {
    let client = TestClient::new().await.without_rate_limit();
    let log = log_of(&client, Outcome::FailBuild).await;
    let explained = output(&log[log.len() - 6]);
    assert!(explained.lines().next().unwrap().len() > 1_000);
    assert!(explained.contains("\nError: #8 "));
}

#[tokio::test]
async fn an_unhealthy_container_has_an_ending_of_its_own() {
    let client = TestClient::new().await.without_rate_limit();
    let log = log_of(&client, Outcome::Unhealthy).await;
    let said: Vec<&str> = log.iter().map(output).collect();
    assert!(
        !said
            .iter()
            .any(|said| said.starts_with("Deployment failed"))
    );
    assert!(
        said.iter()
            .filter(|said| said.starts_with("Attempt "))
            .count()
            == 10
    );
    let rule = "-".repeat(40);
    let begin = said.iter().position(|said| *said == rule).unwrap();
    assert!(said[begin - 1].contains("curl or wget"));
    let own = &log[begin + 2];
    assert!(
        output(own).contains("EADDRINUSE") && own["type"] == "stderr" && own["hidden"] == false
    );
    assert_eq!(
        said[begin + 3..begin + 5],
        [
            &rule,
            "New container is not healthy, rolling back to the old container."
        ]
    );
}
