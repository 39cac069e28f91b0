//! Whoever may see what concerns everybody.

use super::error::PageError;
use super::session::SignedIn;
use super::state::Web;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

/// A signed-in administrator. To anybody else the page does not exist.
pub struct Administrator(pub SignedIn);

impl FromRequestParts<Web> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let me = SignedIn::from_request_parts(parts, web).await?;
        if me.user.is_administrator {
            Ok(Self(me))
        } else {
            Err(PageError::NotFound.into_response())
        }
    }
}
