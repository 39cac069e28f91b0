//! What is wrong in Coolify itself, or with what the settings say of it: for the doctor, and at the start.

use super::Surgery;
use crate::program::Program;
use serde_json::json;

const TOKEN: &str = "1|simulated-token";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_coolify_is_found_and_named() {
    let surgery = Surgery::open().await;
    let reads = |abilities: &[&str]| json!({ "token_abilities": { TOKEN: abilities } });
    for (settings, back, code, line) in [
        (
            json!({ "server_reachable": false }),
            json!({ "server_reachable": true }),
            1,
            "WRONG    COOLIFY_SERVER_UUID: Coolify cannot reach or use the server. Look at it in Coolify.",
        ),
        (
            json!({ "delete_unused_volumes": true }),
            json!({ "delete_unused_volumes": false }),
            0,
            "warning  COOLIFY_SERVER_UUID: The server deletes unused volumes in its clean-up",
        ),
        (
            json!({ "api_disabled": true }),
            json!({ "api_disabled": false }),
            1,
            "WRONG    COOLIFY_API_URL: Coolify's API is switched off. Switch it on in Coolify's settings.",
        ),
        (
            json!({ "ip_refused": true }),
            json!({ "ip_refused": false }),
            1,
            "WRONG    COOLIFY_API_URL: Coolify does not allow calls from this address. Add it to the allowed addresses in Coolify's settings.",
        ),
        (
            reads(&["read", "write", "deploy"]),
            reads(&["read", "write", "deploy", "read:sensitive"]),
            0,
            "warning  COOLIFY_API_TOKEN: It lacks read:sensitive, so build logs are not shown.",
        ),
        (
            reads(&["read", "read:sensitive"]),
            reads(&["read", "write", "deploy", "read:sensitive"]),
            1,
            "WRONG    COOLIFY_API_TOKEN: It lacks write and deploy. Make a token in Coolify that has them.",
        ),
        (
            json!({ "destinations": 2 }),
            json!({ "destinations": 1 }),
            1,
            "WRONG    COOLIFY_DESTINATION_UUID: The server has 2 destinations. Set it to one of them: ",
        ),
    ] {
        surgery.change(settings).await;
        surgery.doctor().run().with(code).says(line);
        surgery.change(back).await;
        surgery.doctor().run().with(0).says_nothing_of(line);
    }
    surgery.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_in_coolify_is_logged_when_the_dashboard_starts() {
    let surgery = Surgery::open().await;
    for (name, value, line) in [
        (
            "COOLIFY_PROJECT_UUID",
            "x",
            "COOLIFY_PROJECT_UUID: Coolify does not find the project.",
        ),
        (
            "COOLIFY_ENVIRONMENT_NAME",
            "staging",
            "COOLIFY_PROJECT_UUID: Coolify does not find the environment of the project.",
        ),
        (
            "COOLIFY_SERVER_UUID",
            "x",
            "COOLIFY_SERVER_UUID: Coolify does not find the server.",
        ),
        (
            "COOLIFY_API_URL",
            "http://127.0.0.1:1",
            "Coolify cannot be reached: the connection was refused.",
        ),
    ] {
        let program = Program::new(&["serve"])
            .able_to_serve(&surgery.database)
            .with("COOLIFY_API_URL", &surgery.coolify)
            .with("LISTEN", "127.0.0.1:0")
            .with(name, value);
        let (running, said) = program.start(line);
        assert!(said.len() < 200, "{said}");
        running.stop("TERM").with(0);
    }
    surgery.close().await;
}
