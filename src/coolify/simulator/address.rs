//! An application's own address: the proxy in front of it and the code-server behind.
//!
//! It knows what a visitor sees; it must not know how the application came to be.

use std::time::Duration;

use axum::http::{Method, StatusCode, header};
use serde_json::json;
use url::form_urlencoded;

use super::answer::Answer;
use super::container::Container;
use super::entrance::Letter;
use super::inner::Inner;
use super::moment::Moment;
use super::pages;

const COOKIE: &str = "code-server-session";

/// Answers a visitor.
pub async fn answer(inner: &Inner, letter: &Letter) -> Answer {
    let [name, uuid] = letter.about.as_slice() else {
        return Answer::text(StatusCode::NOT_FOUND, "404 page not found\n");
    };
    match running(inner, uuid) {
        Ok(container) => code_server(inner, letter, name, uuid, container).await,
        Err(refusal) => refusal,
    }
}

/// The container that the proxy leads to, or what the proxy says in its place.
fn running(inner: &Inner, uuid: &str) -> Result<Container, Answer> {
    let state = inner.state();
    let Some(row) = state.world.application(uuid) else {
        return Err(Answer::text(StatusCode::NOT_FOUND, "404 page not found\n"));
    };
    let Some(container) = row.container.as_ref().filter(|running| !running.crashed) else {
        let message = "no available server\n";
        return Err(Answer::text(StatusCode::SERVICE_UNAVAILABLE, message));
    };
    if row.deaf || !container.answers(Moment::now()) {
        return Err(Answer::text(StatusCode::BAD_GATEWAY, "Bad Gateway"));
    }
    Ok(container.clone())
}

async fn code_server(
    inner: &Inner,
    letter: &Letter,
    name: &str,
    uuid: &str,
    container: Container,
) -> Answer {
    let signed_in = has_session(letter, &container);
    let path = letter.parts.uri.path();
    match (&letter.parts.method, path, signed_in) {
        (_, "/healthz", _) => health(inner, &container),
        (&Method::POST, "/login", _) => sign_in(letter, name, container).await,
        (_, "/login", true) => redirect("./"),
        (_, "/login", false) => Answer::html(StatusCode::OK, pages::sign_in(name, None)),
        (_, "/logout", _) => forget(),
        (_, _, true) => {
            beat(inner, uuid);
            Answer::html(StatusCode::OK, pages::workspace(name))
        }
        (_, "/", false) => redirect("./login"),
        _ => redirect("/login"),
    }
}

fn health(inner: &Inner, container: &Container) -> Answer {
    let window = inner.state().world.settings.heartbeat_seconds;
    let alive = container.is_alive(Moment::now(), Duration::from_secs(window.into()));
    Answer::ok(&json!({
        "status": if alive { "alive" } else { "expired" },
        "lastHeartbeat": container.heartbeat.map_or(0, Moment::unix_millis),
    }))
}

async fn sign_in(letter: &Letter, name: &str, container: Container) -> Answer {
    let mut pairs = form_urlencoded::parse(&letter.body);
    let typed = pairs.find(|(key, _)| key == "password");
    let typed = typed
        .map(|(_, typed)| typed.into_owned())
        .unwrap_or_default();
    let lock = container.lock;
    let check = tokio::task::spawn_blocking(move || lock.opens(&typed));
    if check.await.unwrap_or(false) {
        let cookie = format!(
            "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax",
            container.session
        );
        return redirect("/").with("set-cookie", cookie);
    }
    let page = pages::sign_in(name, Some("Incorrect password"));
    Answer::html(StatusCode::UNAUTHORIZED, page)
}

fn forget() -> Answer {
    redirect("./login").with("set-cookie", format!("{COOKIE}=; Path=/; Max-Age=0"))
}

fn redirect(to: &str) -> Answer {
    Answer::text(StatusCode::FOUND, "").with("location", to.to_owned())
}

fn has_session(letter: &Letter, container: &Container) -> bool {
    let cookies = letter.header(header::COOKIE).unwrap_or_default();
    let mut pairs = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.any(|(name, value)| name == COOKIE && value == container.session)
}

fn beat(inner: &Inner, uuid: &str) {
    if let Some(row) = inner.state().world.application_mut(uuid)
        && let Some(container) = &mut row.container
    {
        container.heartbeat = Some(Moment::now());
    }
    inner.ring();
}
