//! Where every request arrives: read, told apart by host and path, and counted.
//!
//! It knows who has to answer; it must not know what is answered.

use std::future::pending;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{Response, StatusCode, Uri, header};
use url::form_urlencoded;

use super::Simulator;
use super::answer::Answer;
use super::call::{Call, Route};
use super::control;
use super::fate::{self, Fate};
use super::inner::{Count, Inner, Place};
use super::socket::Peer;

/// The largest body that is read, in bytes.
const LARGEST: usize = 2 * 1024 * 1024;

/// A request that was read whole, with what it is about.
#[derive(Clone)]
pub struct Letter {
    /// The request without its body.
    pub parts: Parts,
    /// The body.
    pub body: Bytes,
    /// Which call it is.
    pub route: Route,
    /// The names it goes by: those of its applications.
    pub about: Vec<String>,
}

impl Letter {
    /// A header's text.
    pub fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    /// The pairs of the query string.
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.parts.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }
}

/// Receives a request.
pub async fn receive(
    State(simulator): State<Simulator>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
        return Answer::text(StatusCode::PAYLOAD_TOO_LARGE, "too large").into_response();
    };
    let place = simulator.inner().place(&host_of(&parts));
    if matches!(place, Place::Api) && parts.uri.path().starts_with("/simulator/") {
        let answer = control::answer(&simulator, &peer, &parts, &body).await;
        return answer.into_response();
    }
    let letter = addressed(simulator.inner(), place, parts, body);
    let count = simulator.inner().count(letter.route.call);
    end(fate::meet(&simulator, letter).await, count, &peer).await
}

/// Counts how a request ended, and lets it end so.
async fn end(fate: Fate, mut count: Count<'_>, peer: &Peer) -> Response<Body> {
    match fate {
        Fate::Answered(response) => {
            count.note(response.status().as_str());
            response
        }
        Fate::Severed => {
            count.note("reset");
            drop(count);
            peer.sever();
            pending().await
        }
        Fate::Silent => {
            count.note("hang");
            pending().await
        }
    }
}

fn addressed(inner: &Inner, place: Place, parts: Parts, body: Bytes) -> Letter {
    let (route, about) = match place {
        Place::Api => {
            let route = inner.route(&parts.method, parts.uri.path());
            let about = inner.about(&route, &parts, &body);
            (route, about)
        }
        Place::Application(name, uuid) => (Route::bare(Call::Address), vec![name, uuid]),
        Place::Nowhere => (Route::bare(Call::Address), Vec::new()),
    };
    Letter {
        parts,
        body,
        route,
        about,
    }
}

/// The host asked for, in lower case and without its port.
fn host_of(parts: &Parts) -> String {
    let header = parts.headers.get(header::HOST);
    let header = header.and_then(|host| host.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(Authority::as_str));
    let host = host.unwrap_or_default();
    let uri = Uri::try_from(host).ok();
    let bare = uri.as_ref().and_then(Uri::host).unwrap_or(host);
    bare.to_ascii_lowercase()
}
