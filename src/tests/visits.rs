//! Visits to an environment at its own address, where Coolify's proxy would be. It knows code-server's sign-in.

use super::harness::{Dashboard, Made};
use crate::simulator::Options;
use reqwest::{Client, redirect};
use serde_json::Value;

impl Dashboard {
    /// Whether the environment at its own address lets this password in.
    pub async fn lets_in(&self, made: &Made, password: &str) -> bool {
        let request = browser()
            .post(format!("{}/login", self.simulator.url()))
            .header("host", self.app.domain.host(&made.subdomain))
            .form(&[("password", password)]);
        let answer = request.send().await.unwrap();
        match answer.status().as_u16() {
            302 => answer.headers().contains_key("set-cookie"),
            401 => false,
            other => panic!("{other} at the address of {}", made.name),
        }
    }

    /// The status of what is at the environment's own address.
    pub async fn visit(&self, made: &Made) -> u16 {
        let request = browser()
            .get(format!("{}/healthz", self.simulator.url()))
            .header("host", self.app.domain.host(&made.subdomain));
        request.send().await.unwrap().status().as_u16()
    }
}

fn browser() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap()
}

/// What Coolify gives the container of an environment under this name.
pub async fn variable(dashboard: &Dashboard, made: &Made, key: &str) -> Option<String> {
    let uuid = dashboard.record(made).uuid;
    let url = format!(
        "{}/api/v1/applications/{uuid}/envs",
        dashboard.simulator.url()
    );
    let request = browser().get(url).bearer_auth(Options::default().token);
    let all: Vec<Value> = request.send().await.unwrap().json().await.unwrap();
    let mut own = all
        .into_iter()
        .filter(|one| one["is_preview"] == false && one["key"] == key);
    let value = own.next()?["value"].as_str().map(str::to_owned);
    assert!(own.next().is_none(), "{key} is there once");
    value
}
