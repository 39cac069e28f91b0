//! What every call of the API passes before its controller: token, throttle, switches, ability.
//!
//! It knows the order in which refusals win; it must not know what the calls do.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;

use super::answer::Answer;
use super::call::{Call, Route};
use super::moment::Moment;
use super::settings::Settings;

const MINUTE: Duration = Duration::from_mins(1);
/// The throttle of `/api/health` alone.
const HEALTH_LIMIT: u32 = 1_000;

/// The throttle's buckets: one for the user to whom every token belongs, one for callers without a token, one
/// for `/api/health`.
#[derive(Default)]
pub struct Throttle([Bucket; 3]);

#[derive(Default)]
struct Bucket {
    since: Option<Instant>,
    hits: u32,
}

/// What a call that passed may do, and what its answer has to say about the throttle.
pub struct Pass {
    /// Whether the token may read sensitive things.
    pub sensitive: bool,
    limit: u32,
    remaining: u32,
}

impl Pass {
    /// The answer with the throttle's headers.
    pub fn stamp(&self, answer: Answer) -> Answer {
        let answer = answer.with("x-ratelimit-limit", self.limit.to_string());
        answer.with("x-ratelimit-remaining", self.remaining.to_string())
    }
}

/// Lets a call pass, or refuses it.
///
/// # Errors
/// The first refusal in Coolify's order: 401, 429, 403 for the switches, 403 for the ability.
pub fn pass(
    settings: &Settings,
    throttle: &mut Throttle,
    route: &Route,
    authorization: Option<&str>,
) -> Result<Pass, Answer> {
    let limit = settings.rate_limit_per_minute;
    let Some(ability) = route.call.ability() else {
        return match route.call {
            Call::Health => throttle.hit(2, HEALTH_LIMIT),
            _ => throttle.hit(1, limit),
        };
    };
    let Some(abilities) = abilities(settings, authorization) else {
        let message = "Unauthenticated.";
        return Err(Answer::refusal(StatusCode::UNAUTHORIZED, message));
    };
    let may = |wanted: &str| abilities.iter().any(|one| one == wanted || one == "root");
    let mut pass = throttle.hit(0, limit)?;
    pass.sensitive = may("read:sensitive");
    let refusal = switched_off(settings)
        .or_else(|| (!may(ability)).then(|| lacking(ability)))
        .or_else(|| route.moved.then(moved));
    match refusal {
        Some(refusal) => Err(pass.stamp(refusal)),
        None => Ok(pass),
    }
}

fn moved() -> Answer {
    let message = "This endpoint has changed to a POST request.";
    let refusal = Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, message);
    refusal.with("allow", "POST".to_owned())
}

/// 403 for want of an ability.
pub fn lacking(ability: &str) -> Answer {
    let message = format!("Missing required permissions: {ability}");
    Answer::refusal(StatusCode::FORBIDDEN, &message)
}

/// 403 that calls itself a success.
pub fn off(message: &str) -> Answer {
    let body = json!({ "success": true, "message": message });
    Answer::json(StatusCode::FORBIDDEN, &body)
}

fn switched_off(settings: &Settings) -> Option<Answer> {
    if settings.api_disabled {
        return Some(off("API is disabled."));
    }
    let refused = "You are not allowed to access the API.";
    settings.ip_refused.then(|| off(refused))
}

/// The abilities of the token, which may come without the number before its secret.
fn abilities<'a>(settings: &'a Settings, authorization: Option<&str>) -> Option<&'a Vec<String>> {
    let (scheme, given) = authorization?.trim().split_once(' ')?;
    let given = given.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || given.is_empty() {
        return None;
    }
    let secret = |token: &str| {
        token
            .split_once('|')
            .is_some_and(|(_, secret)| secret == given)
    };
    let mut tokens = settings.token_abilities.iter();
    let found = tokens.find(|(token, _)| *token == given || secret(token));
    found.map(|(_, abilities)| abilities)
}

impl Throttle {
    fn hit(&mut self, bucket: usize, limit: u32) -> Result<Pass, Answer> {
        let bucket = &mut self.0[bucket];
        let now = Instant::now();
        let since = *bucket.since.get_or_insert(now);
        if now - since >= MINUTE {
            *bucket = Bucket {
                since: Some(now),
                hits: 0,
            };
        }
        if bucket.hits >= limit {
            let wait = MINUTE.saturating_sub(now - since).as_secs().max(1);
            let reset = Moment::now()
                .after(Duration::from_secs(wait))
                .unix_seconds();
            return Err(Answer::throttled(wait, limit, reset));
        }
        bucket.hits += 1;
        Ok(Pass {
            sensitive: false,
            limit,
            remaining: limit - bucket.hits,
        })
    }
}
