//! Carries out faults: a request is answered as it should be, or as the fault that strikes it says.

use std::future::{Future, pending};
use std::{io, sync::Arc, time::Duration};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, StreamExt, stream};

use super::faults::{Fault, FaultKind, Held, Phase};
use super::response::ApiResponse;
use super::{calls::Call, listener::Peer, locking::lock, server::Shared};

/// The largest body that is read, in bytes.
const LARGEST: usize = 2 * 1024 * 1024;
/// How many pieces of a response are sent before it breaks off.
const PIECES: usize = 20;
/// Before each of them.
const PAUSE: Duration = Duration::from_millis(50);
const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head><body>\
    <h1>502 Bad Gateway</h1><p>The server behind this proxy did not answer.</p></body></html>";

/// The middleware of every call of the API.
pub async fn faults(
    State((shared, call)): State<(Shared, Call)>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    // All of it is here before anything is held: its caller may leave meanwhile.
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = Request::from_parts(parts, Body::from(body));
    respond(&shared, call, &peer, next.run(request)).await
}

/// Counts a request and answers it, with `response` unless a fault strikes.
pub async fn respond(
    shared: &Shared,
    call: Call,
    peer: &Peer,
    response: impl Future<Output = Response> + Send + 'static,
) -> Response {
    lock(&shared.ledger).begin(call);
    let mut count = Count {
        shared: Arc::clone(shared),
        call,
        answer: "left".to_owned(),
    };
    let striking = |fault: &mut Fault| fault.strikes(call).then(|| fault.clone());
    let fault = lock(&shared.faults).iter_mut().find_map(striking);
    let kind = fault.as_ref().map(|fault| fault.fault);
    let hangs = kind == Some(FaultKind::Hang);
    let answered = match fault {
        None => Some(response.await),
        Some(fault) => strike(shared, &fault, call, response).await,
    };
    count.answer = match &answered {
        Some(answered) => answered.status().as_str().to_owned(),
        None if hangs => "hang".to_owned(),
        None => "reset".to_owned(),
    };
    if let Some(answered) = answered {
        return answered;
    }
    if !hangs {
        drop(count);
        peer.reset.cancel();
    }
    pending().await
}

/// Notes what a call was answered when this is dropped; if nothing else is known, its caller has left.
struct Count {
    shared: Shared,
    call: Call,
    answer: String,
}

impl Drop for Count {
    fn drop(&mut self) {
        let answer = std::mem::take(&mut self.answer);
        lock(&self.shared.ledger).end(self.call, answer);
    }
}

/// What becomes of a request under a fault; nothing when it is never answered.
async fn strike(
    shared: &Shared,
    fault: &Fault,
    call: Call,
    response: impl Future<Output = Response> + Send + 'static,
) -> Option<Response> {
    let shared = Arc::clone(shared);
    let hold = |phase| async move { shared.held_calls.hold(Held { call, phase }).await };
    match fault.fault {
        FaultKind::ResetBefore | FaultKind::Hang => None,
        FaultKind::ResetAfter => {
            response.await;
            None
        }
        FaultKind::ServerErrorAfter => {
            response.await;
            Some(ApiResponse::server_error().into_response())
        }
        FaultKind::MalformedJson => Some(halved(response.await).await),
        FaultKind::SlowDrip => Some(dripping(response.await).await),
        FaultKind::HoldBefore => {
            let landing = hold(Phase::Before).then(|()| response);
            if fault.lands_anyway {
                return tokio::spawn(landing).await.ok();
            }
            Some(landing.await)
        }
        FaultKind::HoldAfter => {
            let response = response.await;
            hold(Phase::After).await;
            Some(response)
        }
        _ => Some(refusal(call, fault).into_response()),
    }
}

/// What is answered in place of doing anything.
fn refusal(call: Call, fault: &Fault) -> ApiResponse {
    match fault.fault {
        FaultKind::TooManyRequests => {
            let wait = fault.retry_after_seconds.unwrap_or(1);
            ApiResponse::too_many_requests(wait.into(), 200)
        }
        FaultKind::BadGatewayHtml => ApiResponse::html(StatusCode::BAD_GATEWAY, BAD_GATEWAY),
        FaultKind::Unavailable => {
            ApiResponse::text(StatusCode::SERVICE_UNAVAILABLE, "no available server\n")
        }
        FaultKind::Unauthenticated => ApiResponse::unauthenticated(),
        FaultKind::ForbiddenAbility => ApiResponse::lacking(call.ability().unwrap_or("read")),
        FaultKind::ForbiddenApiDisabled => ApiResponse::switched_off("API is disabled."),
        FaultKind::NotFound => ApiResponse::missing(call.not_found()),
        FaultKind::EndpointMissing => ApiResponse::no_such_route(),
        _ => ApiResponse::server_error(),
    }
}

/// The body of a response, which is in memory anyhow, and the response without it.
async fn taken_apart(mut response: Response) -> (Response, Bytes) {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    let body = std::mem::take(response.body_mut());
    let body = to_bytes(body, usize::MAX).await;
    (response, body.unwrap_or_default())
}

/// A response whose body is cut in the middle.
async fn halved(response: Response) -> Response {
    let (response, body) = taken_apart(response).await;
    response.map(|_| Body::from(body.slice(..body.len() / 2)))
}

/// A response whose body comes in small pieces and breaks off halfway.
async fn dripping(response: Response) -> Response {
    let (response, body) = taken_apart(response).await;
    let size = body.len().div_ceil(PIECES * 2).max(1);
    let half = body.slice(..body.len().div_ceil(2));
    let pieces: Vec<Bytes> = half.chunks(size).map(Bytes::copy_from_slice).collect();
    let pieces = stream::iter(pieces).then(async |piece| {
        tokio::time::sleep(PAUSE).await;
        Ok(piece)
    });
    let broken = stream::once(async { Err(io::Error::from(io::ErrorKind::BrokenPipe)) });
    response.map(|_| Body::from_stream(pieces.chain(broken)))
}
