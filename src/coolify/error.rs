//! What can go wrong at Coolify, and what it means for the one who called.

use super::refusal::{Conflict, Refusal};
use reqwest::StatusCode;
use std::error::Error as _;
use std::time::Duration;

/// How long to wait when Coolify throttles without saying for how long.
const DEFAULT_PAUSE: Duration = Duration::from_mins(1);

/// Why a call to Coolify brought no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Coolify cannot be reached or is not well; trying again may help.
    #[error("{why}")]
    Unreachable {
        /// The end of a sentence that begins "Coolify cannot be reached:".
        why: String,
        /// The request may have been carried out, or may yet be.
        unsure: bool,
    },
    /// Too many calls; nothing was done.
    #[error("too many calls, wait {} s", .0.as_secs())]
    Throttled(Duration),
    /// What Coolify allows all of us is used up for the moment; nothing was sent.
    #[error("no call left, wait {} ms", .0.as_millis())]
    Spent(Duration),
    /// Coolify refuses for good. A whole sentence for people: why, and what to do.
    #[error("{0}")]
    Refused(String),
    /// The thing asked for is not there.
    #[error("not found")]
    NotFound,
    /// The domain is held by another application.
    #[error("the domain is taken")]
    DomainTaken(Vec<Conflict>),
}

impl Error {
    /// The request got no answer that could be read.
    pub(super) fn from_transport(error: &reqwest::Error) -> Self {
        let unsure = !error.is_connect() && !error.is_builder();
        Self::Unreachable {
            why: transport_words(error).to_owned(),
            unsure,
        }
    }

    /// The answer's code and body say no. `changes` tells whether the request was to change something.
    pub(super) fn from_answer(
        status: StatusCode,
        retry_after: Option<Duration>,
        body: &[u8],
        changes: bool,
    ) -> Self {
        let refusal = Refusal::read(body);
        match status.as_u16() {
            429 => Self::Throttled(retry_after.unwrap_or(DEFAULT_PAUSE)),
            401 => Self::refused(
                "Coolify does not accept the token. Make a new one in Coolify and set COOLIFY_API_TOKEN to it",
            ),
            403 => Self::Refused(forbidden(&refusal)),
            404 if refusal.no_such_route() => Self::refused(
                "This version of Coolify does not know a call that is needed. Update Coolify to 4.0.0 or newer",
            ),
            404 => missing(&refusal),
            409 if !refusal.conflicts.is_empty() => Self::DomainTaken(refusal.conflicts),
            500 => Self::Unreachable {
                why: "it answered with an error of its own".to_owned(),
                unsure: false,
            },
            501.. => Self::Unreachable {
                why: "the proxy in front of it says it is not available".to_owned(),
                unsure: changes,
            },
            300..=399 => Self::refused(
                "Coolify's address redirects elsewhere. Set COOLIFY_API_URL to the final address",
            ),
            _ => Self::refused(&format!(
                "Coolify refuses the request: {}. Check the settings of the repository, the project and the server",
                refusal.details()
            )),
        }
    }

    /// The answer was good but could not be read.
    pub(super) fn unreadable() -> Self {
        Self::Unreachable {
            why: "its answer could not be read".to_owned(),
            unsure: false,
        }
    }

    fn refused(sentence: &str) -> Self {
        Self::Refused(format!("{sentence}."))
    }
}

fn missing(refusal: &Refusal) -> Error {
    let setting = match refusal.message.trim_end_matches('.') {
        "Project not found" => "project. Check COOLIFY_PROJECT_UUID",
        "Environment not found" => "environment of the project. Check COOLIFY_ENVIRONMENT_NAME",
        "Server not found" => "server. Check COOLIFY_SERVER_UUID",
        _ => return Error::NotFound,
    };
    Error::refused(&format!(
        "Coolify does not find the {setting}, and that the token is of the same team"
    ))
}

/// Told apart by the words of Coolify's middlewares (`ApiAbility`, `ApiAllowed`, `EnsureTokenBelongsToCurrentTeamMember`).
fn forbidden(refusal: &Refusal) -> String {
    let message = refusal.message.trim_end_matches('.');
    if let Some(abilities) = message.strip_prefix("Missing required permissions: ") {
        format!(
            "The token of Coolify lacks the permission \u{201c}{abilities}\u{201d}. Make one with read, write, deploy and read:sensitive and set COOLIFY_API_TOKEN to it."
        )
    } else if message == "API is disabled" {
        "Coolify's API is switched off. Switch it on in Coolify's settings.".to_owned()
    } else if message == "You are not allowed to access the API" {
        "Coolify does not allow calls from this address. Add it to the allowed addresses in Coolify's settings.".to_owned()
    } else {
        format!(
            "Coolify does not allow it: {}. The token must belong to an admin or owner of the team.",
            refusal.details()
        )
    }
}

/// Why there was no answer, as the end of a sentence.
pub(super) fn transport_words(error: &reqwest::Error) -> &'static str {
    let mut chain = String::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        chain.push_str(&inner.to_string().to_lowercase());
        chain.push('\n');
        cause = inner.source();
    }
    let says = |words: &[&str]| words.iter().any(|word| chain.contains(word));
    if says(&["cannot be resolved", "dns error", "failed to lookup"]) {
        "its name cannot be resolved (DNS)"
    } else if says(&["certificate", "tls", "handshake", "fatal alert"]) {
        "its certificate is not valid or the encrypted connection failed (TLS)"
    } else if error.is_timeout() || says(&["timed out"]) {
        "it did not answer in time"
    } else if says(&["refused"]) {
        "the connection was refused"
    } else {
        "the connection was lost"
    }
}
