//! The visitor of a request: the session in PostgreSQL, and what pages need to know about the visitor.

use super::back;
use super::cookies::{Cookie, SeveralSessions};
use super::error::PageError;
use super::state::{Notice, Tone, Web};
use crate::actions::accounts::{self, Place, Proved, Sessions};
use crate::actions::browsers::Sender;
use crate::actions::known;
use crate::domain::actor::Actor;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::password;
use crate::domain::user::User;
use crate::http::forwarded;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::net::{IpAddr, Ipv4Addr};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::session::Id;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

/// How many marks of a browser are looked at: its own, and others that a neighbour's page has set.
const MARKS: usize = 8;
const KEYBOARDS: &str = "The password has characters that keyboards write in different ways. If the environment does not take it from yours, change it to plain letters.";
const NOTICES: &str = "notices";
/// Set from registration until the first environment is created.
const NEW_HERE: &str = "new";
/// The maximum number of pending messages.
const NOTICES_LIMIT: usize = 4;
/// The lifetime of a session without a new sign-in.
const LIFETIME: Duration = Duration::days(30);

/// Sessions in PostgreSQL; the cookie is `HttpOnly`, `SameSite=Lax`, and `Secure` when the public address is https.
pub fn layer(web: &Web) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions::new(web.app.pool.clone()))
        .with_name(Cookie::Session.name(web.secure))
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(web.secure)
        .with_expiry(Expiry::OnInactivity(LIFETIME))
}

/// The sender of a request, signed in or not.
pub struct Visitor {
    pub user: Option<User>,
    pub theme: &'static str,
    /// The path and the query.
    pub url: String,
    pub sender: Sender,
    /// The browser and the operating system, for the list of sessions.
    device: &'static str,
    pub session: Session,
    /// The browser sends another site's session beside its own.
    pub has_several_sessions: bool,
    /// The script takes only a part of the page.
    is_for_a_part: bool,
}

/// A signed-in user.
pub struct SignedIn {
    pub user: User,
    pub visitor: Visitor,
}

impl SignedIn {
    /// Who does what they ask for.
    pub fn actor(&self) -> Actor {
        Actor::on_page(self.user.id, self.visitor.sender.address)
    }
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let session = Session::from_request_parts(parts, web)
            .await
            .map_err(|_| PageError::Broken)?;
        let user = match session.id() {
            Some(id) => known::person(&web.app, &id.to_string()).await?,
            None => None,
        };
        Ok(Self {
            user,
            theme: theme(&parts.headers, web),
            url: parts.uri.to_string(),
            sender: sender(parts, web),
            device: device(&parts.headers),
            session,
            has_several_sessions: parts.extensions.get::<SeveralSessions>().is_some(),
            is_for_a_part: parts.headers.contains_key("hx-request"),
        })
    }
}

impl FromRequestParts<Web> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let visitor = Visitor::from_request_parts(parts, web)
            .await
            .map_err(IntoResponse::into_response)?;
        match visitor.user.clone() {
            Some(user) => Ok(Self { user, visitor }),
            None => Err(to_login(parts)),
        }
    }
}

/// The user of a poll. An unchanged page costs no statement, so nothing else is known of them, and the session's data is
/// not loaded.
pub struct Poller(pub UserId);

impl FromRequestParts<Web> for Poller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let session = Cookie::Session.last(&parts.headers, web);
        let session = session.and_then(|id| id.parse::<Id>().ok());
        let user = match session {
            Some(id) => known::user(&web.app, &id.to_string()).await,
            None => Ok(None),
        };
        match user.map_err(|error| PageError::from(error).into_response())? {
            Some(user) => Ok(Self(user)),
            None => Err(to_login(parts)),
        }
    }
}

/// htmx would swap the sign-in page into a row, so a header makes it navigate there instead.
fn to_login(parts: &Parts) -> Response {
    let login = back::to_login(parts);
    if parts.headers.contains_key("hx-request") {
        return (StatusCode::OK, [("hx-redirect", login)]).into_response();
    }
    Redirect::to(&login).into_response()
}

/// The visitor's theme.
fn theme(headers: &HeaderMap, web: &Web) -> &'static str {
    match Cookie::Theme.last(headers, web) {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "system",
    }
}

/// The browser and the operating system of a session, as far as the user agent tells.
fn device(headers: &HeaderMap) -> &'static str {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let has = |word: &str| agent.contains(word);
    match () {
        () if has("iPhone") || has("iPad") => "A browser on iOS",
        () if has("Android") => "A browser on Android",
        () if has("Firefox") && has("Windows") => "Firefox on Windows",
        () if has("Firefox") && has("Mac") => "Firefox on macOS",
        () if has("Firefox") => "Firefox on Linux",
        () if has("Edg/") => "Edge",
        () if has("Chrome") && has("Windows") => "Chrome on Windows",
        () if has("Chrome") && has("Mac") => "Chrome on macOS",
        () if has("Chrome") => "Chrome on Linux",
        () if has("Safari") => "Safari on macOS",
        () => "Another program",
    }
}

