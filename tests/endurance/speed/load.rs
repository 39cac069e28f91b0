//! A lean load generator: HTTP/1.1 over sockets, with requests that are prepared as bytes. It knows nothing of what it asks
//! for.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long nothing is counted at first.
const WARM_UP: Duration = Duration::from_millis(300);

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(4_096),
        })
    }

    /// Sends a request and reads its whole answer; returns the status.
    pub async fn ask(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.received.clear();
        loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(status) = whole(&self.received)? {
                return Ok(status);
            }
        }
    }

    /// The body of the last answer.
    pub fn body(&self) -> String {
        let end = end_of_head(&self.received).unwrap_or_default();
        String::from_utf8_lossy(&self.received[end..]).into_owned()
    }
}

/// The status of an answer, once all of it has arrived.
fn whole(received: &[u8]) -> Result<Option<u16>> {
    let Some(end) = end_of_head(received) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&received[..end]).map_err(Error::other)?;
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    let status = status.ok_or(ErrorKind::InvalidData)?;
    let is_whole = if let Some((_, length)) = head.split_once("\r\ncontent-length: ") {
        let length = length.split_once('\r').map(|(length, _)| length.parse());
        let length: usize = length.unwrap().map_err(Error::other)?;
        received.len() >= end + length
    } else {
        !head.contains("\r\ntransfer-encoding: chunked") || received.ends_with(b"\r\n0\r\n\r\n")
    };
    Ok(is_whole.then_some(status))
}

fn end_of_head(received: &[u8]) -> Option<usize> {
    let end = received.windows(4).position(|part| part == b"\r\n\r\n")?;
    Some(end + 4)
}

/// What a load found.
#[derive(Clone, Copy)]
pub struct Load {
    pub requests_a_second: f64,
    /// All of them, with those that are not counted.
    pub requests: f64,
    /// The share of a core that the generator used: at nearly 1 it would be what is measured.
    pub generator: f64,
}

/// Keeps a connection for each of these requests busy with it, for this long. It runs in a thread of its own.
///
/// # Panics
/// When an answer has another status than this.
pub async fn load(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    status: u16,
    time: Duration,
) -> Load {
    let thread = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime
            .unwrap()
            .block_on(keep_busy(address, requests, status, time))
    });
    thread.await.unwrap()
}

async fn keep_busy(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    status: u16,
    time: Duration,
) -> Load {
    let began = Instant::now() + WARM_UP;
    let (counted, all) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut connections = JoinSet::new();
    for number in 0..requests.len() {
        let requests = Arc::clone(&requests);
        let (counted, all) = (Arc::clone(&counted), Arc::clone(&all));
        connections.spawn(async move {
            let mut connection = Connection::open(address).await.unwrap();
            loop {
                assert_eq!(connection.ask(&requests[number]).await.unwrap(), status);
                all.fetch_add(1, Ordering::Relaxed);
                let now = Instant::now();
                if now > began + time {
                    break;
                }
                counted.fetch_add(u32::from(now > began), Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep_until(began.into()).await;
    let processor = processor_seconds();
    while let Some(ended) = connections.join_next().await {
        ended.unwrap();
    }
    let sum = |count: &AtomicU32| f64::from(count.load(Ordering::Relaxed));
    Load {
        requests_a_second: sum(&counted) / time.as_secs_f64(),
        requests: sum(&all),
        generator: (processor_seconds() - processor) / time.as_secs_f64(),
    }
}

/// The processor's time of this thread so far.
fn processor_seconds() -> f64 {
    crate::process::processor_seconds("thread-self")
}
