//! The errors of pages: those of every request, and what only pages have.

pub use crate::http::error::{RequestError as PageError, Saying, wrong_fields};

use crate::http::error::log_panic;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use std::any::Any;

impl From<tower_sessions::session::Error> for PageError {
    fn from(error: tower_sessions::session::Error) -> Self {
        tracing::warn!(%error, "session not read or stored");
        match error {
            tower_sessions::session::Error::Store(_) => Self::Unavailable,
            tower_sessions::session::Error::SerdeJson(_) => Self::Broken,
        }
    }
}

/// No such path.
pub async fn no_such_page() -> PageError {
    PageError::NotFound
}

/// The path exists, but does not accept this method. Which it accepts is in the header that the router adds; whoever
/// asks only for that gets nothing else.
pub async fn no_such_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        PageError::NoSuchMethod.into_response()
    }
}

/// A handler panicked; other requests are unaffected.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    log_panic(&*panic);
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something broke. This is our fault; the log says more.\n",
    )
        .into_response()
}
