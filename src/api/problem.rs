//! Why a request failed, as RFC 9457 has it: the sentence is the one that a person reads.

use crate::actions::api_tokens::{Quota, Unknown, quota};
use crate::actions::environments::Refusal;
use crate::domain::api_token::Scope;
use crate::domain::invalid::{Invalid, Wrong};
use crate::http::error::{RequestError, log_panic};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

/// The type of the content of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request failed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    status: u16,
    /// What is wrong and what to do, in a sentence for people.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// Each field or parameter that is wrong; with status 422, and 409 for a name that is taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip)]
    headers: Box<HeaderMap>,
}

/// What is wrong with one field or parameter.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    pub field: String,
    pub detail: String,
}

impl Problem {
    /// A problem of this kind with this sentence.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            detail: detail.into(),
            errors: vec![],
            headers: Box::default(),
        }
    }

    /// Fields or parameters are wrong.
    pub fn wrong(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            _ => "Several fields are wrong; each has its sentence.".to_owned(),
        };
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    /// The same for fields that are right, but that what is there already stands against.
    pub fn of_others(self) -> Self {
        Self {
            title: "Conflict",
            status: StatusCode::CONFLICT.as_u16(),
            ..self
        }
    }

    /// There is nothing, or it is not theirs.
    pub fn not_found() -> Self {
        RequestError::NotFound.into()
    }

    /// Whether that is why.
    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND.as_u16()
    }

    /// No token was sent, or it was sent in another way.
    pub fn no_token() -> Self {
        let detail = "Send a token of yours as “Authorization: Bearer vpsc_…”. You make one on the page of your account.";
        let problem = Self::new(StatusCode::UNAUTHORIZED, detail);
        problem.with(header::WWW_AUTHENTICATE, "Bearer realm=\"vps-claude\"")
    }

    /// The token does not let its holder do this.
    pub fn not_allowed(needed: Scope) -> Self {
        let word = needed.word();
        let detail = format!(
            "This token may not do this: it needs the scope {word}. Make another one on the page of your account."
        );
        let asked =
            format!("Bearer realm=\"vps-claude\", error=\"insufficient_scope\", scope=\"{word}\"");
        Self::new(StatusCode::FORBIDDEN, detail).with(header::WWW_AUTHENTICATE, &asked)
    }

    /// Only administrators may do this, whatever a token may.
    pub fn for_administrators() -> Self {
        let detail = "Only administrators may do this, and the owner of this token is none.";
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// All tokens of its owner together have asked too often.
    pub fn too_often(wait: Duration) -> Self {
        let mut problem = Self::from(RequestError::TooMany(wait));
        add_quota(&mut problem.headers, quota(0));
        problem
    }

    /// The same, and when it is worth asking again.
    pub fn retry_after(self, wait: Duration) -> Self {
        self.with(header::RETRY_AFTER, &wait.as_secs().to_string())
    }

    fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// Says how often all tokens of the same owner may still ask.
pub fn add_quota(headers: &mut HeaderMap, quota: Quota) {
    let seconds = quota.reset.as_millis().div_ceil(1_000);
    let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
    headers.insert("ratelimit-limit", quota.limit.into());
    headers.insert("ratelimit-remaining", quota.remaining.into());
    headers.insert("ratelimit-reset", seconds.into());
}

impl From<&RequestError> for Problem {
    fn from(error: &RequestError) -> Self {
        let says = error.says();
        let detail = match error {
            RequestError::Unreadable => "This request could not be read.".to_owned(),
            RequestError::NoSuchMethod => {
                "This address does not take this kind of request; the header Allow says which it takes.".to_owned()
            }
            RequestError::TooLarge => {
                "This request is larger than anything that is needed here.".to_owned()
            }
            RequestError::LongAddress => {
                "This address is too long. Send less in its parameters.".to_owned()
            }
            RequestError::LargeHeaders | RequestError::ManyCookies(_) => {
                "The headers of this request are too large. Send fewer or shorter ones.".to_owned()
            }
            _ => says.sentence,
        };
        let status = StatusCode::from_u16(says.status);
        let problem = Self::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), detail);
        match says.retry_after_seconds {
            Some(seconds) => problem.with(header::RETRY_AFTER, &seconds.to_string()),
            None => problem,
        }
    }
}

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        Self::from(&error)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        RequestError::from(error).into()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wrong(wrongs) => {
                let is_taken = wrongs
                    .iter()
                    .all(|wrong| wrong.invalid == Invalid::NameTaken);
                let problem = Self::wrong(wrongs.iter().map(FieldError::from).collect());
                if is_taken {
                    problem.of_others()
                } else {
                    problem
                }
            }
            Refusal::Changed => Self {
                status: StatusCode::PRECONDITION_FAILED.as_u16(),
                title: "Precondition Failed",
                ..RequestError::from(refusal).into()
            },
            refusal => RequestError::from(refusal).into(),
        }
    }
}

impl From<Unknown> for Problem {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::Token => {
                let detail = "This is no token, or not any more: it was revoked, has expired, or its owner cannot sign in. Make another one on the page of your account.";
                let asked = "Bearer realm=\"vps-claude\", error=\"invalid_token\"";
                Self::new(StatusCode::UNAUTHORIZED, detail).with(header::WWW_AUTHENTICATE, asked)
            }
            Unknown::TooMany(wait) => RequestError::TooMany(wait).into(),
            Unknown::Database(error) => error.into(),
        }
    }
}

impl From<&Wrong> for FieldError {
    fn from(wrong: &Wrong) -> Self {
        Self {
            field: match wrong.field {
                "repository" => "workspace_repository",
                "variable" => "name",
                field => field,
            }
            .to_owned(),
            detail: wrong.invalid.to_string(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let text = serde_json::to_string(&self).unwrap_or_default();
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        (status, *self.headers, [kind], text).into_response()
    }
}

/// The answer to what is refused before anybody is looked up.
pub fn refused(error: &RequestError) -> Response {
    Problem::from(error).into_response()
}

/// No such path.
pub async fn no_such_address() -> Problem {
    Problem::not_found()
}

/// The path exists, but does not accept this method. Which it accepts is in the header that the router adds.
pub async fn no_such_method() -> Problem {
    RequestError::NoSuchMethod.into()
}

/// A handler panicked; other requests are unaffected.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    log_panic(&*panic);
    Problem::from(RequestError::Broken).into_response()
}
