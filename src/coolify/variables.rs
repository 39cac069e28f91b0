//! The variables that an application has in Coolify, by name: looking them up, and removing one.

use super::client::{Client, done};
use super::error::Error;
use super::http::{read, send};
use super::tolerant::{list, text_or_empty};
use reqwest::Method;
use serde::Deserialize;

/// A variable of an application, of production or of previews, without its value.
#[derive(Debug, Deserialize)]
pub struct KnownVariable {
    #[serde(default, deserialize_with = "text_or_empty")]
    pub uuid: String,
    #[serde(default, deserialize_with = "text_or_empty")]
    pub key: String,
}

/// The response of `GET /applications/{uuid}/envs`.
#[derive(Deserialize)]
#[serde(transparent)]
struct VariablesAnswer {
    #[serde(deserialize_with = "list")]
    all: Vec<KnownVariable>,
}

impl Client {
    /// All variables of an application; `NotFound` when it is gone.
    pub async fn variables(&self, uuid: &str) -> Result<Vec<KnownVariable>, Error> {
        let path = ["applications", uuid, "envs"];
        let answer = send(self.get("GET envs", &path), false).await?;
        let mut all = read::<VariablesAnswer>(answer, false).await?.all;
        all.retain(|one| !one.uuid.is_empty());
        Ok(all)
    }

    /// Removes a variable; `NotFound` when it is gone, or its application.
    pub async fn remove_variable(&self, uuid: &str, variable: &str) -> Result<(), Error> {
        let path = ["applications", uuid, "envs", variable];
        done(self.request(Method::DELETE, "DELETE env", &path)).await
    }
}
