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

use super::inject;
use super::{
    answer::Answer, calls::Call, clock::Time, container::Container, listener::Peer, server::Shared,
};

const COOKIE: &str = "code-server-session";
const SIGN_IN: &str = include_str!("data/sign_in.html");
const WORKSPACE: &str = include_str!("data/workspace.html");
/// The largest body that is read, in bytes.
const LARGEST: usize = 64 * 1024;

/// An application's site.
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
    let site = site(&shared, &host);
    if site.is_none() && !host.ends_with(".localhost") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let about: Vec<String> = site
        .iter()
        .flat_map(|site| [site.name.clone(), site.uuid.clone()])
        .collect();
    let server = Shared::clone(&shared);
    let response = async move {
        let body = to_bytes(body, LARGEST).await.unwrap_or_default();
        answer(&server, site, &parts, &body).await.into_response()
    };
    inject::answer(&shared, Call::Address, about, &peer, response).await
}

/// The host asked for, in lower case and without its port.
fn host_of(parts: &Parts) -> String {
    let header = parts.headers.get(header::HOST);
    let header = header.and_then(|host| host.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(Authority::as_str));
    let authority = host.and_then(|host| host.parse::<Authority>().ok());
    authority.map_or_else(String::new, |one| one.host().to_ascii_lowercase())
}

fn site(shared: &Shared, host: &str) -> Option<Site> {
    let state = shared.state();
    let row = state.applications_at(host).next()?;
    Some(Site {
        name: row.name().to_owned(),
        uuid: row.uuid.clone(),
    })
}

async fn answer(shared: &Shared, site: Option<Site>, parts: &Parts, body: &Bytes) -> Answer {
    let nothing = || Answer::text(StatusCode::NOT_FOUND, "404 page not found\n");
    let Some(site) = site else {
        return nothing();
    };
    match running(shared, &site.uuid) {
        Some(Ok(container)) => code_server(shared, &site, parts, body, container).await,
        Some(Err(refusal)) => refusal,
        None => nothing(),
    }
}

/// The container that the proxy leads to, or what the proxy says in its place; nothing without an application.
fn running(shared: &Shared, uuid: &str) -> Option<Result<Container, Answer>> {
    let state = shared.state();
    let row = state.application(uuid)?;
    let running = row.container.as_ref().filter(|running| !running.crashed);
    let Some(container) = running else {
        let message = "no available server\n";
        let refusal = Answer::text(StatusCode::SERVICE_UNAVAILABLE, message);
        return Some(Err(refusal));
    };
    if row.deaf || !container.answers(Time::now()) {
        let refusal = Answer::text(StatusCode::BAD_GATEWAY, "Bad Gateway");
        return Some(Err(refusal));
    }
    Some(Ok(container.clone()))
}

async fn code_server(
    shared: &Shared,
    site: &Site,
    parts: &Parts,
    body: &Bytes,
    container: Container,
) -> Answer {
    let signed_in = has_session(parts, &container);
    match (&parts.method, parts.uri.path(), signed_in) {
        (_, "/healthz", _) => health(shared, &container),
        (&Method::POST, "/login", _) => sign_in(&site.name, body, container).await,
        (_, "/login", true) => Answer::redirect("./"),
        (_, "/login", false) => Answer::html(StatusCode::OK, sign_in_page(&site.name, "")),
        (_, "/logout", _) => {
            let forgotten = format!("{COOKIE}=; Path=/; Max-Age=0");
            Answer::redirect("./login").with("set-cookie", &forgotten)
        }
        (_, _, true) => {
            beat(shared, &site.uuid);
            Answer::html(StatusCode::OK, page(WORKSPACE, &site.name))
        }
        (_, "/", false) => Answer::redirect("./login"),
        _ => Answer::redirect("/login"),
    }
}

fn health(shared: &Shared, container: &Container) -> Answer {
    let window = shared.state().settings.heartbeat_seconds;
    let alive = container.is_alive(Time::now(), Duration::from_secs(window.into()));
    Answer::ok(&json!({
        "status": if alive { "alive" } else { "expired" },
        "lastHeartbeat": container.heartbeat.map_or(0, Time::unix_millis),
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
        return Answer::redirect("/").with("set-cookie", &cookie);
    }
    let page = sign_in_page(name, "<p class=wrong role=alert>Incorrect password</p>");
    Answer::html(StatusCode::UNAUTHORIZED, page)
}

fn has_session(parts: &Parts, container: &Container) -> bool {
    let cookies = parts.headers.get(header::COOKIE);
    let cookies = cookies.and_then(|cookies| cookies.to_str().ok());
    let pairs = cookies.unwrap_or_default().split(';');
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs.any(|(name, value)| name == COOKIE && value == container.session)
}

/// Notes that somebody signed in has used it.
fn beat(shared: &Shared, uuid: &str) {
    let mut state = shared.state();
    let row = state.application_mut(uuid);
    if let Some(container) = row.and_then(|row| row.container.as_mut()) {
        container.heartbeat = Some(Time::now());
    }
    shared.changed.notify_one();
}

fn sign_in_page(name: &str, wrong: &str) -> String {
    page(SIGN_IN, name).replace("{wrong}", wrong)
}

fn page(template: &str, name: &str) -> String {
    let mut escaped = name.replace('&', "&amp;");
    for (sign, entity) in [('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")] {
        escaped = escaped.replace(sign, entity);
    }
    template.replace("{name}", &escaped)
}
