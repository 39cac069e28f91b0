//! What every handler is given, and the messages that wait for a page.

use crate::app::App;
use serde::{Deserialize, Serialize};

/// What every handler is given.
#[derive(Clone)]
pub struct Web {
    pub app: App,
    /// People come by https: cookies are Secure.
    pub secure: bool,
    /// Coolify is simulated: pages say what there is to try.
    pub demo: bool,
}

/// A message about what was done, shown once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

/// How a message is meant.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    Good,
    Bad,
}
