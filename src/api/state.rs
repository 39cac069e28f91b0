//! The state of every handler, and what a handler answers.

use super::problem::Problem;
use crate::app::App;
use crate::http::Proxies;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The state of every handler.
#[derive(Clone)]
pub struct Api {
    pub app: App,
    /// The public address is https.
    pub secure: bool,
    /// Whose word about the sender of a request is believed.
    pub proxies: Arc<Proxies>,
    /// Ends what waits for a change, when the process stops.
    pub stop: CancellationToken,
}

/// What a handler answers, or why it does not.
pub type Answer<T> = Result<T, Problem>;
