//! What the token may do and what the server has, asked without any effect. Facts are from Coolify's source, 4.0.0 to
//! 4.3.11.

use super::client::Client;
use super::error::Error;
use super::http::{Request, exchange, read, send};
use super::tolerant::text_or_empty;
use reqwest::Method;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Destination {
    #[serde(default, deserialize_with = "text_or_empty")]
    uuid: String,
}

impl Client {
    /// Whether the token may create applications: an empty order is refused as such only after its abilities.
    pub async fn may_write(&self) -> Result<bool, Error> {
        let path = ["applications", "public"];
        let request = self.request(Method::POST, "POST application", &path);
        is_allowed(request.json(&serde_json::json!({}))).await
    }

    /// Whether the token may deploy, asked in the same way.
    pub async fn may_deploy(&self) -> Result<bool, Error> {
        is_allowed(self.request(Method::POST, "POST deploy", &["deploy"])).await
    }

    /// The uuids of the server's destinations. Coolify tells them from 4.2.0 on; before that it is an error.
    pub async fn destinations(&self) -> Result<Vec<String>, Error> {
        let path = ["servers", self.server_uuid(), "destinations"];
        let answer = send(self.request(Method::GET, "GET destinations", &path), false).await?;
        let found: Vec<Destination> = read(answer, false).await?;
        let uuids = found.into_iter().map(|one| one.uuid);
        Ok(uuids.filter(|uuid| !uuid.is_empty()).collect())
    }
}

/// A request that can only be refused: for what it lacks, or for what the token lacks.
async fn is_allowed(request: Request) -> Result<bool, Error> {
    match exchange(request, false).await? {
        Ok(_) => Ok(true),
        Err(rejection) if rejection.status == 400 => Ok(true),
        Err(rejection) if rejection.is_about_an_ability() => Ok(false),
        Err(rejection) => Err(Error::from_rejection(rejection, false)),
    }
}
