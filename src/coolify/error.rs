//! Errors of calls to Coolify, by what the caller can do about them.

use super::refusal::{Conflict, Refusal};
use std::error::Error as _;
use std::time::Duration;

/// The wait after a rate limit response that names none.
const DEFAULT_WAIT: Duration = Duration::from_mins(1);

/// Why a call to Coolify failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There was no response from Coolify itself, or none that tells the outcome of the request; retrying may help.
    #[error("{why}")]
    Unreachable {
        /// The end of a sentence that begins "Coolify cannot be reached:"; never empty.
        why: String,
        /// The request may have taken effect, or still may.
        unsure: bool,
        /// The wait that the response asked for.
        retry_after: Option<Duration>,
    },
    /// Rate limited; nothing was done.
    #[error("too many calls, wait {} s", .retry_after.as_secs())]
    RateLimited { retry_after: Duration },
    /// Coolify's build queue is full; nothing was done. Calls other than deploys are unaffected.
    #[error("the build queue is full, wait {} s", .retry_after.as_secs())]
    QueueFull { retry_after: Duration },
    /// Coolify refuses permanently. A whole sentence for the user: the reason, and what to do.
    #[error("{0}")]
    Refused(String),
    /// The requested thing does not exist.
    #[error("not found")]
    NotFound,
    /// Another application uses the domain.
    #[error("the domain is taken")]
    DomainTaken(Vec<Conflict>),
}

/// A response without a success status.
#[derive(Debug)]
pub(super) struct Rejection {
    pub status: u16,
    /// It is a redirect to another address.
    pub redirects: bool,
    pub retry_after: Option<Duration>,
    /// Coolify's message, if the response is its own.
    pub refusal: Option<Refusal>,
}

impl Rejection {
    /// Whether Coolify says that the token lacks an ability, or its owner a role.
    pub fn is_about_an_ability(&self) -> bool {
        let refusal = self.refusal.as_ref().filter(|_| self.status == 403);
        refusal.is_some_and(Refusal::is_about_an_ability)
    }

    /// Whether Coolify says that a build cannot be cancelled because it has ended.
    pub fn is_about_an_ended_build(&self) -> bool {
        let refusal = self.refusal.as_ref().filter(|_| self.status == 400);
        refusal.is_some_and(Refusal::is_about_an_ended_build)
    }
}

impl Error {
    /// The request got no readable response. `changes` says whether it was to change something.
    pub(super) fn from_transport(error: &reqwest::Error, changes: bool) -> Self {
        Self::Unreachable {
            why: transport_words(error).to_owned(),
            unsure: changes && !error.is_connect() && !error.is_builder(),
            retry_after: None,
        }
    }

    /// The response is a refusal. `changes` says whether the request was to change something.
    pub(super) fn from_rejection(rejection: Rejection, changes: bool) -> Self {
        let Rejection {
            status,
            retry_after,
            ..
        } = rejection;
        if rejection.redirects {
            return Self::refused(
                "Coolify's address redirects elsewhere. Set COOLIFY_API_URL to the final address",
            );
        }
        let unreachable = |why: &str, unsure| Self::Unreachable {
            why: why.to_owned(),
            unsure: changes && unsure,
            retry_after,
        };
        match (status, rejection.refusal) {
            // Coolify has finished the request, so its effects are visible.
            (500, Some(_)) => unreachable("it answered with an error of its own", false),
            (500, None) => unreachable("it answered with an error of its own", true),
            (400..=407 | 409..=499, Some(refusal)) => {
                Self::from_refusal(status, refusal, retry_after)
                    .unwrap_or_else(|| unreachable(foreign_words(status), false))
            }
            _ => unreachable(foreign_words(status), status >= 500 || status == 408),
        }
    }

    /// Coolify's own refusal; `None` when the response cannot be Coolify's.
    fn from_refusal(status: u16, refusal: Refusal, retry_after: Option<Duration>) -> Option<Self> {
        let retry_after = retry_after.unwrap_or(DEFAULT_WAIT);
        Some(match status {
            429 if refusal.is_queue_full() => Self::QueueFull { retry_after },
            429 => Self::RateLimited { retry_after },
            401 => Self::refused(
                "Coolify does not accept the token. Make a new one in Coolify and set COOLIFY_API_TOKEN to it",
            ),
            403 => Self::Refused(forbidden(&refusal)),
            404 if refusal.is_no_such_route() => Self::refused(
                "This version of Coolify does not know a call that is needed. Update Coolify to 4.0.0 or newer",
            ),
            404 if refusal.is_missing() => missing(&refusal),
            404 => return None,
            409 if refusal.has_conflicts() => Self::DomainTaken(refusal.into_conflicts()),
            _ => Self::refused(&format!(
                "Coolify refuses the request: {}. {}",
                refusal.details(),
                refusal.remedy()
            )),
        })
    }

