//! A dashboard with a simulated Coolify, and somebody's home, for the client. It must not know what is tried.

use crate::database;
use crate::program::{Ended, Program, Running};
use crate::server::Folder;
use crate::visitor::Visitor;
use serde_json::{Value, json};
use std::path::PathBuf;

/// How many times faster than life Coolify builds.
const SPEED: &str = "10";
/// The same for builds that are to be under way for a while: a minute or two.
const SLOW: f64 = 0.1;
const FAST: f64 = 10.0;
const SERVING: &str = "serving address=";
/// The password of every environment.
pub const PASSWORD: &str = "let me in, please";

/// The dashboard, and what its settings have in common.
pub struct World {
    pub url: String,
    database: String,
    coolify: String,
    serve: Running,
    _simulator: Running,
}

/// Somebody with a token, a home, and the client.
pub struct Somebody {
    pub url: String,
    pub token: String,
    home: Folder,
}

impl World {
    /// Starts both.
    pub async fn start() -> Self {
        let database = database::create("client").await;
        let arguments = [
            "simulate-coolify",
            "--listen",
            "127.0.0.1:0",
            "--speed",
            SPEED,
        ];
        let (simulator, coolify) = Program::new(&arguments).start("Coolify listens on ");
        let coolify = coolify.trim().to_owned();
        let (serve, address) = serving(&database, &coolify).start(SERVING);
        Self {
            url: format!("http://{}", address.trim()),
            database,
            coolify,
            serve,
            _simulator: simulator,
        }
    }

    /// Registers somebody, whose token has this scope.
    pub async fn somebody(&self, email: &str, scope: &str) -> Somebody {
        let visitor = Visitor::register_as(&self.url, email).await;
        Somebody {
            url: self.url.clone(),
            token: visitor.token(scope).await,
            home: Folder::new("home"),
        }
    }

    /// Ends the dashboard, and starts another one where it was.
    pub fn starts_again(self) -> Self {
        self.serve.stop("KILL");
        let address = self.url.trim_start_matches("http://");
        let serve = serving(&self.database, &self.coolify).with("LISTEN", address);
        let (serve, _) = serve.start(SERVING);
        Self { serve, ..self }
    }

    /// Turns a knob of the simulated Coolify.
    pub async fn tell(&self, what: &str, body: Value) {
        let url = format!("{}/simulator/{what}", self.coolify);
        let answer = reqwest::Client::new().post(url).json(&body).send().await;
        answer.unwrap().error_for_status().unwrap();
    }

    /// Lets builds take a minute or two from now on, or else a second.
    pub async fn build_slowly(&self, slowly: bool) {
        let speed = if slowly { SLOW } else { FAST };
        self.tell("settings", json!({ "speed": speed })).await;
    }

    /// Ends both and removes the database.
    pub async fn stop(self) {
        self.serve.stop("TERM").with(0).says_nothing_of(PASSWORD);
        database::remove(&self.database).await;
    }
}

impl Somebody {
    /// A command of the client that is not started yet.
    pub fn program(&self, words: &[&str]) -> Program {
        let home = self.home.path().to_str().unwrap();
        Program::new(words).with("HOME", home)
    }

    /// Carries out a command that reads this, and looks whether it printed a secret.
    pub fn reading(&self, words: &[&str], input: &str) -> Ended {
        let ended = self.program(words).run_reading(input);
        ended.says_nothing_of(&self.token).says_nothing_of(PASSWORD)
    }

    /// Carries out a command.
    pub fn run(&self, words: &[&str]) -> Ended {
        self.reading(words, "")
    }

    /// Signs in.
    pub fn sign_in(&self) -> Ended {
        let url = self.url.clone();
        self.reading(&["login", &url], &self.token).with(0)
    }

    /// Creates an environment of this name.
    pub fn create(&self, name: &str) -> Ended {
        let words = ["env", "create", name, "--password-stdin"];
        self.reading(&words, PASSWORD).with(0)
    }

    /// What a command prints for programs.
    pub fn json(&self, words: &[&str]) -> Value {
        let words = [words, &["--json"]].concat();
        let ended = self.run(&words).with(0);
        serde_json::from_str(&ended.text).unwrap()
    }

    /// Where the token is stored.
    pub fn file(&self) -> PathBuf {
        self.home.path().join(".config/vps-claude/login.json")
    }
}

fn serving(database: &str, coolify: &str) -> Program {
    let port = coolify.rsplit(':').next().unwrap();
    Program::new(&["serve"])
        .able_to_serve(database)
        .with("COOLIFY_API_URL", coolify)
        .with("AGENTS_DOMAIN", &format!("localhost:{port}"))
        .with("AGENT_UPDATES", "off")
}
