//! Why requests fail: what is wrong, and what to do. It must not know how that is rendered.

use crate::actions::environments::Refusal;
use crate::actions::{accounts, people};
use crate::domain::allowance::Reached;
use crate::domain::invalid::Wrongs;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::any::Any;
use std::time::Duration;

/// Why an administrator stays one.
const LAST_ADMINISTRATOR: &str =
    "This is the last administrator. Make somebody else one first, under People.";

/// Why a request failed.
#[derive(Debug)]
pub enum RequestError {
    /// It does not exist, or belongs to another user.
    NotFound,
    /// Its status does not allow the action.
    NotNow(&'static str),
    /// What Coolify builds it from does not allow the action: the sentence says what that is.
    BuiltFrom(String),
    /// As many as this person may have.
    Limit(Reached),
    /// The request comes from another site.
    CrossSite,
    /// The request comes from an origin that is not known to be ours: the sentence says what was compared.
    ForeignOrigin(String),
    /// The request could not be parsed.
    Unreadable,
    /// The path does not accept this method.
    NoSuchMethod,
    /// The body is larger than any form.
    TooLarge,
    /// The request did not arrive in time.
    TooSlow,
    /// The path and the query are too long.
    LongAddress,
    /// The headers are too large.
    LargeHeaders,
    /// The headers are too large because of the cookies of this host.
    ManyCookies(String),
    /// Rate limited.
    TooMany(Duration),
    /// Too many password hashes are pending.
    Busy,
    /// The database is unreachable, or cannot be written.
    Unavailable,
    /// An internal error.
    Broken,
}

impl From<sqlx::Error> for RequestError {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        // Text with the character NUL, which PostgreSQL cannot hold.
        if code.as_deref() == Some("22021") {
            return Self::Unreadable;
        }
        let gone = match code {
            Some(code) => is_of_server(&code),
            None => is_of_connection(&error),
        };
        if gone {
            tracing::warn!(%error, "database not available");
            Self::Unavailable
        } else {
            tracing::error!(%error, "database failed");
            Self::Broken
        }
    }
}

/// Whether an error says that there is no connection to the database.
fn is_of_connection(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed
    )
}

/// Whether an error of PostgreSQL is about its own state and not about the statement, by its SQLSTATE (PostgreSQL,
/// appendix A): the connection (08, also every error of `PgBouncer` itself), a login that is no longer accepted (28), a
/// conflict with another transaction or with a standby's recovery (40), insufficient resources (53), operator
/// intervention such as shutdown and startup (57), a failing disk (58), a database that only reads (25006) or is gone
/// (3D000), a lock not granted in time (55P03).
fn is_of_server(code: &str) -> bool {
    let classes = ["08", "28", "40", "53", "57", "58"];
    let codes = ["25006", "3D000", "55P03"];
    classes.iter().any(|class| code.starts_with(class)) || codes.contains(&code)
}

impl From<Refusal> for RequestError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::NotNow(sentence) => Self::NotNow(sentence),
            Refusal::BuiltFrom(sentence) => Self::BuiltFrom(sentence),
            Refusal::Limit(reached) => Self::Limit(reached),
            Refusal::Changed => {
                Self::NotNow("It has changed meanwhile. Read it again, and decide again.")
            }
            Refusal::Wrong(_) => Self::Unreadable,
            Refusal::Busy(_) => Self::Busy,
            Refusal::Database(error) => error.into(),
        }
    }
}

impl From<people::Refusal> for RequestError {
    fn from(refusal: people::Refusal) -> Self {
        match refusal {
            people::Refusal::NotFound => Self::NotFound,
            people::Refusal::LastAdministrator => Self::NotNow(LAST_ADMINISTRATOR),
            people::Refusal::Database(error) => error.into(),
        }
    }
}

/// The invalid fields of a refusal; any other refusal becomes an error page.
pub fn wrong_fields(refusal: accounts::Refusal) -> Result<Wrongs, RequestError> {
    match refusal {
        accounts::Refusal::Wrong(wrongs) => Ok(wrongs),
        accounts::Refusal::TooMany(wait) => Err(RequestError::TooMany(wait)),
        accounts::Refusal::Closed => Err(RequestError::NotNow("Registration is closed.")),
        accounts::Refusal::Link => Err(RequestError::NotNow(
            "This link does not work any more. Ask for a new one.",
        )),
        accounts::Refusal::SignedOut => {
            Err(RequestError::NotNow("You are signed out. Sign in again."))
        }
        accounts::Refusal::OwnsEnvironments => Err(RequestError::NotNow(
            "You still have environments. Delete them first, then the account can go.",
        )),
        accounts::Refusal::LastAdministrator => Err(RequestError::NotNow(LAST_ADMINISTRATOR)),
        accounts::Refusal::NotAdministrator => Err(RequestError::NotFound),
        accounts::Refusal::Busy(_) => Err(RequestError::Busy),
        accounts::Refusal::Database(error) => Err(error.into()),
    }
}

