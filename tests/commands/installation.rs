//! A dashboard with a simulated Coolify that outlives it, and databases to move to. It must not know what moves it.

use crate::database;
use crate::program::{Program, Running};
use crate::visitor::Visitor;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

/// How many times faster than life it builds.
const SPEED: &str = "20";
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// How to sign in, as `Visitor::register` registers.
pub const EMAIL: &str = "somebody@example.com";
pub const PASSWORD: &str = "eight letters and more";

/// A simulated Coolify, and where it is.
pub struct Installation {
    simulator: Running,
    pub coolify: String,
}

impl Installation {
    pub fn new() -> Self {
        let arguments = [
            "simulate-coolify",
            "--listen",
            "127.0.0.1:0",
            "--speed",
            SPEED,
        ];
        let (simulator, coolify) = Program::new(&arguments).start("Coolify listens on ");
        Self { simulator, coolify }
    }

    /// A command with this database.
    pub fn command(&self, arguments: &[&str], database: &str) -> Program {
        self.of(Program::new(arguments), database)
    }

    /// A program with what a command needs.
    pub fn of(&self, program: Program, database: &str) -> Program {
        let port = self.coolify.rsplit(':').next().unwrap();
        program
            .able_to_serve(database)
            .with("COOLIFY_API_URL", &self.coolify)
            .with("AGENTS_DOMAIN", &format!("localhost:{port}"))
            .with("AGENT_UPDATES", "off")
    }

    /// Serves; returns the address, too.
    pub fn serve(&self, database: &str) -> (Running, String) {
        let (serve, address) = self.command(&[], database).start("serving address=");
        (serve, format!("http://{}", address.trim()))
    }

    /// Everything that ever happened at Coolify.
    pub async fn ledger(&self) -> Value {
        let url = format!("{}/simulator/ledger", self.coolify);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    /// What Coolify remembers of the applications of an environment.
    pub async fn records(&self, subdomain: &str) -> Vec<Value> {
        let ledger = self.ledger().await;
        let all = ledger["applications"].as_array().unwrap().iter();
        all.filter(|one| one["name"] == subdomain)
            .cloned()
            .collect()
    }

    /// Lets everything take this many times less.
    pub async fn speed(&self, speed: f64) {
        let url = format!("{}/simulator/settings", self.coolify);
        let told = reqwest::Client::new()
            .post(url)
            .json(&json!({ "speed": speed }));
        told.send().await.unwrap().error_for_status().unwrap();
    }

    /// Ends it and removes the databases.
    pub async fn close(self, databases: &[&str]) {
        self.simulator.stop("TERM").with(0);
        for database in databases {
            database::remove(database).await;
        }
    }
}

/// Creates an environment and deploys it; returns its subdomain.
pub async fn deploy(visitor: &Visitor, database: &str, name: &str) -> String {
    let fields = [
        ("name", name),
        ("password", "let me in, please"),
        ("deploy", "1"),
    ];
    visitor.post("/environments", &fields).await;
    let subdomain = format!("select subdomain from environments where name = '{name}'");
    value(database, &subdomain).await.unwrap()
}

/// Waits until a query has this answer.
pub async fn until(database: &str, query: &str, wanted: &str) {
    let began = Instant::now();
    loop {
        let found = value(database, query).await;
        if found.as_deref() == Some(wanted) {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{query}: {found:?}, not {wanted}"
        );
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until an environment has this status.
pub async fn until_status(database: &str, name: &str, status: &str) {
    let query = format!("select status from environments where name = '{name}'");
    until(database, &query, status).await;
}

/// The answer to a query, as text.
pub async fn value(database: &str, query: &str) -> Option<String> {
    let url = database::url_of(database);
    let mut connection = PgConnection::connect(url.as_str()).await.unwrap();
    let query = format!("select ({query})::text");
    let value = sqlx::query_scalar(&query).fetch_one(&mut connection).await;
    connection.close().await.unwrap();
    value.unwrap()
}
