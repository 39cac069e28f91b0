//! What every call of the API passes before its handler: token, rate limit, switches, ability. The order decides which
//! refusal wins.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{calls::Call, locking::lock, response::ApiResponse};
use super::{server::Shared, settings::Settings};

/// Whether the token may read sensitive things; an extension of every request that passed with a token.
#[derive(Clone, Copy)]
pub struct Sensitive(pub bool);

/// Lets a call pass, or refuses it.
pub async fn check(
    State((shared, call)): State<(Shared, Call)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(ability) = call.ability() else {
        return next.run(request).await;
    };
    let settings = shared.state().settings.clone();
    let Some(abilities) = abilities(&settings, &request) else {
        return ApiResponse::unauthenticated().into_response();
    };
    let limit = settings.rate_limit_per_minute;
    let counted = lock(&shared.rate_limit).count(limit);
    let remaining = match counted {
        Ok(remaining) => remaining,
        Err(refusal) => return refusal.into_response(),
    };
    let may = |wanted: &str| abilities.iter().any(|one| one == wanted || one == "root");
    let mut response = if settings.api_disabled {
        ApiResponse::switched_off("API is disabled.").into_response()
    } else if settings.ip_refused {
        ApiResponse::switched_off("You are not allowed to access the API.").into_response()
    } else if !may(ability) {
        ApiResponse::lacking(ability).into_response()
    } else {
        let sensitive = Sensitive(may("read:sensitive"));
        request.extensions_mut().insert(sensitive);
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(remaining));
    response
}

/// The abilities of the token, which may come without the number before its secret.
fn abilities<'a>(settings: &'a Settings, request: &Request) -> Option<&'a [String]> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    let given = header.to_str().ok()?.strip_prefix("Bearer ")?;
    let is_given = |token: &str| {
        let secret = token.split_once('|').map(|(_, secret)| secret);
        token == given || secret == Some(given)
    };
    let mut tokens = settings.token_abilities.iter();
    let found = tokens.find(|(token, _)| is_given(token));
    found.map(|(_, abilities)| abilities.as_slice())
}