/// What an answer says of an error.
#[derive(Clone, Serialize)]
pub struct Saying {
    pub status: u16,
    pub heading: &'static str,
    pub sentence: String,
    pub retry_after_seconds: Option<u64>,
    /// Whether the visitor can be looked up.
    #[serde(skip)]
    pub has_database: bool,
}

impl Saying {
    /// What is said while the database is not available.
    pub fn unavailable() -> Self {
        RequestError::Unavailable.says()
    }
}

impl RequestError {
    /// What its answer says.
    pub fn says(&self) -> Saying {
        let (status, heading) = self.heading();
        let retry_after_seconds = self.seconds_to_wait();
        Saying {
            status,
            heading,
            sentence: match self {
                Self::ForeignOrigin(sentence) | Self::BuiltFrom(sentence) => sentence.clone(),
                Self::Limit(reached) => reached.to_string(),
                Self::TooMany(_) => too_many(retry_after_seconds.unwrap_or(1)),
                Self::ManyCookies(host) => many_cookies(host),
                _ => self.sentence().to_owned(),
            },
            retry_after_seconds,
            has_database: !matches!(self, Self::Unavailable),
        }
    }

    fn heading(&self) -> (u16, &'static str) {
        match self {
            Self::NotFound => (404, "Not found"),
            Self::NotNow(_) | Self::BuiltFrom(_) | Self::Limit(_) => (409, "Not now"),
            Self::CrossSite | Self::ForeignOrigin(_) => (403, "Refused"),
            Self::Unreadable => (400, "Not understood"),
            Self::NoSuchMethod => (405, "Not possible"),
            Self::TooSlow => (408, "Too slow"),
            Self::TooLarge => (413, "Too large"),
            Self::LongAddress => (414, "Too long"),
            Self::LargeHeaders | Self::ManyCookies(_) => (431, "Too large"),
            Self::TooMany(_) => (429, "Too many attempts"),
            Self::Busy => (503, "Busy"),
            Self::Unavailable => (503, "Not available"),
            Self::Broken => (500, "Something broke"),
        }
    }

    fn sentence(&self) -> &'static str {
        match self {
            Self::NotFound => {
                "There is nothing here, or it is not yours. It may have been deleted."
            }
            Self::NotNow(sentence) => sentence,
            Self::BuiltFrom(_) => "It is built from what may not be chosen here.",
            Self::Limit(_) => "You have as many as you may have.",
            Self::CrossSite | Self::ForeignOrigin(_) => {
                "This request came from another site and was not carried out. Go back and try again from here."
            }
            Self::Unreadable => "This request could not be read. Go back and try again.",
            Self::NoSuchMethod => {
                "This address does not take this kind of request. Go back and use the buttons of the page."
            }
            Self::TooSlow => {
                "This request took too long to arrive. Check your connection and try again."
            }
            Self::TooLarge => {
                "This form is larger than anything that is needed here. Shorten what you typed and try again."
            }
            Self::LongAddress => {
                "This address is too long. Search for less, or start again from a page."
            }
            Self::LargeHeaders | Self::ManyCookies(_) => {
                "The headers of this request are too large. Remove the cookies of this site in your browser and try again."
            }
            Self::TooMany(_) => "This was tried too often. Wait a moment.",
            Self::Busy => {
                "Too many people are signing in at the moment. Nothing was changed; try again in a few seconds."
            }
            Self::Unavailable => {
                "The database cannot be reached or written at the moment. Nothing is lost; try again in a few seconds."
            }
            Self::Broken => {
                "This is our fault, and the log says more. Try again; if it stays, tell whoever runs this dashboard."
            }
        }
    }

    fn seconds_to_wait(&self) -> Option<u64> {
        let wait = match self {
            Self::TooMany(wait) => *wait,
            Self::Busy => Duration::from_secs(2),
            Self::Unavailable => Duration::from_secs(5),
            _ => return None,
        };
        let seconds = wait.as_millis().div_ceil(1_000);
        Some(u64::try_from(seconds).unwrap_or(u64::MAX).max(1))
    }
}

fn many_cookies(host: &str) -> String {
    format!(
        "Your browser sends too many cookies to {host}. Remove the cookies of {host} in your browser and try again."
    )
}

fn too_many(seconds: u64) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("This was tried too often. Wait {seconds} {unit}, then try again.")
}

impl IntoResponse for RequestError {
    /// Only attaches what is said: a layer renders it, which knows the visitor and the form of the answer.
    fn into_response(self) -> Response {
        let saying = self.says();
        let status =
            StatusCode::from_u16(saying.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Extension(saying)).into_response()
    }
}

/// Logs what a handler said when it panicked; other requests are unaffected.
pub fn log_panic(panic: &(dyn Any + Send)) {
    let words = panic.downcast_ref::<String>().cloned();
    let words = words.or_else(|| panic.downcast_ref::<&str>().map(|&words| words.to_owned()));
    tracing::error!(panic = words.unwrap_or_default(), "a handler panicked");
}
