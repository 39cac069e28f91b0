//! The doctor against a Coolify that is simulated by the real executable: what it finds, how it says so, how it ends.

use crate::database;
use crate::program::{NOBODY, Program, Running};
use crate::server::{Folder, Server, free_port};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const TOKEN: &str = "1|simulated-token";

/// A simulated Coolify, a database and a host of repositories, for one doctor after the other.
struct Surgery {
    simulator: Running,
    coolify: String,
    database: String,
    host: String,
}

impl Surgery {
    async fn open() -> Self {
        let simulator = Program::new(&["simulate-coolify", "--listen", "127.0.0.1:0"]);
        let (simulator, coolify) = simulator.start("Coolify listens on ");
        Self {
            simulator,
            coolify,
            database: database::create("doctor").await,
            host: host().await,
        }
    }

    /// Where environments are.
    fn domain(&self) -> String {
        let port = self.coolify.rsplit(':').next().unwrap();
        format!("localhost:{port}")
    }

    /// A doctor for settings in which nothing is wrong.
    fn doctor(&self) -> Program {
        let redis = std::env::var("REDIS_URL").expect("REDIS_URL is set by scripts/test");
        Program::new(&["doctor"])
            .able_to_serve(&self.database)
            .with("COOLIFY_API_URL", &self.coolify)
            .with("REDIS_URL", &redis)
            .with("AGENT_REPOSITORY", &format!("{}/agent", self.host))
            .with("AGENTS_DOMAIN", &self.domain())
            .with("PUBLIC_URL", &self.host)
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

/// Serves a repository with one branch, and answers everything else as a dashboard does.
async fn host() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let line = format!("{} refs/heads/main\n", "0a".repeat(20));
    let references = format!("{:04x}{line}0000", line.len() + 4);
    let router = Router::new()
        .route("/agent/info/refs", get(async || references))
        .route("/page/info/refs", get(async || "<html>"))
        .route("/healthz", get(async || [("vps-claude-build", "0a")]));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://localhost:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn where_everything_is_right_every_check_says_so() {
    let surgery = Surgery::open().await;
    let ended = surgery.doctor().run().with(0);
    let version = ended
        .text
        .split(' ')
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let text = ended.text.replacen(version.unwrap(), "VERSION", 1);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "ok       DATABASE_URL: PostgreSQL VERSION answers and can be written.",
            "ok       migrations: The database is empty: the dashboard makes its tables when it starts.",
            "ok       clock: This machine's clock and PostgreSQL's agree.",
            "ok       REDIS_URL: Redis answers.",
            "ok       LOG_STORE_URL: Logs can be written, read and removed.",
            "ok       COOLIFY_API_URL: Coolify 4.3.11 answers and accepts the token.",
            "ok       COOLIFY_PROJECT_UUID: The project and its environment are there, with 0 applications.",
            "ok       COOLIFY_API_TOKEN: It may create and deploy applications.",
            "ok       COOLIFY_SERVER_UUID: The server is reachable; it builds 2 at once and lets 25 wait.",
            "ok       COOLIFY_API_TOKEN: It may read logs.",
            "ok       AGENT_REPOSITORY: The branch main is at 0a0a0a0a0a0a.",
            "ok       AGENTS_DOMAIN: A name below localhost leads to 127.0.0.1, where a server answers.",
            "ok       PUBLIC_URL: A dashboard answers at this address.",
        ]
    );
    surgery
        .doctor()
        .with("REDIS_URL", "")
        .run()
        .with(0)
        .says("ok       REDIS_URL: It is not set: ");
    surgery.close().await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn what_it_finds_can_be_read_by_programs() {
    let surgery = Surgery::open().await;
    let doctor = Program::new(&["doctor", "--json"]).able_to_serve(&surgery.database);
    let ended = doctor.run().with(1);
    let end = ended.text.rfind(']').unwrap() + 1;
    let found: Vec<Value> = serde_json::from_str(&ended.text[..end]).unwrap();
    let of = |check: &str| found.iter().find(|one| one["check"] == check).unwrap();
    let fine = json!({
        "check": "clock", "level": "fine",
        "sentence": "This machine's clock and PostgreSQL's agree.", "remedy": null,
    });
    assert_eq!(*of("clock"), fine);
    assert_eq!(of("PUBLIC_URL")["level"], "warning");
    let wrong = json!({
        "check": "COOLIFY_API_URL", "level": "wrong",
        "sentence": "Coolify cannot be reached: the connection was refused.",
        "remedy": "Check COOLIFY_API_URL, and whether Coolify runs.",
    });
    assert_eq!(*of("COOLIFY_API_URL"), wrong);
    surgery.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_that_are_applied_missing_or_unknown_are_told_apart() {
    let surgery = Surgery::open().await;
    let serve = Program::new(&["serve"]).able_to_serve(&surgery.database);
    let (serve, _) = serve.start("serving address=");
    serve.stop("TERM").with(0);
    let url = database::url_of(&surgery.database);
    surgery
        .doctor()
        .run()
        .with(0)
        .says("ok       migrations: All ");
    for (statement, code, line) in [
        (
            "delete from _sqlx_migrations where version = 29",
            0,
            "are not applied: 0029 disabled. Start this version",
        ),
        (
            "update _sqlx_migrations set checksum = '' where version = 28",
            1,
            "differ from this vps-claude's: 0028 links. Use the vps-claude that made the tables",
        ),
        (
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'new', true, '', 0)",
            1,
            "WRONG    migrations: The database has tables of a newer vps-claude.",
        ),
    ] {
        database::execute(&url, statement).await;
        surgery.doctor().run().with(code).says(line);
    }
    surgery.close().await;
}
