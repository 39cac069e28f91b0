//! Changing the limits of an application's container.

use super::body::ContainerLimits;
use super::client::{Client, done};
use super::error::Error;
use crate::domain::resources::Resources;
use reqwest::Method;

impl Client {
    /// Sets memory and CPUs, which the next container gets; idempotent.
    pub async fn set_resources(&self, uuid: &str, resources: Resources) -> Result<(), Error> {
        let path = ["applications", uuid];
        let request = self.request(Method::PATCH, "PATCH application", &path);
        done(request.json(&ContainerLimits::new(resources))).await
    }
}
