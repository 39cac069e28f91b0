//! `/simulator/…`: what tests and demonstrations may ask, in JSON and without a token. It does nothing that the handle
//! cannot do.

use super::response::{ApiResponse, Reply};
use super::{faults::Fault, listener::Peer, outcomes::Plan, removal::Change, server::Shared};
use axum::extract::{ConnectInfo, Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

type Simulator = State<Shared>;

pub fn router(shared: &Shared) -> Router {
    let ledger = async |State(server): Simulator| Json(server.ledger());
    let held = async |State(server): Simulator| Json(server.held());
    let faults = async |State(server): Simulator| Json(server.faults());
    let fault = async |State(server): Simulator, Json(fault): Json<Fault>| {
        server.fault(fault);
        done()
    };
    let clear_faults = async |State(server): Simulator| {
        server.clear_faults();
        done()
    };
    let outcome = async |State(server): Simulator, Json(plan): Json<Plan>| {
        server.outcome(plan);
        done()
    };
    let release = async |State(server): Simulator| {
        server.release();
        done()
    };
    let faults = get(faults).post(fault).delete(clear_faults);
    Router::new()
        .route("/simulator/ledger", get(ledger))
        .route("/simulator/held", get(held))
        .route("/simulator/faults", faults)
        .route("/simulator/outcomes", post(outcome))
        .route("/simulator/release", post(release))
        .route("/simulator/settings", post(settings))
        .route("/simulator/applications/{word}/state", post(state))
        .route("/simulator/down", post(down))
        .with_state(Shared::clone(shared))
}

async fn settings(State(server): Simulator, Json(changes): Json<Map<String, Value>>) -> Reply {
    let mut reply = Ok(done());
    server.settings(|settings| match settings.changed(changes) {
        Ok(new) => *settings = new,
        Err(error) => reply = Err(ApiResponse::bad_request(&error.to_string())),
    });
    reply
}

async fn state(
    State(server): Simulator,
    Path(word): Path<String>,
    Json(change): Json<Change>,
) -> Reply {
    if server.set_state(&word, &change) {
        return Ok(done());
    }
    let message = "No application has this name or identifier.";
    Err(ApiResponse::missing(message))
}

#[derive(Deserialize)]
struct Down {
    seconds: f64,
}

/// The caller's own connection is spared, so that it gets its response.
async fn down(
    State(server): Simulator,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Json(wanted): Json<Down>,
) -> Reply {
    let lasting = Duration::try_from_secs_f64(wanted.seconds);
    let lasting = lasting.map_err(|error| ApiResponse::bad_request(&error.to_string()))?;
    server.listener.close(lasting, Some(peer)).await;
    Ok(done().with("connection", &"close"))
}

fn done() -> ApiResponse {
    ApiResponse::ok(json!({ "done": true }))
}
