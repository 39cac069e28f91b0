//! The state of every handler, and the messages for the next page.

use super::reference::Reference;
use crate::actions::checks::Setup;
use crate::app::App;
use crate::http::Proxies;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use url::Url;

/// The state of every handler.
#[derive(Clone)]
pub struct Web {
    pub app: App,
    /// The public address is https, so cookies are Secure.
    pub secure: bool,
    /// The address that people use, if it is set.
    pub public_url: Option<Arc<Url>>,
    /// Whose word about the sender of a request is believed.
    pub proxies: Arc<Proxies>,
    /// Coolify is simulated: pages tell the user what to try.
    pub demo: bool,
    /// The settings in force, for administrators.
    pub settings: Arc<[Setting]>,
    /// What the page of the API tells.
    pub reference: Arc<Reference>,
    /// What administrators may have checked.
    pub checks: Arc<Setup>,
}

/// A setting in force, without anything secret.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    pub value: String,
    /// Where the value comes from.
    pub origin: String,
}

/// A message about a completed action, shown once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
    /// The environment that has taken the password which was sent.
    #[serde(default)]
    pub accepted: Option<String>,
}

impl Notice {
    /// A message about what was done.
    pub fn good(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Good,
            text: text.into(),
            accepted: None,
        }
    }
}

/// The severity of a message.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    Good,
    Bad,
}
