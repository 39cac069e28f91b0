//! The simulator over real HTTP, as any client would speak to it.
//!
//! These tests know the control interface and Coolify's contract; they must not look behind the handle.

mod access;
mod addresses;
mod applications;
mod control;
mod deployments;
mod failures;
mod faults;
mod outcomes;
mod recorded;
mod removal;
mod settings_of_applications;

use std::time::{Duration, Instant};

use reqwest::{Client, Method, Response, StatusCode, redirect};
use serde_json::{Value, json};

use crate::simulator::calls::Call;
use crate::simulator::faults::{Fault, FaultKind};
use crate::simulator::{Options, Simulator};

/// How long a test waits for what must happen.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A simulator and a client of its API.
struct TestClient {
    simulator: Simulator,
    http: Client,
    token: String,
}

impl TestClient {
    async fn new() -> Self {
        Self::with(Options {
            speed: 1_000.0,
            ..Options::default()
        })
        .await
    }

    async fn with(options: Options) -> Self {
        let token = options.token.clone();
        let simulator = Simulator::start(options).await.unwrap();
        let http = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .unwrap();
        Self {
            simulator,
            http,
            token,
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Response> {
        let url = format!("{}/api/v1{path}", self.simulator.url());
        let mut request = self.http.request(method, url);
        request = request
            .bearer_auth(&self.token)
            .header("accept", "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let response = self.send(method, path, body).await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// A request to an application's own address.
    async fn visit(&self, host: &str, path: &str) -> (StatusCode, String) {
        let url = format!("{}{path}", self.simulator.url());
        let response = self
            .http
            .get(url)
            .header("host", host)
            .send()
            .await
            .unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// A request to the control interface, which must succeed.
    async fn control(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/simulator{path}", self.simulator.url());
        let response = self
            .http
            .request(method, url)
            .json(body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    /// What creating an application of this name sends.
    fn order(name: &str) -> Value {
        let options = Options::default();
        json!({
            "project_uuid": options.project,
            "server_uuid": options.server,
            "environment_name": options.environment,
            "git_repository": "https://github.com/grmkris/agent",
            "git_branch": "main",
            "build_pack": "dockerfile",
            "ports_exposes": "8080",
            "name": name,
            "description": "made by a test",
            "domains": format!("http://{name}.localhost"),
            "health_check_enabled": true,
            "health_check_path": "/healthz",
        })
    }

    /// Creates an application and says its identifier.
    async fn create(&self, name: &str) -> String {
        let (status, body) = self.post("/applications/public", &Self::order(name)).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["uuid"].as_str().unwrap().to_owned()
    }

    /// Asks for a deployment and says its identifier.
    async fn deploy(&self, application: &str) -> String {
        let (status, body) = self
            .call(Method::POST, &format!("/deploy?uuid={application}"), None)
            .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["deployments"][0]["deployment_uuid"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until a response is as wanted, and says its body.
    async fn until(&self, path: &str, wanted: impl Fn(StatusCode, &Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let (status, body) = self.get(path).await;
            if wanted(status, &body) {
                return body;
            }
            assert!(begun.elapsed() < TIMEOUT, "still {status} {body}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a deployment has this status.
    async fn until_deployment(&self, uuid: &str, status: &str) -> Value {
        let path = format!("/deployments/{uuid}");
        self.until(&path, |_, body| body["status"] == status).await
    }

    /// Waits until an application has this status.
    async fn until_application(&self, uuid: &str, status: &str) -> Value {
        let path = format!("/applications/{uuid}");
        self.until(&path, |_, body| body["status"] == status).await
    }

    /// An application that runs and is healthy.
    async fn running(&self, name: &str) -> String {
        let uuid = self.create(name).await;
        self.deploy(&uuid).await;
        self.until_application(&uuid, "running:healthy").await;
        uuid
    }

    /// Allows as many calls as polling needs.
    fn without_rate_limit(self) -> Self {
        self.simulator
            .settings(|settings| settings.rate_limit_per_minute = 100_000);
        self
    }
}

/// Waits until something inside the process is so.
async fn eventually(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < TIMEOUT, "it never happened");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A log, which is JSON inside JSON.
fn entries(deployment: &Value) -> Vec<Value> {
    serde_json::from_str(deployment["logs"].as_str().unwrap()).unwrap()
}

impl Fault {
    /// A fault until it is cleared.
    pub fn new(call: Call, fault: FaultKind) -> Self {
        Self {
            call,
            fault,
            times: None,
            skip: 0,
            retry_after_seconds: None,
            lands_anyway: false,
            struck: 0,
        }
    }

    /// The same, so often.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }
}
