//! Serving connections: accepting, time limits, and letting open requests finish. It must not know what is asked for.

use super::connection::{Connection, Refusals, Timeouts};
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

/// Serves until asked to stop, then lets open requests finish. `secure` is whether the public address is https.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    secure: bool,
    timeouts: Timeouts,
    stop: CancellationToken,
) {
    let refusals = Arc::new(refusals(secure).await);
    let open = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => break,
        };
        let serving = Serving {
            router: router.clone(),
            timeouts,
            refusals: Arc::clone(&refusals),
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
    refusals: Arc<Refusals>,
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
        let stream = Connection::new(stream, handled, self.timeouts, self.refusals);
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

async fn refusals(secure: bool) -> Refusals {
    Refusals {
        unreadable: whole(PageError::Unreadable, secure).await,
        too_slow: whole(PageError::TooSlow, secure).await,
        long_address: whole(PageError::LongAddress, secure).await,
        large_headers: whole(PageError::LargeHeaders, secure).await,
    }
}

/// An error's page with its head, as it is sent.
async fn whole(error: PageError, secure: bool) -> Bytes {
    let mut response: Response<Body> = error_page::without_visitor(&error);
    guard::add_headers(response.headers_mut(), secure);
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
