//! What every call of the API passes before its handler: token, rate limit, switches, ability. The order decides which
//! refusal wins.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Answer;
use super::calls::Call;
use super::locking::lock;
use super::rate_limit::Caller;
use super::server::Shared;
use super::settings::{Profile, Settings};

/// Calls of `/api/health` within a minute.
const HEALTH_LIMIT: u32 = 1_000;

/// Whether the token may read sensitive things; an extension of every request that passed.
#[derive(Clone, Copy)]
pub struct Sensitive(pub bool);

/// Lets a call pass, or refuses it.
pub async fn check(
    State((shared, call)): State<(Shared, Call)>,
    mut request: Request,
    next: Next,
) -> Response {
    let settings = shared.state().settings.clone();
    let usual = settings.rate_limit_per_minute;
    let (caller, limit) = match (call, call.ability()) {
        (Call::Health, _) => (Caller::Health, HEALTH_LIMIT),
        (_, None) => (Caller::WithoutToken, usual),
        (_, Some(_)) => (Caller::WithToken, usual),
    };
    let abilities = abilities(&settings, &request);
    if abilities.is_none() && call.ability().is_some() {
        return Answer::message(StatusCode::UNAUTHORIZED, "Unauthenticated.").into_response();
    }
    let counted = lock(&shared.rate_limits).count(caller, limit);
    let remaining = match counted {
        Ok(remaining) => remaining,
        Err(refusal) => return refusal.into_response(),
    };
    let abilities = abilities.unwrap_or_default();
    let refusal = refused(&settings, call, request.method(), abilities);
    let mut response = if let Some(refusal) = refusal {
        refusal.into_response()
    } else {
        let sensitive = may(abilities, "read:sensitive");
        request.extensions_mut().insert(Sensitive(sensitive));
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(remaining));
    response
}

/// Why a call that was counted is refused, if it is.
fn refused(
    settings: &Settings,
    call: Call,
    method: &Method,
    abilities: &[String],
) -> Option<Answer> {
    let ability = call.ability()?;
    if settings.api_disabled {
        return Some(Answer::switched_off("API is disabled."));
    }
    if settings.ip_refused {
        let message = "You are not allowed to access the API.";
        return Some(Answer::switched_off(message));
    }
    if !may(abilities, ability) {
        return Some(Answer::lacking(ability));
    }
    let action = ability == "deploy" && settings.profile != Profile::V4_0_0;
    (action && method == Method::GET).then(|| {
        let message = "This endpoint has changed to a POST request.";
        Answer::message(StatusCode::METHOD_NOT_ALLOWED, message).with("allow", "POST")
    })
}

fn may(abilities: &[String], wanted: &str) -> bool {
    abilities.iter().any(|one| one == wanted || one == "root")
}

/// The abilities of the token, which may come without the number before its secret.
fn abilities<'a>(settings: &'a Settings, request: &Request) -> Option<&'a [String]> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    let (scheme, given) = header.to_str().ok()?.trim().split_once(' ')?;
    let given = given.trim();
    let is_given = |token: &str| {
        let secret = token.split_once('|').map(|(_, secret)| secret);
        token == given || secret == Some(given)
    };
    let mut tokens = settings.token_abilities.iter();
    let found = tokens.find(|(token, _)| scheme.eq_ignore_ascii_case("bearer") && is_given(token));
    found.map(|(_, abilities)| abilities.as_slice())
}
