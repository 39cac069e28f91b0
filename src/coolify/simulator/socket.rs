//! The listening socket and its connections, each of which can be severed without an answer.
//!
//! It knows TCP; it must not know HTTP, Coolify, or why a connection is severed.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// What a handler holds of the connection its request came through.
#[derive(Clone, Debug, Default)]
pub struct Peer(Arc<Knife>);

#[derive(Debug, Default)]
struct Knife {
    severed: AtomicBool,
    waker: AtomicWaker,
}

impl Peer {
    /// Resets the connection: the other side gets a TCP reset and no further byte.
    pub fn sever(&self) {
        self.0.severed.store(true, Ordering::SeqCst);
        self.0.waker.wake();
    }

    fn check(&self, context: &Context<'_>) -> io::Result<()> {
        self.0.waker.register(context.waker());
        if self.0.severed.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Connected<IncomingStream<'_, Doorway>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Doorway>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Every connection that may still be open, so that all can be severed at once.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<Weak<Knife>>>>);

impl Lines {
    fn add(&self, peer: &Peer) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(&peer.0));
    }

    /// Severs every connection but `spared`.
    pub fn sever_all(&self, spared: Option<&Peer>) {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for knife in lines.iter().filter_map(Weak::upgrade) {
            if spared.is_none_or(|peer| !Arc::ptr_eq(&peer.0, &knife)) {
                Peer(knife).sever();
            }
        }
    }
}

/// A listener whose connections can be severed.
pub struct Doorway {
    listener: TcpListener,
    lines: Lines,
}

impl Doorway {
    /// Opens the socket; an address just given up may be taken again at once.
    ///
    /// # Errors
    /// When the address is in use or not ours.
    pub async fn open(address: SocketAddr, lines: Lines) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, lines })
    }

    /// The address really listened on.
    ///
    /// # Errors
    /// When the operating system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Listener for Doorway {
    type Io = Line;
    type Addr = Peer;

    async fn accept(&mut self) -> (Line, Peer) {
        loop {
            if let Ok((stream, _)) = self.listener.accept().await {
                // Small answers must not wait for each other; without it they are merely slower.
                stream.set_nodelay(true).ok();
                let peer = Peer::default();
                self.lines.add(&peer);
                let line = Line {
                    stream,
                    peer: peer.clone(),
                };
                return (line, peer);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer::default())
    }
}

/// One TCP connection that fails as soon as it is severed.
pub struct Line {
    stream: TcpStream,
    peer: Peer,
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.peer.0.severed.load(Ordering::SeqCst) {
            // Without lingering the kernel sends a reset; if it refuses, an ordinary close has to do.
            self.stream.set_zero_linger().ok();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.peer.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.peer.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
