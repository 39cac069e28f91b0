//! The real executable, with a database of its own and a simulated Coolify of its own, for one test.
//! It must not know who uses it.

pub mod database;
pub mod process;

use process::Process;
use serde_json::Value;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use url::Url;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_vps-claude");
/// What the dashboard logs when it answers, before its address.
const SERVING: &str = "serving address=";
/// How many times faster than life the simulated Coolify builds.
const SPEED: &str = "10";
/// `scripts/test` starts a Redis with this many databases beside the one that nobody chose.
const REDIS_DATABASES: u32 = 999;

/// The dashboard and its Coolify, up and answering. Both end with this, but only `stop` removes the database.
pub struct Product {
    /// Where the dashboard is: `http://127.0.0.1:PORT`.
    pub url: String,
    /// Below which domain the environments answer: `localhost:PORT`.
    pub agents_domain: String,
    coolify: String,
    database: String,
    serve: RefCell<Process>,
    _simulator: Process,
}

impl Product {
    /// Starts both and returns when both answer.
    pub async fn start() -> Self {
        let (simulator, coolify) = Process::start(
            Command::new(EXECUTABLE)
                .args(["simulate-coolify", "--listen", "127.0.0.1:0"])
                .args(["--speed", SPEED])
                .current_dir(std::env::temp_dir()),
            "Coolify listens on ",
        );
        let port = coolify.rsplit(':').next().unwrap();
        let agents_domain = format!("localhost:{port}");
        let database = database::create("browser").await;
        let mut command = settings(&coolify, &agents_domain, &database);
        let (serve, address) = Process::start(command.env("LISTEN", "127.0.0.1:0"), SERVING);
        Self {
            url: format!("http://{address}"),
            agents_domain,
            coolify,
            database,
            serve: RefCell::new(serve),
            _simulator: simulator,
        }
    }

    /// The dashboard ends as it does when the computer loses its power.
    pub fn goes_away(&self) {
        let mut serve = self.serve.borrow_mut();
        serve.signal("KILL");
        serve.ended();
    }

    /// The dashboard starts again where it was.
    pub fn comes_back(&self) {
        let mut command = settings(&self.coolify, &self.agents_domain, &self.database);
        let address = self.url.trim_start_matches("http://");
        let (serve, _) = Process::start(command.env("LISTEN", address), SERVING);
        self.serve.replace(serve);
    }

    /// Ends both and removes the database.
    pub async fn stop(self) {
        let Self {
            database, serve, ..
        } = self;
        drop(serve);
        database::remove(&database).await;
    }

    /// Changes what the dashboard remembers.
    pub async fn sql(&self, statement: &str) {
        database::execute(&database::url_of(&self.database), statement).await;
    }

    /// Turns a knob of the simulated Coolify: `outcomes`, `faults`, `settings`, …
    pub async fn tell(&self, what: &str, body: Value) {
        let url = format!("{}/simulator/{what}", self.coolify);
        let answer = reqwest::Client::new().post(url).json(&body).send().await;
        answer.unwrap().error_for_status().unwrap();
    }

    /// Everything that ever happened at the simulated Coolify.
    pub async fn ledger(&self) -> Value {
        let url = format!("{}/simulator/ledger", self.coolify);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    /// What the dashboard has logged.
    pub fn log(&self) -> String {
        self.serve.borrow().lines().join("\n")
    }
}

/// Everything is set, so that neither the surroundings nor a `.env` has a say.
fn settings(coolify: &str, agents_domain: &str, database: &str) -> Command {
    let mut command = Command::new(EXECUTABLE);
    command
        .arg("serve")
        .current_dir(std::env::temp_dir())
        .env("DATABASE_URL", database::url_of(database).as_str())
        .env("REDIS_URL", redis())
        .env("COOLIFY_API_URL", coolify)
        .env("COOLIFY_API_TOKEN", "1|simulated-token")
        .env("COOLIFY_PROJECT_UUID", "zdoc9is0j8ht9lgmxg9edn58")
        .env("COOLIFY_SERVER_UUID", "s0ce9uvw53efr4edt2sywb3w")
        .env("COOLIFY_ENVIRONMENT_NAME", "production")
        .env("COOLIFY_DESTINATION_UUID", "")
        .env("AGENTS_DOMAIN", agents_domain)
        .env("PUBLIC_URL", "")
        .env("REGISTRATION", "open")
        .env("AGENT_UPDATES", "off")
        .env("DATA_DIR", std::env::temp_dir().join("vps-claude-tests"))
        .env("LOG_STORE_URL", "")
        .env("LOG_FORMAT", "text")
        .env("RUST_LOG", "info,sqlxmq=warn,sqlx=warn,tower_sessions=warn");
    command
}

/// A database of Redis that no other test uses, of whatever process: all tests come from one address, and its limits are
/// counted there. Redis itself counts which are taken, in the database that nobody chose.
fn redis() -> String {
    let url = std::env::var("REDIS_URL").expect("REDIS_URL is set by scripts/test");
    let url = Url::parse(&url).unwrap();
    let server = (url.host_str().unwrap(), url.port().unwrap_or(6379));
    let mut redis = TcpStream::connect(server).unwrap();
    redis.write_all(b"INCR databases_taken\r\n").unwrap();
    let mut answer = String::new();
    BufReader::new(redis).read_line(&mut answer).unwrap();
    let taken: u32 = answer.trim().trim_start_matches(':').parse().unwrap();
    format!(
        "redis://{}:{}/{}",
        server.0,
        server.1,
        1 + taken % REDIS_DATABASES
    )
}
