//! The state of every handler, and what a handler answers.

use super::problem::Problem;
use crate::app::App;
use crate::http::Proxies;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use url::Url;

/// The state of every handler.
#[derive(Clone)]
pub struct Api {
    pub app: App,
    /// The public address is https.
    pub secure: bool,
    /// The address that people use, if it is set.
    pub public_url: Option<Arc<Url>>,
    /// Whose word about the sender of a request is believed.
    pub proxies: Arc<Proxies>,
    /// Ends what waits for a change, when the process stops.
    pub stop: CancellationToken,
}

/// What a handler answers, or why it does not.
pub type Answer<T> = Result<T, Problem>;