    /// The response had a success status but could not be parsed. `changes` says whether the request was to change
    /// something.
    pub(super) fn unreadable(changes: bool) -> Self {
        Self::Unreachable {
            why: "its answer could not be read".to_owned(),
            unsure: changes,
            retry_after: None,
        }
    }

    /// A permanent refusal, from its sentence without the full stop.
    pub(super) fn refused(sentence: &str) -> Self {
        Self::Refused(format!("{sentence}."))
    }
}

/// What a response that is not Coolify's says, as the end of a sentence.
fn foreign_words(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => "the proxy in front of it refuses the request",
        404 => "the proxy in front of it does not know it",
        408 | 504 => "the proxy in front of it did not get an answer in time",
        413 => "the proxy in front of it does not let the request through, for it is too large",
        429 => "the proxy in front of it allows no more calls at the moment",
        500.. => "the proxy in front of it says it is not available",
        _ => "something else answers at its address",
    }
}

fn missing(refusal: &Refusal) -> Error {
    let setting = match refusal.message() {
        "Project not found" => "project. Check COOLIFY_PROJECT_UUID",
        "Environment not found" => "environment of the project. Check COOLIFY_ENVIRONMENT_NAME",
        "Server not found" => "server. Check COOLIFY_SERVER_UUID",
        _ => return Error::NotFound,
    };
    Error::refused(&format!(
        "Coolify does not find the {setting}, and that the token is of the same team"
    ))
}

/// Distinguished by the messages of Coolify's middlewares (`ApiAbility`, `ApiAllowed`,
/// `EnsureTokenBelongsToCurrentTeamMember`).
fn forbidden(refusal: &Refusal) -> String {
    let message = refusal.message();
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

/// Why there was no response, as the end of a sentence.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str, changes: bool) -> Error {
        let rejection = Rejection {
            status,
            redirects: false,
            retry_after: Some(Duration::from_secs(7)),
            refusal: Refusal::read(body.as_bytes()),
        };
        Error::from_rejection(rejection, changes)
    }

    #[test]
    fn an_answer_that_is_not_coolifys_is_never_its_word() {
        let bodies = [
            "",
            "<html>403</html>",
            "404 page not found",
            "{}",
            "[]",
            "null",
        ];
        for status in (300..600).filter(|status| *status != 500) {
            for body in bodies {
                for changes in [false, true] {
                    let Error::Unreachable {
                        why,
                        unsure,
                        retry_after,
                    } = error(status, body, changes)
                    else {
                        panic!("{status} {body}")
                    };
                    assert!(!why.is_empty() && !why.ends_with('.'), "{why}");
                    assert_eq!(retry_after, Some(Duration::from_secs(7)));
                    let may_be_done = status == 408 || status >= 500;
                    assert_eq!(unsure, changes && may_be_done, "{status}");
                }
            }
        }
    }

    #[test]
    fn after_coolifys_own_error_the_request_has_ended() {
        let own = r#"{"message": "Server Error"}"#;
        for (body, unsure) in [(own, false), ("<html>", true), ("", true)] {
            let expected = unsure;
            let Error::Unreachable { unsure, .. } = error(500, body, true) else {
                panic!("{body}")
            };
            assert_eq!(unsure, expected, "{body}");
        }
    }

    #[test]
    fn a_full_queue_is_told_from_too_many_calls() {
        let full = error(
            429,
            r#"{"message":"Deployment queue is full. Please wait."}"#,
            true,
        );
        assert!(matches!(full, Error::QueueFull { retry_after } if retry_after.as_secs() == 7));
        let limited = error(429, r#"{"message":"Too Many Attempts."}"#, true);
        assert!(
            matches!(limited, Error::RateLimited { retry_after } if retry_after.as_secs() == 7)
        );
    }

    #[test]
    fn every_refusal_is_a_whole_sentence_with_a_reason() {
        for status in (400..500).filter(|status| ![404, 408, 429].contains(status)) {
            for message in ["", ".", "No."] {
                let body = format!(r#"{{"message":"{message}"}}"#);
                let Error::Refused(sentence) = error(status, &body, true) else {
                    panic!("{status}")
                };
                assert!(sentence.ends_with('.'), "{sentence}");
                let empty = [": .", "..", "“”", ": ;", " ."];
                assert!(
                    empty.iter().all(|empty| !sentence.contains(empty)),
                    "{sentence}"
                );
            }
        }
    }

    #[test]
    fn a_404_is_believed_only_in_coolifys_words() {
        let error = |message: &str| error(404, &format!(r#"{{"message":"{message}"}}"#), false);
        assert!(matches!(error("Application not found."), Error::NotFound));
        assert!(matches!(error("No resources found."), Error::NotFound));
        assert!(matches!(error("Server not found."), Error::Refused(_)));
        for gateway in ["no Route matched with those values", ""] {
            assert!(
                matches!(error(gateway), Error::Unreachable { .. }),
                "{gateway}"
            );
        }
    }
}
