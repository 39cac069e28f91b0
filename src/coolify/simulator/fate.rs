//! What becomes of a request: answered as it should be, or struck by a fault.
//!
//! It knows how faults are carried out; it must not know what a call does to the world.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Response, StatusCode};
use futures_util::{StreamExt, stream};

use super::answer::Answer;
use super::call::Call;
use super::entrance::Letter;
use super::fault::{Fault, FaultKind};
use super::hold::{Held, Phase};
use super::moment::Moment;
use super::{Simulator, address, gate};

/// How many pieces of an answer are sent before it breaks off.
const DROPS: usize = 20;

/// How a request ends.
pub enum Fate {
    /// With an answer.
    Answered(Response<Body>),
    /// With a reset of its connection.
    Severed,
    /// Not at all, until the caller leaves.
    Silent,
}

/// Does what the request asks for, unless a fault strikes it.
pub async fn meet(simulator: &Simulator, letter: Letter) -> Fate {
    match simulator.inner().strike(letter.route.call, &letter.about) {
        Some(fault) => carry_out(simulator, letter, fault).await,
        None => Fate::Answered(perform(simulator, &letter).await.into_response()),
    }
}

async fn perform(simulator: &Simulator, letter: &Letter) -> Answer {
    if letter.route.call == Call::Address {
        return address::answer(simulator.inner(), letter).await;
    }
    let answer = simulator.inner().perform(letter);
    if letter.parts.method != Method::GET {
        // An application that was promised must not be forgotten when the process is killed.
        simulator.keep().await;
    }
    answer
}

async fn carry_out(simulator: &Simulator, letter: Letter, fault: Fault) -> Fate {
    match fault.fault {
        FaultKind::ResetBefore => Fate::Severed,
        FaultKind::Hang => Fate::Silent,
        FaultKind::ResetAfter => {
            perform(simulator, &letter).await;
            Fate::Severed
        }
        FaultKind::ServerErrorAfter => {
            perform(simulator, &letter).await;
            Fate::Answered(Answer::server_error().into_response())
        }
        FaultKind::MalformedJson => {
            let mut answer = perform(simulator, &letter).await;
            let half = halfway(&answer.body);
            answer.body.truncate(half);
            Fate::Answered(answer.into_response())
        }
        FaultKind::SlowDrip => {
            let answer = perform(simulator, &letter).await;
            Fate::Answered(dripping(answer, simulator.inner().drip()))
        }
        FaultKind::HoldBefore if fault.lands_anyway => land_later(simulator, letter).await,
        FaultKind::HoldBefore => {
            park(simulator, &letter, Phase::Before).await;
            Fate::Answered(perform(simulator, &letter).await.into_response())
        }
        FaultKind::HoldAfter => {
            let answer = perform(simulator, &letter).await;
            park(simulator, &letter, Phase::After).await;
            Fate::Answered(answer.into_response())
        }
        kind => Fate::Answered(instead(kind, &letter, &fault).into_response()),
    }
}

async fn park(simulator: &Simulator, letter: &Letter, phase: Phase) {
    let held = Held {
        call: letter.route.call,
        phase,
        about: letter.about.clone(),
    };
    simulator.inner().holds.park(held).await;
}

/// Parks a call in a task of its own, which goes on when the caller has left.
async fn land_later(simulator: &Simulator, letter: Letter) -> Fate {
    let simulator = simulator.clone();
    let landing = tokio::spawn(async move {
        park(&simulator, &letter, Phase::Before).await;
        perform(&simulator, &letter).await
    });
    match landing.await {
        Ok(answer) => Fate::Answered(answer.into_response()),
        Err(_) => Fate::Severed,
    }
}

/// What is answered in place of doing anything.
fn instead(kind: FaultKind, letter: &Letter, fault: &Fault) -> Answer {
    let call = letter.route.call;
    match kind {
        FaultKind::TooManyRequests => {
            let wait = u64::from(fault.retry_after_seconds.unwrap_or(1));
            let reset = Moment::now().after(Duration::from_secs(wait));
            Answer::throttled(wait, 200, reset.unix_seconds())
        }
        FaultKind::BadGatewayHtml => Answer::html(StatusCode::BAD_GATEWAY, BAD_GATEWAY),
        FaultKind::Unavailable => {
            Answer::text(StatusCode::SERVICE_UNAVAILABLE, "no available server\n")
        }
        FaultKind::Unauthenticated => Answer::refusal(StatusCode::UNAUTHORIZED, "Unauthenticated."),
        FaultKind::ForbiddenAbility => gate::lacking(call.ability().unwrap_or("read")),
        FaultKind::ForbiddenApiDisabled => gate::off("API is disabled."),
        FaultKind::NotFound => Answer::missing(missing(call)),
        FaultKind::EndpointMissing => Answer::no_such_route(),
        _ => Answer::server_error(),
    }
}

const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head><body>\
    <h1>502 Bad Gateway</h1><p>The server behind this proxy did not answer.</p></body></html>";

fn missing(call: Call) -> &'static str {
    match call {
        Call::Deployment | Call::Cancel => "Deployment not found.",
        Call::Deploy => "No resources found.",
        Call::Project => "Project not found.",
        Call::Find => "Environment not found.",
        Call::Server | Call::Destinations => "Server not found.",
        Call::Delete | Call::Update | Call::DeploymentsOfApplication => "Application not found",
        _ => "Application not found.",
    }
}

/// Somewhere in the middle, between two characters.
fn halfway(text: &str) -> usize {
    let half = text.len() / 2;
    (half..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// An answer whose body comes in drops and breaks off halfway.
fn dripping(mut answer: Answer, pause: Duration) -> Response<Body> {
    let bytes = Bytes::from(std::mem::take(&mut answer.body));
    let size = bytes.len().div_ceil(DROPS * 2).max(1);
    let drops: Vec<Bytes> = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    let half = drops.len().div_ceil(2);
    let drops = stream::iter(drops.into_iter().take(half)).then(move |drop| async move {
        tokio::time::sleep(pause).await;
        Ok(drop)
    });
    let broken = stream::once(async { Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe)) });
    answer.into_response_with(Body::from_stream(drops.chain(broken)))
}
