//! Serving connections: accepting, time limits, and letting open requests finish. It must not know what is asked for.

use super::connection::{Answers, Connection, Refusals, Timeouts};
use super::error::PageError;
use super::{error_page, guard};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Response, header};
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// The timeout for open requests at shutdown.
const FINISH: Duration = Duration::from_secs(28);
/// The largest head of a request that is read at all, in bytes. A smaller one may still be too large, and is told so
/// more precisely.
const HEAD_LIMIT_BYTES: usize = 128 * 1024;

/// How a request is refused that no handler gets: with a page, but for what is below a path.
#[derive(Clone, Copy)]
pub struct Refused {
    /// Whether the public address is https.
    pub secure: bool,
    pub below: Option<Below>,
}

/// A path, and the answer to what is refused below it; to be given whether the public address is https.
#[derive(Clone, Copy)]
pub struct Below {
    pub path: &'static str,
    pub refuse: fn(&PageError, bool) -> Response<Body>,
}

/// Serves until asked to stop, then lets open requests finish.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    refused: Refused,
    timeouts: Timeouts,
    stop: CancellationToken,
) {
    let answers = Arc::new(answers(refused).await);
    let open = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => break,
        };
        let serving = Serving {
            router: router.clone(),
            timeouts,
            answers: Arc::clone(&answers),
            stop: stop.clone(),
        };
        open.spawn(serving.connection(stream, peer));
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(FINISH, open.wait()).await.is_err() {
        tracing::warn!("requests were not finished in time");
    }
}

/// What serves a connection.
struct Serving {
    router: Router,
    timeouts: Timeouts,
    answers: Arc<Answers>,
    stop: CancellationToken,
}

impl Serving {
    async fn connection(self, stream: TcpStream, peer: SocketAddr) {
        let is_handled = Arc::new(AtomicBool::new(false));
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            is_handled.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            self.router.clone().oneshot(request.map(Body::new))
        });
        let handled = Arc::clone(&is_handled);
        let stream = Connection::new(stream, handled, self.timeouts, self.answers);
        let mut serving = std::pin::pin!(
            http1::Builder::new()
                .max_buf_size(HEAD_LIMIT_BYTES)
                .header_read_timeout(None)
                .writev(false)
                .serve_connection(TokioIo::new(stream), service)
        );
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = self.stop.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection ended");
        }
    }
}

async fn answers(refused: Refused) -> Answers {
    let page = |error: &PageError| {
        let mut response = error_page::without_visitor(error);
        guard::add_headers(response.headers_mut(), refused.secure);
        response
    };
    Answers {
        pages: refusals(page).await,
        below: match refused.below {
            Some(Below { path, refuse }) => {
                let refusals = refusals(|error| refuse(error, refused.secure)).await;
                Some((path, refusals))
            }
            None => None,
        },
    }
}

async fn refusals(refuse: impl Fn(&PageError) -> Response<Body>) -> Refusals {
    Refusals {
        unreadable: whole(refuse(&PageError::Unreadable)).await,
        too_slow: whole(refuse(&PageError::TooSlow)).await,
        long_address: whole(refuse(&PageError::LongAddress)).await,
        large_headers: whole(refuse(&PageError::LargeHeaders)).await,
    }
}

/// An answer with its head, as it is sent.
async fn whole(response: Response<Body>) -> Bytes {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, body.len().into());
    parts.headers.insert(
        header::CONNECTION,
        header::HeaderValue::from_static("close"),
    );
    let mut bytes = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in &parts.headers {
        bytes.extend_from_slice(name.as_ref());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&body);
    bytes.into()
}

#[cfg(test)]
mod tests;
