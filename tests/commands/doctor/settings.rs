//! Settings that are wrong, one at a time.

use super::Surgery;
use crate::program::NOBODY;
use crate::server::{Folder, Server, free_port};

/// A setting, a wrong value, the exit code, and the line that says so.
const WRONG: [(&str, &str, i32, &str); 14] = [
    (
        "DATABASE_URL",
        "postgres://vps@127.0.0.1:1/vps",
        1,
        "WRONG    DATABASE_URL: PostgreSQL at 127.0.0.1:1 cannot be reached: nothing listens there (connection refused). Start PostgreSQL, or set DATABASE_URL to where it is.",
    ),
    (
        "REDIS_URL",
        "redis://127.0.0.1:1",
        0,
        "warning  REDIS_URL: Redis does not answer; limits and the budget of calls are kept inside the process meanwhile. Start it, or set REDIS_URL to where it is.",
    ),
    (
        "LOG_STORE_URL",
        "file:///dev/null/logs",
        1,
        "WRONG    LOG_STORE_URL: The store of logs cannot be used: Not a directory. Logs stay in the database until it can: mend LOG_STORE_URL and its keys, or start the store.",
    ),
    (
        "COOLIFY_API_URL",
        "http://127.0.0.1:1",
        1,
        "WRONG    COOLIFY_API_URL: Coolify cannot be reached: the connection was refused. Check COOLIFY_API_URL, and whether Coolify runs.",
    ),
    (
        "COOLIFY_API_TOKEN",
        "2|wrong",
        1,
        "WRONG    COOLIFY_API_URL: Coolify does not accept the token. Make a new one in Coolify and set COOLIFY_API_TOKEN to it.",
    ),
    (
        "COOLIFY_PROJECT_UUID",
        "x",
        1,
        "WRONG    COOLIFY_PROJECT_UUID: Coolify does not find the project. Check COOLIFY_PROJECT_UUID, and that the token is of the same team.",
    ),
    (
        "COOLIFY_ENVIRONMENT_NAME",
        "staging",
        1,
        "WRONG    COOLIFY_PROJECT_UUID: Coolify does not find the environment of the project. Check COOLIFY_ENVIRONMENT_NAME, and that the token is of the same team.",
    ),
    (
        "COOLIFY_SERVER_UUID",
        "x",
        1,
        "WRONG    COOLIFY_SERVER_UUID: Coolify does not find the server. Check COOLIFY_SERVER_UUID, and that the token is of the same team.",
    ),
    (
        "AGENT_BRANCH",
        "other",
        1,
        "WRONG    AGENT_BRANCH: The repository has no branch other. Set it to one that it has.",
    ),
    (
        "AGENT_REPOSITORY",
        "HOST/missing",
        1,
        "WRONG    AGENT_REPOSITORY: There is no such repository, or not everybody may read it. Set it to a public repository.",
    ),
    (
        "AGENT_REPOSITORY",
        "HOST/page",
        1,
        "WRONG    AGENT_REPOSITORY: There is something else than a git repository at this address. Set it to the address that git clone takes.",
    ),
    (
        "AGENTS_DOMAIN",
        "agents.invalid",
        1,
        "WRONG    AGENTS_DOMAIN: Names below agents.invalid cannot be resolved. Make a wildcard record *.agents.invalid in the DNS that leads to the server.",
    ),
    (
        "PUBLIC_URL",
        "",
        0,
        "warning  PUBLIC_URL: It is not set, so cookies are not Secure and a proxy's word decides what links begin with. Set it to the https address that people use.",
    ),
    (
        "PUBLIC_URL",
        "http://localhost:1",
        0,
        "warning  PUBLIC_URL: Seen from this machine, nobody answers at this address: the connection was refused. Start the dashboard and its proxy.",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_setting_is_found_and_named() {
    let surgery = Surgery::open().await;
    for (name, value, code, line) in WRONG {
        let value = value.replace("HOST", &surgery.host);
        let ended = surgery.doctor().with(name, &value).run().with(code);
        let found = ended.text.lines().filter(|found| !found.starts_with("ok "));
        let found: Vec<&str> = found
            .filter(|found| !found.starts_with("vps-claude: "))
            .collect();
        assert!(
            found.len() == 1 && found[0] == line,
            "{name}={value}: {found:#?}"
        );
        let total = ended.text.lines().last().unwrap();
        assert_eq!(
            total.ends_with("checks found something wrong"),
            code == 1,
            "{total}"
        );
    }
    let ended = surgery
        .doctor()
        .with("COOLIFY_API_URL", &format!("http://{NOBODY}"));
    ended
        .with("DATABASE_URL", &format!("postgres://vps@{NOBODY}/vps"))
        .run()
        .with(1)
        .says("2 of 7 checks");
    surgery.close().await;
}

#[tokio::test]
async fn a_bucket_is_tried_with_its_keys() {
    let surgery = Surgery::open().await;
    let port = free_port();
    let (folder, number) = (Folder::new("s3"), port.to_string());
    std::fs::create_dir(folder.path().join("logs")).unwrap();
    let keys = ["--access-key", "vps", "--secret-key", "opens the bucket"];
    let place = ["--host", "127.0.0.1", "--port", &number, "."];
    let _s3 = Server::start("S3_SERVER", folder, port, &[&keys[..], &place].concat());
    let refused =
        "it does not accept the keys, or they may not read, write and remove objects there.";
    for (url, key, code, line) in [
        (
            "s3://logs/of",
            "opens the bucket",
            0,
            "ok       LOG_STORE_URL: Logs can be written, read and removed.",
        ),
        ("s3://logs", "opens nothing", 1, refused),
    ] {
        let doctor = surgery.doctor().with("LOG_STORE_URL", url);
        let doctor = doctor.with("LOG_STORE_ENDPOINT", &format!("http://127.0.0.1:{port}"));
        let doctor = doctor.with("LOG_STORE_ACCESS_KEY", "vps");
        let ended = doctor.with("LOG_STORE_SECRET_KEY", key).run().with(code);
        ended.says(line).says_nothing_of("opens");
    }
    surgery.close().await;
}
