//! `/simulator/…`: the handle over HTTP, for tests and demonstrations. It asks for no token.
//!
//! It knows JSON and paths; it must not do anything that the handle cannot do.

use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::fault::Fault;
use super::outcome::Plan;
use super::socket::Peer;
use super::{Change, Simulator};

/// Answers a request to the control interface.
pub async fn answer(simulator: &Simulator, peer: &Peer, parts: &Parts, body: &[u8]) -> Answer {
    let path = parts.uri.path().trim_start_matches("/simulator/");
    let path: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let answered = match (&parts.method, path.as_slice()) {
        (&Method::POST, ["down"]) => down(simulator, peer, body).await,
        (&Method::GET, path) => look(simulator, path),
        (_, path) => act(simulator, &parts.method, path, body),
    };
    answered.unwrap_or_else(|refusal| refusal)
}

fn look(simulator: &Simulator, path: &[&str]) -> Result<Answer, Answer> {
    let seen = match path {
        ["ledger"] => json!(simulator.ledger()),
        ["faults"] => json!(simulator.faults()),
        ["held"] => json!(simulator.held()),
        _ => return Err(Answer::missing("The simulator has nothing to show here.")),
    };
    Ok(Answer::ok(&seen))
}

fn act(
    simulator: &Simulator,
    method: &Method,
    path: &[&str],
    body: &[u8],
) -> Result<Answer, Answer> {
    match (method.as_str(), path) {
        ("POST", ["faults"]) => simulator.fault(read::<Fault>(body)?),
        ("DELETE", ["faults"]) => simulator.clear_faults(),
        ("POST", ["outcomes"]) => simulator.outcome(read::<Plan>(body)?),
        ("POST", ["release"]) => simulator.release(),
        ("POST", ["settings"]) => settings(simulator, read(body)?)?,
        ("POST", ["applications", word, "state"]) => state(simulator, word, &read(body)?)?,
        _ => return Err(Answer::missing("The simulator cannot do this.")),
    }
    Ok(done())
}

fn settings(simulator: &Simulator, changes: Map<String, Value>) -> Result<(), Answer> {
    let mut outcome = Ok(());
    simulator.settings(|settings| match settings.changed(changes) {
        Ok(new) => *settings = new,
        Err(error) => outcome = Err(wrong(&error)),
    });
    outcome
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateWanted {
    state: Option<String>,
    vanish: Option<bool>,
    deaf: Option<bool>,
}

fn state(simulator: &Simulator, word: &str, wanted: &StateWanted) -> Result<(), Answer> {
    let mut changes = Vec::new();
    changes.extend(wanted.state.clone().map(Change::State));
    changes.extend(wanted.deaf.map(Change::Deaf));
    changes.extend(
        wanted
            .vanish
            .filter(|vanish| *vanish)
            .map(|_| Change::Vanish),
    );
    for change in changes {
        if !simulator.set_state(word, &change) {
            return Err(Answer::missing(
                "No application has this name or identifier.",
            ));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Down {
    seconds: f64,
}

/// The caller's own connection is spared, so that it gets its answer.
async fn down(simulator: &Simulator, peer: &Peer, body: &[u8]) -> Result<Answer, Answer> {
    let wanted: Down = read(body)?;
    let wanted =
        Duration::try_from_secs_f64(wanted.seconds).map_err(|error| wrong(&error.to_string()))?;
    simulator.close(wanted, Some(peer)).await;
    Ok(done().with("connection", "close".to_owned()))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Answer> {
    serde_json::from_slice(body).map_err(|error| wrong(&error.to_string()))
}

fn wrong(why: &str) -> Answer {
    Answer::refusal(StatusCode::BAD_REQUEST, why)
}

fn done() -> Answer {
    Answer::ok(&json!({ "done": true }))
}
