//! Who calls: the holder of the token that a request brings, and what it may do.

use super::problem::{Problem, add_quota};
use super::state::Api;
use crate::actions::api_tokens::{self, Holder};
use crate::actions::idempotency::Keyed;
use crate::domain::actor::Actor;
use crate::domain::api_token::Scope;
use crate::domain::id::UserId;
use crate::http::forwarded;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// The holder of the token that a request brings. A handler gets one only together with a scope.
#[derive(Clone)]
pub struct Known {
    holder: Arc<Holder>,
    from: IpAddr,
}

impl Known {
    /// The request that they send with this token and this key, and that says all this.
    pub fn keyed(&self, token: &str, key: &str, said: &[&[u8]]) -> Keyed {
        Keyed::new(self.holder.id, token, key, said)
    }

    /// Refuses what their token may not do. The role is that of this moment: it was read with the token.
    fn check(&self, needed: Scope) -> Result<(), Problem> {
        if needed == Scope::Admin && !self.holder.user.is_administrator {
            return Err(Problem::for_administrators());
        }
        if self.holder.scopes.has(needed) {
            Ok(())
        } else {
            Err(Problem::not_allowed(needed))
        }
    }
}

/// Finds out whose token a request brings, and counts the request. Without a token nothing is done.
pub async fn known(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(sent) = bearer(&parts.headers) else {
        return Problem::no_token().into_response();
    };
    let from = forwarded::sender(&parts, &api.proxies);
    let holder = match api_tokens::holder(&api.app, from, sent).await {
        Ok(holder) => holder,
        Err(unknown) => return Problem::from(unknown).into_response(),
    };
    let quota = match api_tokens::take(&api.app, holder.user.id).await {
        Ok(quota) => quota,
        Err(wait) => return Problem::too_often(wait).into_response(),
    };
    let known = Known {
        holder: Arc::new(holder),
        from,
    };
    parts.extensions.insert(known);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    add_quota(response.headers_mut(), quota);
    response
}

/// Lets administrators through and nobody else, before anything that was kept for them is answered.
pub async fn administers(request: Request, next: Next) -> Response {
    let known = request.extensions().get::<Known>();
    let checked = known.ok_or_else(Problem::no_token);
    match checked.and_then(|known| known.check(Scope::Admin)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The token of a request (RFC 6750, section 2.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = sent.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Who calls, with a token that has this scope.
pub struct Caller<const SCOPE: u8>(Arc<Holder>, IpAddr);

/// Who may see what is theirs.
pub type Reader = Caller<{ Scope::Read as u8 }>;
/// Who may deploy as well.
pub type Deployer = Caller<{ Scope::Deploy as u8 }>;
/// Who may create, change and delete as well.
pub type Writer = Caller<{ Scope::Write as u8 }>;
/// Who may do what administrators alone may. To others it is refused before anything is looked up.
pub type Administrator = Caller<{ Scope::Admin as u8 }>;

impl<const SCOPE: u8> Caller<SCOPE> {
    /// Whose token it is.
    pub fn user(&self) -> UserId {
        self.0.user.id
    }

    /// They, as the audit tells of them.
    pub fn actor(&self) -> Actor {
        Actor::of_token(self.user(), self.1)
    }

    /// The token with its owner.
    pub fn holder(&self) -> &Holder {
        &self.0
    }
}

impl<const SCOPE: u8> FromRequestParts<Api> for Caller<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Self::Rejection> {
        let Some(known) = parts.extensions.get::<Known>() else {
            return Err(Problem::no_token());
        };
        let needed = Scope::ALL.into_iter().find(|scope| *scope as u8 == SCOPE);
        let needed = needed.unwrap_or(Scope::Admin);
        known.check(needed)?;
        Ok(Self(Arc::clone(&known.holder), known.from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_as_its_rfc_has_it() {
        for (sent, token) in [
            ("Bearer vpsc_a", Some("vpsc_a")),
            ("bearer  vpsc_a", Some("vpsc_a")),
            ("Bearer ", None),
            ("Bearer", None),
            ("Basic vpsc_a", None),
            ("vpsc_a", None),
        ] {
            let headers = [(header::AUTHORIZATION, sent.parse().unwrap())];
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(bearer(&headers), token, "{sent}");
        }
    }
}
