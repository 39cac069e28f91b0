//! Visits to an environment at its own address, where Coolify's proxy would be. It knows code-server's sign-in.

use super::harness::{Dashboard, Made};
use crate::simulator::Options;
use reqwest::{Client, redirect};
use serde::de::DeserializeOwned;
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

    /// Signs in to the environment and opens it.
    pub async fn work_in(&self, made: &Made) {
        let host = self.app.domain.host(&made.subdomain);
        let login = browser()
            .post(format!("{}/login", self.simulator.url()))
            .header("host", &host)
            .form(&[("password", &made.password)]);
        let login = login.send().await.unwrap();
        let cookie = login.headers()["set-cookie"].to_str().unwrap();
        let opened = browser()
            .get(format!("{}/", self.simulator.url()))
            .header("host", host)
            .header("cookie", cookie.split(';').next().unwrap());
        assert_eq!(opened.send().await.unwrap().status(), 200);
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

/// The newest build of an environment, as Coolify shows it.
pub async fn newest_build(dashboard: &Dashboard, made: &Made) -> Value {
    let uuid = dashboard.record(made).uuid;
    let path = format!("deployments/applications/{uuid}");
    let mut all: Value = ask(dashboard, &path).await;
    all["deployments"][0].take()
}

async fn ask<T: DeserializeOwned>(dashboard: &Dashboard, path: &str) -> T {
    let url = format!("{}/api/v1/{path}", dashboard.simulator.url());
    let request = browser().get(url).bearer_auth(Options::default().token);
    request.send().await.unwrap().json().await.unwrap()
}

/// The environment's application, as Coolify shows it.
pub async fn application(dashboard: &Dashboard, made: &Made) -> Value {
    let mut records = dashboard.records(made);
    records.retain(|record| !record.vanished);
    assert_eq!(records.len(), 1, "{records:?}");
    ask(dashboard, &format!("applications/{}", records[0].uuid)).await
}

/// Every variable that Coolify has for the environment, of previews too.
pub async fn variables(dashboard: &Dashboard, made: &Made) -> Vec<Value> {
    let uuid = application(dashboard, made).await["uuid"].take();
    let path = format!("applications/{}/envs", uuid.as_str().unwrap());
    ask(dashboard, &path).await
}

/// What Coolify gives the container of an environment under this name.
pub async fn variable(dashboard: &Dashboard, made: &Made, key: &str) -> Option<String> {
    let all = variables(dashboard, made).await;
    let mut own = all
        .into_iter()
        .filter(|one| one["is_preview"] == false && one["key"] == key);
    let value = own.next()?["value"].as_str().map(str::to_owned);
    assert!(own.next().is_none(), "{key} is there once");
    value
}
