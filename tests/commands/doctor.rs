//! The doctor against a Coolify that is simulated by the real executable: what it finds, how it says so, how it ends.

use crate::database;
use crate::program::{NOBODY, Program, Running};
use serde_json::{Value, json};

const TOKEN: &str = "1|simulated-token";

/// A simulated Coolify and a database, for one doctor after the other.
struct Surgery {
    simulator: Running,
    coolify: String,
    database: String,
}

impl Surgery {
    async fn open() -> Self {
        let simulator = Program::new(&["simulate-coolify", "--listen", "127.0.0.1:0"]);
        let (simulator, coolify) = simulator.start("Coolify listens on ");
        Self {
            simulator,
            coolify,
            database: database::create("doctor").await,
        }
    }

    /// A doctor for settings in which nothing is wrong.
    fn doctor(&self) -> Program {
        let redis = std::env::var("REDIS_URL").expect("REDIS_URL is set by scripts/test");
        Program::new(&["doctor"])
            .able_to_serve(&self.database)
            .with("COOLIFY_API_URL", &self.coolify)
            .with("REDIS_URL", &redis)
    }

    /// Changes the simulated Coolify.
    async fn change(&self, settings: Value) {
        let url = format!("{}/simulator/settings", self.coolify);
        let told = reqwest::Client::new()
            .post(url)
            .json(&settings)
            .send()
            .await;
        told.unwrap().error_for_status().unwrap();
    }

    async fn close(self) {
        self.simulator.stop("TERM").with(0);
        database::remove(&self.database).await;
    }
}

#[tokio::test]
async fn where_everything_is_right_every_check_says_so() {
    let surgery = Surgery::open().await;
    let ended = surgery.doctor().run().with(0);
    let lines: Vec<&str> = ended.text.lines().collect();
    assert_eq!(
        lines,
        [
            "ok       DATABASE_URL: PostgreSQL answers.",
            "ok       REDIS_URL: Redis answers.",
            "ok       COOLIFY_API_URL: Coolify 4.3.11 answers and accepts the token.",
            "ok       COOLIFY_PROJECT_UUID: found, with 0 applications.",
            "ok       COOLIFY_API_TOKEN: it may create and deploy applications.",
            "ok       COOLIFY_SERVER_UUID: the server is reachable.",
            "ok       COOLIFY_API_TOKEN: it may read logs.",
            "ok       COOLIFY_SERVER_UUID: it builds 2 at once and lets 25 wait.",
        ]
    );
    surgery
        .doctor()
        .with("REDIS_URL", "")
        .run()
        .with(0)
        .says("ok       REDIS_URL: not set; ");
    surgery.close().await;
}

/// A setting, a wrong value, the exit code, and the line that says so.
const WRONG: [(&str, &str, i32, &str); 7] = [
    (
        "DATABASE_URL",
        "postgres://vps@127.0.0.1:1/vps",
        1,
        "WRONG    DATABASE_URL: PostgreSQL at 127.0.0.1:1 cannot be reached: nothing listens there (connection refused).",
    ),
    (
        "REDIS_URL",
        "redis://127.0.0.1:1",
        0,
        "warning  REDIS_URL: Redis does not answer; limits and cache work inside the process meanwhile.",
    ),
    (
        "COOLIFY_API_URL",
        "http://127.0.0.1:1",
        1,
        "WRONG    COOLIFY_API_URL: Coolify cannot be reached: the connection was refused.",
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
];

#[tokio::test]
async fn each_wrong_setting_is_found_and_named() {
    let surgery = Surgery::open().await;
    for (name, value, code, line) in WRONG {
        let ended = surgery.doctor().with(name, value).run().with(code);
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
        .says("2 of 3 checks");
    surgery.close().await;
}

#[tokio::test]
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
            "warning  COOLIFY_SERVER_UUID: the server deletes unused volumes in its clean-up",
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
            "warning  COOLIFY_API_TOKEN: it lacks read:sensitive, so build logs are not shown.",
        ),
        (
            reads(&["read", "read:sensitive"]),
            reads(&["read", "write", "deploy", "read:sensitive"]),
            1,
            "WRONG    COOLIFY_API_TOKEN: it lacks write and deploy. Make a token in Coolify that has them.",
        ),
        (
            json!({ "destinations": 2 }),
            json!({ "destinations": 1 }),
            1,
            "WRONG    COOLIFY_DESTINATION_UUID: the server has 2 destinations. Set it to one of them: ",
        ),
    ] {
        surgery.change(settings).await;
        surgery.doctor().run().with(code).says(line);
        surgery.change(back).await;
        surgery.doctor().run().with(0).says_nothing_of(line);
    }
    surgery.close().await;
}

#[tokio::test]
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
