//! Sign-in, sign-out, and the colour theme.

use super::back;
use super::cookies::Cookie;
use super::error::{PageError, wrong_fields};
use super::fields::{Errors, Fields, Query, Rules, errors};
use super::page::{Page, html, html_with};
use super::session::Visitor;
use super::state::{Notice, Web};
use crate::actions::accounts::{self, Refusal};
use crate::domain::user::WhoRegisters;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

const OVER_HTTP: &str = "You opened this page over http, where your browser does not keep you signed in. Open the same address with https, and try again.";

/// The fields of the registration and sign-in forms.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) password: SecretString,
    next: String,
    /// The token of the link that registration was opened with.
    pub(super) link: String,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Form {
    name: String,
    pub(super) email: String,
    /// Where to go after signing in.
    next: String,
    pub(super) link: String,
    errors: Errors,
}

#[derive(Serialize)]
pub(super) struct Context {
    page: Page,
    pub(super) form: Form,
    /// How somebody may register here.
    pub(super) way_in: &'static str,
    rules: Rules,
}

impl Context {
    pub(super) async fn new(web: &Web, visitor: &Visitor, title: &str, form: Form) -> Self {
        Self {
            page: Page::new(visitor, title).await.refused(form.errors.any()),
            way_in: match web.app.registration {
                _ if !form.link.is_empty() => "link",
                WhoRegisters::Everybody => "open",
                WhoRegisters::Invited => "invite",
                WhoRegisters::Nobody => "closed",
            },
            form,
            rules: Rules::default(),
        }
    }
}

/// What the address of the forms says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// Where to go after signing in.
    pub(super) next: String,
    /// The token of the link that registration is opened with.
    pub(super) link: String,
    /// What the visitor has just ended: it is part of the address, because nothing is stored of who is not signed in.
    ended: String,
}

/// An empty form; whoever is signed in is where it would lead.
pub(super) async fn empty_form(
    web: &Web,
    visitor: &Visitor,
    title: &str,
    next: String,
) -> Result<Context, Redirect> {
    if visitor.user.is_some() {
        return Err(Redirect::to(back::after_login(&next)));
    }
    let form = Form {
        next,
        ..Form::default()
    };
    Ok(Context::new(web, visitor, title, form).await)
}

/// The sign-in form.
pub async fn login_form(
    State(web): State<Web>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Redirect> {
    let mut context = empty_form(&web, &visitor, "Sign in", asked.next).await?;
    let said = match asked.ended.as_str() {
        "session" => Some("You are signed out."),
        "password" => Some("Your password is changed. Sign in with it."),
        "account" => Some("Your account is deleted."),
        _ => None,
    };
    context.page.notices.extend(said.map(Notice::good));
    Ok(html("accounts/login.html", context))
}

/// Signs in.
pub async fn login(
    State(web): State<Web>,
    visitor: Visitor,
    headers: HeaderMap,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    if let Some(reason) = why_no_session(&web, &visitor, &headers) {
        let template = "accounts/login.html";
        return no_session(&web, &visitor, "Sign in", template, typed, reason).await;
    }
    let password = typed.password.expose_secret();
    let refusal = match accounts::sign_in(&web.app, &visitor.sender, &typed.email, password).await {
        Ok(proved) if visitor.sign_in(&web, &proved).await? => {
            return Ok(signed_in(&web, &visitor, &typed).await);
        }
        Ok(_) => Refusal::credentials(),
        Err(refusal) => refusal,
    };
    let template = "accounts/login.html";
    again(&web, &visitor, "Sign in", template, typed, refusal).await
}

/// Leads to where the visitor wanted to go; from now on the browser is known for the account.
pub(super) async fn signed_in(web: &Web, visitor: &Visitor, typed: &Typed) -> Response {
    let response = Redirect::to(back::after_login(&typed.next)).into_response();
    match accounts::mark(&web.app, &visitor.sender, &typed.email).await {
        Some(mark) => Cookie::Mark.remembered(web, response, &mark),
        None => response,
    }
}

/// Why nobody would be signed in, although the password may be right.
pub(super) fn why_no_session(web: &Web, visitor: &Visitor, headers: &HeaderMap) -> Option<String> {
    if visitor.has_several_sessions {
        let name = Cookie::Session.name(web.secure);
        return Some(format!(
            "Your browser sends two cookies named {name}, one of which another site has set. Remove the cookies of this site and of the domain above it in your browser's settings, and try again."
        ));
    }
    drops_session(web, headers).then(|| OVER_HTTP.to_owned())
}

/// Whether the browser drops the session's cookie, because it came over http and the public address is https. Browsers
/// keep it for the machine itself.
fn drops_session(web: &Web, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN);
    let origin = origin.and_then(|it| Url::parse(it.to_str().ok()?).ok());
    let is_elsewhere = |origin: &Url| match origin.host() {
        Some(Host::Domain(host)) => host != "localhost" && !host.ends_with(".localhost"),
        Some(Host::Ipv4(host)) => !host.is_loopback(),
        Some(Host::Ipv6(host)) => !host.is_loopback(),
        None => false,
    };
    web.secure && origin.is_some_and(|it| it.scheme() == "http" && is_elsewhere(&it))
}

pub(super) async fn no_session(
    web: &Web,
    visitor: &Visitor,
    title: &str,
    template: &str,
    typed: Typed,
    reason: String,
) -> Result<Response, PageError> {
    let mut errors = Errors::default();
    errors.insert("form", reason);
    refused(web, visitor, title, template, typed, errors).await
}

pub(super) async fn again(
    web: &Web,
    visitor: &Visitor,
    title: &str,
    template: &str,
    typed: Typed,
    refusal: Refusal,
) -> Result<Response, PageError> {
    let errors = errors(&wrong_fields(refusal)?);
    refused(web, visitor, title, template, typed, errors).await
}

async fn refused(
    web: &Web,
    visitor: &Visitor,
    title: &str,
    template: &str,
    typed: Typed,
    errors: Errors,
) -> Result<Response, PageError> {
    let form = Form {
        name: typed.name,
        email: typed.email,
        next: typed.next,
        link: typed.link,
        errors,
    };
    Ok(html_with(
        StatusCode::UNPROCESSABLE_ENTITY,
        template,
        Context::new(web, visitor, title, form).await,
    ))
}

/// Signs out.
pub async fn logout(State(web): State<Web>, visitor: Visitor) -> Result<Redirect, PageError> {
    visitor.sign_out(&web).await?;
    Ok(Redirect::to("/login?ended=session"))
}

/// The form of the theme switch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Theme {
    theme: String,
    back: String,
}

/// Stores the theme in a cookie and redirects back.
pub async fn theme(
    State(web): State<Web>,
    headers: HeaderMap,
    Fields(chosen): Fields<Theme>,
) -> Response {
    let theme = match chosen.theme.as_str() {
        "light" => "light",
        "dark" => "dark",
        _ => "system",
    };
    let back = back::with_current_query(&chosen.back, &headers);
    let response = Redirect::to(&back).into_response();
    Cookie::Theme.remembered(&web, response, theme)
}
