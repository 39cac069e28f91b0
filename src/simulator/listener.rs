//! The listening socket and its connections. The socket can be closed for a while, and each connection be reset.

use super::locking::lock;
use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Between two tries to accept a connection, or to get the port back.
const RETRY: Duration = Duration::from_millis(20);

/// The connection that a request came through.
#[derive(Clone)]
pub struct Peer {
    number: u64,
    /// Cancelled to reset the connection: the other side gets a TCP reset and no further byte.
    pub reset: CancellationToken,
    closed: CancellationToken,
}

/// The port that is listened on.
pub struct Port {
    /// The address really listened on.
    pub address: SocketAddr,
    socket: Mutex<Socket>,
    closed: Notify,
}

struct Socket {
    /// Nothing while it is closed.
    listener: Option<TcpListener>,
    /// Until then it stays closed; for ever when absent.
    opens: Option<Instant>,
    peers: Vec<Peer>,
}

impl Port {
    /// Opens the socket; an address just given up may be taken again at once.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let socket = Socket {
            listener: Some(listener),
            opens: None,
            peers: Vec::new(),
        };
        Ok(Self {
            address,
            socket: Mutex::new(socket),
            closed: Notify::new(),
        })
    }

    /// Refuses connections for so long, and resets those that are open but the spared one; returns when they are closed.
    /// While the socket is closed already, the new duration counts.
    pub async fn close(&self, lasting: Duration, spared: Option<Peer>) {
        let spared = spared.map(|peer| peer.number);
        let mut peers = {
            let mut socket = lock(&self.socket);
            socket.listener = None;
            socket.opens = Instant::now().checked_add(lasting);
            socket.peers.clone()
        };
        self.closed.notify_one();
        peers.retain(|peer| Some(peer.number) != spared);
        for peer in peers {
            peer.reset.cancel();
            peer.closed.cancelled().await;
        }
    }

    /// Accepts connections until this is dropped.
    pub async fn serve(&self, router: Router) {
        loop {
            tokio::select! {
                accepted = poll_fn(|context| self.accept(context)) => match accepted {
                    Ok((stream, peer)) => {
                        tokio::spawn(connection(stream, peer, router.clone()));
                    }
                    Err(_) => sleep(RETRY).await,
                },
                () = self.closed.notified() => self.reopen().await,
            }
        }
    }

    fn accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, Peer)>> {
        let socket = &mut *lock(&self.socket);
        let Some(listener) = &socket.listener else {
            return Poll::Pending;
        };
        let (stream, _) = ready!(listener.poll_accept(context))?;
        socket.peers.retain(|peer| !peer.closed.is_cancelled());
        let peer = Peer {
            number: socket.peers.last().map_or(0, |last| last.number + 1),
            reset: CancellationToken::new(),
            closed: CancellationToken::new(),
        };
        socket.peers.push(peer.clone());
        Poll::Ready(Ok((stream, peer)))
    }

    /// Opens the socket again when it is time.
    async fn reopen(&self) {
        while lock(&self.socket).listener.is_none() {
            sleep(RETRY).await;
            let opens = lock(&self.socket).opens;
            if opens.is_some_and(|opens| opens <= Instant::now()) {
                let listener = TcpListener::bind(self.address).await.ok();
                lock(&self.socket).listener = listener;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: Peer, router: Router) {
    let _closed = peer.closed.clone().drop_guard();
    // Small responses must not wait for each other; without it they are merely slower.
    stream.set_nodelay(true).ok();
    let known = Extension(ConnectInfo(peer.clone()));
    let service = TowerToHyperService::new(router.layer(known));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = peer.reset.cancelled() => {
            let stream = connection.into_parts().io.into_inner();
            // Without lingering the kernel sends a reset; if it refuses, an ordinary close has to do.
            stream.set_zero_linger().ok();
        }
    }
}
