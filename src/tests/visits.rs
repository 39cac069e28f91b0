//! Visits to an environment at its own address, where Coolify's proxy would be. It knows code-server's sign-in.

use super::harness::{Dashboard, Made};
use reqwest::{Client, redirect};

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