/// Who sends a request that may hold a password.
fn sender(parts: &Parts, web: &Web) -> Sender {
    let marks = Cookie::Mark.all(&parts.headers, web).take(MARKS);
    Sender {
        address: forwarded::sender(parts, &web.proxies),
        marks: marks.map(str::to_owned).collect(),
    }
}

impl Visitor {
    /// A visitor whose session is not read.
    pub fn unknown(parts: &Parts, web: &Web) -> Self {
        let nobody = Self::nobody();
        let session = parts.extensions.get::<Session>().cloned();
        Self {
            theme: theme(&parts.headers, web),
            url: parts.uri.to_string(),
            sender: sender(parts, web),
            device: device(&parts.headers),
            session: session.unwrap_or_else(|| nobody.session.clone()),
            ..nobody
        }
    }

    /// A visitor of whose request nothing is known.
    pub fn nobody() -> Self {
        let store = std::sync::Arc::new(tower_sessions::MemoryStore::default());
        Self {
            user: None,
            theme: "system",
            url: "/".to_owned(),
            sender: Sender {
                address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                marks: vec![],
            },
            device: "",
            session: Session::new(None, store, None),
            has_several_sessions: false,
            is_for_a_part: false,
        }
    }

    /// Signs the visitor in. The session gets a new id, so that whoever knew the old one is not signed in, too. Returns
    /// `false` when the password changed meanwhile.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn sign_in(&self, web: &Web, proved: &Proved) -> Result<bool, PageError> {
        let id = self.new_id().await?;
        let begun = accounts::begin_session(&web.app, &id, proved, &self.place()).await?;
        if !begun {
            self.session.flush().await?;
        }
        Ok(begun)
    }

    /// The same for somebody who is signed in, and has another password now.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn stay_signed_in(&self, web: &Web, proved: &Proved) -> Result<(), PageError> {
        let id = self.new_id().await?;
        if !accounts::go_on_in_session(&web.app, &id, proved, &self.place()).await? {
            self.session.flush().await?;
        }
        Ok(())
    }

    async fn new_id(&self) -> Result<String, PageError> {
        self.session.cycle_id().await?;
        self.session.insert(Sessions::SIGNED_IN, true).await?;
        self.session.save().await?;
        Ok(self.session_id())
    }

    fn place(&self) -> Place<'static> {
        Place {
            device: self.device,
            address: self.sender.address,
        }
    }

    /// Marks the visitor as newly registered.
    ///
    /// # Errors
    /// When the session cannot be stored.
    pub async fn welcome(&self) -> Result<(), PageError> {
        Ok(self.session.insert(NEW_HERE, true).await?)
    }

    /// Whether the visitor registered in this session and has not created an environment yet.
    pub async fn is_new_here(&self) -> bool {
        matches!(self.session.get(NEW_HERE).await, Ok(Some(true)))
    }

    /// Removes that mark.
    pub async fn is_at_home(&self) {
        if self.is_new_here().await {
            let _: Result<Option<bool>, _> = self.session.remove(NEW_HERE).await;
        }
    }

    /// Ends the session.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn sign_out(&self, web: &Web) -> Result<(), PageError> {
        if let Some(user) = &self.user {
            let by = Actor::on_page(user.id, self.sender.address);
            accounts::sign_out(&web.app, &by, user.id, &self.session_id()).await?;
        }
        Ok(self.session.flush().await?)
    }

    /// Adds a message for the next page.
    pub async fn notice(&self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        let accepted = None;
        self.add(Notice {
            tone,
            text,
            accepted,
        })
        .await;
    }

    /// The same, which also says that an environment has taken the password which was sent.
    pub async fn accepted(&self, text: String, environment: EnvironmentId) {
        self.add(Notice {
            accepted: Some(environment.to_string()),
            ..Notice::good(text)
        })
        .await;
    }

    async fn add(&self, notice: Notice) {
        let kept = self.session.get(NOTICES).await;
        let mut notices: Vec<Notice> = kept.ok().flatten().unwrap_or_default();
        notices.push(notice);
        let newest = notices.split_off(notices.len().saturating_sub(NOTICES_LIMIT));
        if let Err(error) = self.session.insert(NOTICES, newest).await {
            tracing::debug!(%error, "message not kept");
        }
    }

    /// Warns of an environment's password that code-server may not take from the same keyboard again.
    pub async fn warn_of_password(&self, typed: &str) {
        if password::is_changed(typed) {
            self.notice(Tone::Bad, KEYBOARDS).await;
        }
    }

    /// The pending messages. No part that the script takes has them, so they stay for the next page.
    pub async fn take_notices(&self) -> Vec<Notice> {
        if self.is_for_a_part {
            return vec![];
        }
        match self.session.get_value(NOTICES).await {
            Ok(Some(_)) => self
                .session
                .remove(NOTICES)
                .await
                .ok()
                .flatten()
                .unwrap_or_default(),
            _ => vec![],
        }
    }

    /// The session's id, once it is stored.
    pub fn session_id(&self) -> String {
        self.session
            .id()
            .map(|id| id.to_string())
            .unwrap_or_default()
    }
}
