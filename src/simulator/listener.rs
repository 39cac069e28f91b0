//! The listening socket and its connections. The socket can be closed for a while, and each connection be reset.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Between two tries to accept a connection, or to get the port back.
const RETRY: Duration = Duration::from_millis(20);

/// The connection that a request came through.
#[derive(Clone)]
pub struct Peer {
    number: u64,
    reset: CancellationToken,
}

impl Peer {
    /// Resets the connection: the other side gets a TCP reset and no further byte.
    pub fn reset(&self) {
        self.reset.cancel();
    }
}

/// An order to close the socket.
struct Closing {
    lasting: Duration,
    spared: Option<Peer>,
    closed: oneshot::Sender<()>,
}

/// Closes the listening socket from elsewhere.
pub struct Door(mpsc::Sender<Closing>);

impl Door {
    /// Refuses connections for so long, from when this returns, and resets those that are open but the spared one.
    /// While it is closed already, the new duration counts.
    pub async fn close(&self, lasting: Duration, spared: Option<Peer>) {
        let (closed, done) = oneshot::channel();
        let closing = Closing {
            lasting,
            spared,
            closed,
        };
        // A listener that is gone is closed already.
        if self.0.send(closing).await.is_ok() {
            done.await.ok();
        }
    }
}

/// The listening socket.
pub struct Port {
    /// The address really listened on.
    pub address: SocketAddr,
    /// Nothing while it is closed.
    listener: Option<TcpListener>,
    closings: mpsc::Receiver<Closing>,
    peers: Vec<Peer>,
    connections: JoinSet<()>,
}

/// Opens the socket; an address just given up may be taken again at once.
///
/// # Errors
/// When the address is in use or not ours.
pub async fn open(address: SocketAddr) -> io::Result<(Port, Door)> {
    let listener = TcpListener::bind(address).await?;
    let (sender, closings) = mpsc::channel(1);
    let port = Port {
        address: listener.local_addr()?,
        listener: Some(listener),
        closings,
        peers: Vec::new(),
        connections: JoinSet::new(),
    };
    Ok((port, Door(sender)))
}

impl Port {
    /// Serves connections until this is dropped, and they with it.
    pub async fn serve(mut self, router: Router) {
        loop {
            let Some(listener) = &self.listener else {
                sleep(RETRY).await;
                self.listener = TcpListener::bind(self.address).await.ok();
                continue;
            };
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => self.connect(stream, &router),
                    Err(_) => sleep(RETRY).await,
                },
                Some(closing) = self.closings.recv() => self.close(closing).await,
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    fn connect(&mut self, stream: TcpStream, router: &Router) {
        self.peers.retain(|peer| !peer.reset.is_cancelled());
        let peer = Peer {
            number: self.peers.last().map_or(0, |last| last.number + 1),
            reset: CancellationToken::new(),
        };
        self.peers.push(peer.clone());
        let serving = connection(stream, peer, router.clone());
        self.connections.spawn(serving);
    }

    /// Closes the socket until it is time to open it again.
    async fn close(&mut self, mut closing: Closing) {
        self.listener = None;
        loop {
            let spared = closing.spared.as_ref().map(|peer| peer.number);
            let reset = self.peers.iter();
            reset
                .filter(|peer| Some(peer.number) != spared)
                .for_each(Peer::reset);
            closing.closed.send(()).ok();
            tokio::select! {
                () = sleep(closing.lasting) => return,
                Some(next) = self.closings.recv() => closing = next,
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: Peer, router: Router) {
    // Small responses must not wait for each other; without it they are merely slower.
    stream.set_nodelay(true).ok();
    let router = TowerToHyperService::new(router);
    let known = peer.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(known.clone()));
        router.call(request)
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = peer.reset.cancelled() => {
            let stream = connection.into_parts().io.into_inner();
            // Without lingering the kernel sends a reset; if it refuses, an ordinary close has to do.
            stream.set_zero_linger().ok();
        }
    }
    // No longer one of those to be reset.
    peer.reset();
}
