//! A simulated Coolify in a process of its own, and its control interface.

use super::{Process, START, until};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// The token it accepts.
const TOKEN: &str = "1|simulated-token";

/// One simulated Coolify.
pub struct Coolify {
    url: String,
    http: reqwest::Client,
    _process: Process,
}

impl Coolify {
    pub async fn start(speed: f64, log: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vps-claude"));
        command.args(["simulate-coolify", "--listen", "127.0.0.1:0"]);
        command.args(["--speed", &speed.to_string()]);
        command.current_dir(log.parent().unwrap());
        let process = Process::start(&mut command, log);
        let url = until("the simulated Coolify", START, async || {
            let text = std::fs::read_to_string(log).ok()?;
            let line = text.lines().next().filter(|_| text.contains('\n'))?;
            Some(line.rsplit(' ').next()?.to_owned())
        })
        .await;
        Self {
            url,
            http: reqwest::Client::new(),
            _process: process,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// `localhost:PORT`, below which the applications' addresses are.
    pub fn domain(&self) -> String {
        let port = self.url.rsplit(':').next().unwrap();
        format!("localhost:{port}")
    }

    pub async fn fault(&self, fault: Value) {
        self.post("faults", fault).await;
    }

    /// How every build ends.
    pub async fn outcome(&self, outcome: &str) {
        self.post("outcomes", json!({ "outcome": outcome })).await;
    }

    pub async fn settings(&self, settings: Value) {
        self.post("settings", settings).await;
    }

    pub async fn speed(&self, speed: f64) {
        self.settings(json!({ "speed": speed })).await;
    }

    /// Lets every parked call go on.
    pub async fn release(&self) {
        self.post("release", json!({})).await;
    }

    /// The calls that are parked.
    pub async fn held(&self) -> usize {
        self.get("held").await.as_array().unwrap().len()
    }

    pub async fn ledger(&self) -> Value {
        self.get("ledger").await
    }

    /// How often a call was made so far.
    pub async fn calls(&self, call: &str) -> u64 {
        let ledger = self.ledger().await;
        let answers = ledger["calls"][call].as_object();
        answers.map_or(0, |answers| {
            answers.values().filter_map(Value::as_u64).sum()
        })
    }

    /// How often each call was made so far.
    pub async fn all_calls(&self) -> HashMap<String, u64> {
        let ledger = self.ledger().await;
        let of = |answers: &Value| {
            let counts = answers.as_object().unwrap().values();
            counts.filter_map(Value::as_u64).sum()
        };
        let calls = ledger["calls"].as_object().unwrap().iter();
        calls
            .map(|(name, answers)| (name.clone(), of(answers)))
            .collect()
    }

    /// What it remembers of the applications of a name.
    pub async fn records(&self, name: &str) -> Vec<Value> {
        let ledger = self.ledger().await;
        let all = ledger["applications"].as_array().unwrap();
        let named = all.iter().filter(|one| one["name"] == name);
        named.cloned().collect()
    }

    /// Whether the password opens the environment at its own address.
    pub async fn opens(&self, name: &str, password: &str) -> bool {
        let port = self.url.rsplit(':').next().unwrap();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let answer = client
            .post(format!("{}/login", self.url))
            .header("host", format!("{name}.localhost:{port}"))
            .form(&[("password", password)])
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status() == 302)
    }

    /// Sends something to its API, as anybody with the token may.
    pub async fn api(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}/api/v1/{path}", self.url));
        let request = request
            .bearer_auth(TOKEN)
            .header("accept", "application/json");
        let answer = request.json(body).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Reads something from its API.
    pub async fn read(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/api/v1/{path}", self.url));
        let answer = request.bearer_auth(TOKEN).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The builds in flight.
    pub async fn listed(&self) -> Vec<String> {
        let request = self.http.get(format!("{}/api/v1/deployments", self.url));
        let answer = request.bearer_auth(TOKEN).send().await.unwrap();
        let rows: Vec<Value> = answer.json().await.unwrap();
        let uuids = rows
            .iter()
            .filter_map(|row| row["deployment_uuid"].as_str());
        uuids.map(str::to_owned).collect()
    }

    async fn get(&self, what: &str) -> Value {
        let url = format!("{}/simulator/{what}", self.url);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn post(&self, what: &str, body: Value) {
        let url = format!("{}/simulator/{what}", self.url);
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let status = answer.status();
        assert!(
            status.is_success(),
            "{what}: {}",
            answer.text().await.unwrap()
        );
    }
}
