//! The applications' own addresses: the proxy in front of each, and the code-server behind it. A request is for an
//! application when its `Host` is that of one of the application's addresses, whatever the port.

use super::application::{Application, Container};
use super::response::ApiResponse;
use super::{calls::Call, clock::Time, inject, listener::Peer, server::Shared};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::time::Duration;
use url::form_urlencoded;

const COOKIE: &str = "code-server-session";
const SIGN_IN: &str = include_str!("data/sign_in.html");
const WORKSPACE: &str = include_str!("data/workspace.html");
const WRONG: &str = "<p class=wrong role=alert>Incorrect password</p>";
/// The largest body that is read, in bytes.
const LARGEST: usize = 64 * 1024;
/// How long code-server reports "alive" after a signed-in request.
const ALIVE: Duration = Duration::from_mins(1);

/// Answers what is for an application, and lets everything else pass to the API.
pub async fn by_host(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let host = host_of(request.headers());
    let site = shared.state().application_at(&host).cloned();
    if site.is_none() && !host.ends_with(".localhost") {
        return next.run(request).await;
    }
    let server = Shared::clone(&shared);
    let response = async move {
        let response = match site {
            Some(site) => proxy(&server, site, request).await,
            None => ApiResponse::text(StatusCode::NOT_FOUND, "404 page not found\n"),
        };
        response.into_response()
    };
    inject::respond(&shared, Call::Address, &peer, response).await
}

/// The host asked for, in lower case and without its port.
fn host_of(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default().to_ascii_lowercase();
    host.split(':').next().unwrap_or_default().to_owned()
}

async fn proxy(shared: &Shared, site: Application, request: Request) -> ApiResponse {
    let name = site.name().to_owned();
    let running = site.container.filter(|running| !running.crashed);
    let Some(container) = running else {
        return ApiResponse::text(StatusCode::SERVICE_UNAVAILABLE, "no available server\n");
    };
    let answers = |from| from <= Time::now();
    if site.unreachable || !container.answers_from.is_some_and(answers) {
        return ApiResponse::text(StatusCode::BAD_GATEWAY, "Bad Gateway");
    }
    let signed_in = has_session(request.headers(), &container);
    match (request.method(), request.uri().path(), signed_in) {
        (_, "/healthz", _) => health(&container),
        (&Method::POST, "/login", _) => sign_in(&name, request.into_body(), container).await,
        (_, "/login", true) => ApiResponse::redirect("./"),
        (_, "/login", false) => ApiResponse::html(StatusCode::OK, page(SIGN_IN, &name, "")),
        (_, "/logout", _) => {
            let forgotten = format!("{COOKIE}=; Path=/; Max-Age=0");
            ApiResponse::redirect("./login").with("set-cookie", &forgotten)
        }
        (_, _, true) => {
            record_heartbeat(shared, &site.uuid);
            ApiResponse::html(StatusCode::OK, page(WORKSPACE, &name, ""))
        }
        (_, "/", false) => ApiResponse::redirect("./login"),
        _ => ApiResponse::redirect("/login"),
    }
}

fn health(container: &Container) -> ApiResponse {
    let heartbeat = container.heartbeat;
    let alive = heartbeat.is_some_and(|last| last.until(Time::now()) < ALIVE);
    ApiResponse::ok(json!({
        "status": if alive { "alive" } else { "expired" },
        "lastHeartbeat": heartbeat.map_or(0, Time::unix_millis),
    }))
}

async fn sign_in(name: &str, body: Body, container: Container) -> ApiResponse {
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let typed = form_urlencoded::parse(&body).find(|(key, _)| key == "password");
    let typed = typed.map_or_else(String::new, |(_, typed)| typed.into_owned());
    let session = container.session();
    let check = tokio::task::spawn_blocking(move || container.lets_in(&typed));
    if check.await.unwrap_or(false) {
        let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Lax");
        return ApiResponse::redirect("/").with("set-cookie", &cookie);
    }
    ApiResponse::html(StatusCode::UNAUTHORIZED, page(SIGN_IN, name, WRONG))
}

fn has_session(headers: &HeaderMap, container: &Container) -> bool {
    let cookies = headers
        .get(header::COOKIE)
        .and_then(|all| all.to_str().ok());
    let mut pairs = cookies.unwrap_or_default().split("; ");
    let wanted = format!("{COOKIE}={}", container.session());
    pairs.any(|pair| pair == wanted)
}

/// Notes that somebody signed in has used it.
fn record_heartbeat(shared: &Shared, uuid: &str) {
    let mut state = shared.state();
    let row = state.applications.get_mut(uuid);
    if let Some(container) = row.and_then(|row| row.container.as_mut()) {
        container.heartbeat = Some(Time::now());
    }
    shared.changed.notify_one();
}

fn page(template: &str, name: &str, wrong: &str) -> String {
    let escaped = name.replace('&', "&amp;").replace('<', "&lt;");
    template
        .replace("{name}", &escaped)
        .replace("{wrong}", wrong)
}
