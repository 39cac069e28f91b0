//! `/simulator/…`: what tests and demonstrations may ask, in JSON and without a token. It does nothing that the handle
//! cannot do: `GET ledger`, `GET|POST|DELETE faults`, `POST outcomes`, `POST settings`, `GET held`, `POST release`,
//! `POST down`, `POST applications/{name or identifier}/state`.

use std::time::Duration;

use axum::extract::{ConnectInfo, Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Reply};
use super::server::{Server, Shared};
use super::{faults::Fault, listener::Peer, outcomes::Plan, removal::Change};

/// The control interface.
pub fn router(shared: &Shared) -> Router {
    let ledger = |State(server): State<Shared>| async move { Json(server.ledger()) };
    let held = |State(server): State<Shared>| async move { Json(server.held()) };
    let faults = |State(server): State<Shared>| async move { Json(server.faults()) };
    let fault = |State(server): State<Shared>, Json(fault): Json<Fault>| async move {
        server.fault(fault);
        done()
    };
    let clear_faults = |State(server): State<Shared>| async move {
        server.clear_faults();
        done()
    };
    let outcome = |State(server): State<Shared>, Json(plan): Json<Plan>| async move {
        server.outcome(plan);
        done()
    };
    let release = |State(server): State<Shared>| async move {
        server.release();
        done()
    };
    let settings = |State(server): State<Shared>, Json(changes)| async move {
        change_settings(&server, changes)
    };
    let state = |State(server): State<Shared>, Path(word): Path<String>, Json(wanted)| async move {
        change_state(&server, &word, wanted)
    };
    Router::new()
        .route("/simulator/ledger", get(ledger))
        .route("/simulator/held", get(held))
        .route(
            "/simulator/faults",
            get(faults).post(fault).delete(clear_faults),
        )
        .route("/simulator/outcomes", post(outcome))
        .route("/simulator/release", post(release))
        .route("/simulator/settings", post(settings))
        .route("/simulator/applications/{word}/state", post(state))
        .route("/simulator/down", post(down))
        .with_state(Shared::clone(shared))
}

fn change_settings(server: &Server, changes: Map<String, Value>) -> Reply {
    let mut done_or_wrong = Ok(done());
    server.settings(|settings| match settings.changed(changes) {
        Ok(new) => *settings = new,
        Err(error) => done_or_wrong = Err(wrong(&error.to_string())),
    });
    done_or_wrong
}

/// What an application is to become behind Coolify's back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WantedState {
    state: Option<String>,
    deaf: Option<bool>,
    #[serde(default)]
    vanish: bool,
}

fn change_state(server: &Server, word: &str, change: WantedState) -> Reply {
    let mut changes = Vec::new();
    changes.extend(change.state.map(Change::State));
    changes.extend(change.deaf.map(Change::Deaf));
    changes.extend(change.vanish.then_some(Change::Vanish));
    if changes.iter().all(|change| server.set_state(word, change)) {
        return Ok(done());
    }
    let message = "No application has this name or identifier.";
    Err(Answer::missing(message))
}

#[derive(Deserialize)]
struct Down {
    seconds: f64,
}

/// The caller's own connection is spared, so that it gets its response.
async fn down(
    State(server): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(wanted): Json<Down>,
) -> Reply {
    let lasting = Duration::try_from_secs_f64(wanted.seconds);
    let lasting = lasting.map_err(|error| wrong(&error.to_string()))?;
    server.door.close(lasting, Some(peer)).await;
    Ok(done().with("connection", "close"))
}

fn wrong(why: &str) -> Answer {
    Answer::bad_request(why)
}

fn done() -> Answer {
    Answer::ok(&json!({ "done": true }))
}
