//! The applications' own addresses: the proxy in front of each, and the code-server behind it. A request is for an
//! application when its `Host` is that of one of the application's addresses, whatever the port.

use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use url::form_urlencoded;

use super::answer::{Answer, Reply};
use super::application::Container;
use super::{calls::Call, clock::Time, inject, listener::Peer, server::Shared};

const COOKIE: &str = "code-server-session";
const SIGN_IN: &str = include_str!("data/sign_in.html");
const WORKSPACE: &str = include_str!("data/workspace.html");
/// The largest body that is read, in bytes.
const LARGEST: usize = 64 * 1024;

/// An application's site.
#[derive(Clone)]
struct Site {
    name: String,
    uuid: String,
}

/// Answers what is for an application, and lets everything else pass to the API.
pub async fn by_host(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let host = host_of(&parts);
    let site = shared
        .state()
        .applications_at(&host)
        .next()
        .map(|row| Site {
            name: row.name().to_owned(),
            uuid: row.uuid.clone(),
        });
    if site.is_none() && !host.ends_with(".localhost") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let about = site
        .clone()
        .map_or_else(Vec::new, |site| vec![site.name, site.uuid]);
    let server = Shared::clone(&shared);
    let response = async move {
        let Some(site) = site else {
            return unknown().into_response();
        };
        let body = to_bytes(body, LARGEST).await.unwrap_or_default();
        proxy(&server, &site, &parts, &body).await.into_response()
    };
    inject::answer(&shared, Call::Address, about, &peer, response).await
}

/// The host asked for, in lower case and without its port.
fn host_of(parts: &Parts) -> String {
    let header = parts.headers.get(header::HOST);
    let host = header.and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    authority.map_or_else(String::new, |one| one.host().to_ascii_lowercase())
}

fn unknown() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "404 page not found\n")
}

async fn proxy(shared: &Shared, site: &Site, parts: &Parts, body: &Bytes) -> Reply {
    let container = running(shared, site)?;
    let signed_in = has_session(parts, &container);
    Ok(match (&parts.method, parts.uri.path(), signed_in) {
        (_, "/healthz", _) => health(shared, &container),
        (&Method::POST, "/login", _) => sign_in(&site.name, body, container).await,
        (_, "/login", true) => Answer::redirect("./"),
        (_, "/login", false) => Answer::html(StatusCode::OK, sign_in_page(&site.name, "")),
        (_, "/logout", _) => {
            let forgotten = format!("{COOKIE}=; Path=/; Max-Age=0");
            Answer::redirect("./login").with("set-cookie", forgotten)
        }
        (_, _, true) => {
            beat(shared, &site.uuid);
            Answer::html(StatusCode::OK, page(WORKSPACE, &site.name))
        }
        (_, "/", false) => Answer::redirect("./login"),
        _ => Answer::redirect("/login"),
    })
}

/// The container that the proxy leads to.
///
/// # Errors
/// What the proxy says in its place.
fn running(shared: &Shared, site: &Site) -> Result<Container, Answer> {
    let state = shared.state();
    let row = state.applications.get(&site.uuid).ok_or_else(unknown)?;
    let running = row.container.as_ref().filter(|running| !running.crashed);
    let Some(container) = running else {
        let message = "no available server\n";
        return Err(Answer::text(StatusCode::SERVICE_UNAVAILABLE, message));
    };
    let answers = container
        .answers_from
        .is_some_and(|from| from <= Time::now());
    if row.deaf || !answers {
        return Err(Answer::text(StatusCode::BAD_GATEWAY, "Bad Gateway"));
    }
    Ok(container.clone())
}

fn health(shared: &Shared, container: &Container) -> Answer {
    let window = shared.state().settings.heartbeat_seconds;
    let window = Duration::from_secs(window.into());
    let beat = container.heartbeat;
    let alive = beat.is_some_and(|last| last.until(Time::now()) < window);
    Answer::ok(json!({
        "status": if alive { "alive" } else { "expired" },
        "lastHeartbeat": beat.map_or(0, Time::unix_millis),
    }))
}

async fn sign_in(name: &str, body: &Bytes, container: Container) -> Answer {
    let typed = form_urlencoded::parse(body).find(|(key, _)| key == "password");
    let typed = typed.map_or_else(String::new, |(_, typed)| typed.into_owned());
    let password = container.password;
    let check = tokio::task::spawn_blocking(move || password.is(&typed));
    if check.await.unwrap_or(false) {
        let session = container.session;
        let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
        return Answer::redirect("/").with("set-cookie", cookie);
    }
    let page = sign_in_page(name, "<p class=wrong role=alert>Incorrect password</p>");
    Answer::html(StatusCode::UNAUTHORIZED, page)
}

fn has_session(parts: &Parts, container: &Container) -> bool {
    let cookies = parts.headers.get(header::COOKIE);
    let cookies = cookies.and_then(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.unwrap_or_default().split("; ");
    let wanted = format!("{COOKIE}={}", container.session);
    pairs.any(|pair| pair == wanted)
}

/// Notes that somebody signed in has used it.
fn beat(shared: &Shared, uuid: &str) {
    let mut state = shared.state();
    let row = state.applications.get_mut(uuid);
    if let Some(container) = row.and_then(|row| row.container.as_mut()) {
        container.heartbeat = Some(Time::now());
    }
    shared.changed.notify_one();
}

fn sign_in_page(name: &str, wrong: &str) -> String {
    page(SIGN_IN, name).replace("{wrong}", wrong)
}

fn page(template: &str, name: &str) -> String {
    let escaped = name.replace('&', "&amp;").replace('<', "&lt;");
    template.replace("{name}", &escaped)
}
