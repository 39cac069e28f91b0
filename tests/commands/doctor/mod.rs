//! The doctor against a Coolify that is simulated by the real executable: what it finds, how it says so, how it ends.

mod coolify;
mod settings;

use crate::database;
use crate::program::{Program, Running};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

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
