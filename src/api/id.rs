//! Ids in the paths of requests.

use super::problem::Problem;
use super::state::Api;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use std::str::FromStr;

/// The id in the path. An invalid one is treated as not found.
pub struct Id<T>(pub T);

impl<T: FromStr> FromRequestParts<Api> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        let path = Path::<String>::from_request_parts(parts, api).await;
        let Path(text) = path.map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The id and the name in the path. An invalid one is treated as not found.
pub struct IdAndName<T>(pub T, pub String);

impl<T: FromStr> FromRequestParts<Api> for IdAndName<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Self::Rejection> {
        let path = Path::<(String, String)>::from_request_parts(parts, api).await;
        let Path((id, name)) = path.map_err(|_| Problem::not_found())?;
        let id = id.parse().map_err(|_| Problem::not_found())?;
        Ok(Self(id, name))
    }
}
