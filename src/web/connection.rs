//! A client's connection, which ends when the client keeps it waiting. What hyper answers by itself, without a body, is
//! replaced with whole answers. It must not know what is asked for.

use axum::body::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How long a client may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the head of a request from its first byte on, and for the first byte after connecting.
    pub head: Duration,
    /// Between two requests, and while the client reads nothing of an answer. It is longer than proxies keep their
    /// connections (Traefik 90 s, Caddy 2 minutes): otherwise one may send a request just when we hang up.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(20),
            idle: Duration::from_secs(150),
        }
    }
}

/// How much of a request is kept to see where it goes, in bytes: more than a method and the beginning of a path.
const BEGUN_BYTES: usize = 64;

/// What is answered to requests that no handler gets.
pub struct Answers {
    pub pages: Refusals,
    /// Below this path, others.
    pub below: Option<(&'static str, Refusals)>,
}

impl Answers {
    /// Those for a request that begins like this.
    fn to(&self, begun: &[u8]) -> &Refusals {
        match &self.below {
            Some((path, refusals)) if is_below(begun, path) => refusals,
            _ => &self.pages,
        }
    }
}

/// Whether what a request begins with says that it goes below this path. The path itself is a page.
fn is_below(begun: &[u8], path: &str) -> bool {
    let target = begun.trim_ascii_start().split(|byte| *byte == b' ').nth(1);
    let rest = target.and_then(|target| target.strip_prefix(path.as_bytes()));
    rest.is_some_and(|rest| rest.starts_with(b"/"))
}

/// Whole answers, heads included.
pub struct Refusals {
    pub unreadable: Bytes,
    pub too_slow: Bytes,
    pub long_address: Bytes,
    pub large_headers: Bytes,
}

impl Refusals {
    /// The answer in place of one that hyper made, which has neither a body nor a header of ours.
    fn instead_of(&self, answer: &[u8]) -> Option<Bytes> {
        let status = answer
            .strip_prefix(b"HTTP/1.")
            .and_then(|rest| rest.get(2..5));
        let page = match status? {
            b"400" => &self.unreadable,
            b"414" => &self.long_address,
            b"431" => &self.large_headers,
            _ => return None,
        };
        answer.ends_with(b"\r\n\r\n").then(|| page.clone())
    }
}

/// What is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    FirstRequest,
    NextRequest,
    RestOfHead,
}

/// When a client has kept us waiting too long. It moves with every request, and a timer that moves costs more than the
/// rest of a poll, so the timer goes off at regular times and looks whether the deadline is reached.
struct Deadline {
    at: Instant,
    timer: Pin<Box<Sleep>>,
    /// The shortest time that is ever allowed: a timer that is set to it is never late.
    interval: Duration,
}

impl Deadline {
    fn new(timeouts: Timeouts) -> Self {
        let interval = timeouts.head.min(timeouts.idle);
        Self {
            at: Instant::now() + timeouts.head,
            timer: Box::pin(sleep(interval)),
            interval,
        }
    }

    fn allow(&mut self, time: Duration) {
        self.at = Instant::now() + time;
    }

    fn poll(&mut self, context: &mut Context) -> Poll<()> {
        while self.timer.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            if now >= self.at {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.at.min(now + self.interval));
        }
        Poll::Pending
    }
}

/// A connection with its deadline.
pub struct Connection {
    stream: TcpStream,
    waiting: Waiting,
    /// Whether a handler has the request: then the client waits for us.
    is_handled: Arc<AtomicBool>,
    deadline: Deadline,
    timeouts: Timeouts,
    answers: Arc<Answers>,
    /// What the request begins with that is read.
    begun: Vec<u8>,
    /// The rest of an answer that takes the place of hyper's.
    replacing: Option<Bytes>,
}

impl Connection {
    /// A new connection. Whoever handles its requests sets `is_handled` for each.
    pub fn new(
        stream: TcpStream,
        is_handled: Arc<AtomicBool>,
        timeouts: Timeouts,
        answers: Arc<Answers>,
    ) -> Self {
        Self {
            stream,
            waiting: Waiting::FirstRequest,
            is_handled,
            deadline: Deadline::new(timeouts),
            timeouts,
            answers,
            begun: Vec::with_capacity(BEGUN_BYTES),
            replacing: None,
        }
    }

    fn received(&mut self, bytes: &[u8]) {
        if self.is_handled.load(Ordering::Relaxed) {
            return;
        }
        if self.waiting != Waiting::RestOfHead {
            self.waiting = Waiting::RestOfHead;
            self.deadline.allow(self.timeouts.head);
            self.begun.clear();
        }
        let missing = BEGUN_BYTES - self.begun.len();
        self.begun.extend(bytes.iter().take(missing));
    }

    /// Says why it ends to whoever has begun a request. Who has not gets no answer, because they would take it for
    /// that to their next one.
    fn timed_out(&self) -> io::Error {
        if self.waiting == Waiting::RestOfHead {
            let refusals = self.answers.to(&self.begun);
            let _ = self.stream.try_write(&refusals.too_slow);
        }
        io::ErrorKind::TimedOut.into()
    }

    /// Before anything is written: whether a handler answers, and what is written instead if none does.
    fn begin_to_write(&mut self, answer: &[u8]) {
        if self.is_handled.load(Ordering::Relaxed) {
            // "Go on" is no answer yet.
            if !answer.starts_with(b"HTTP/1.1 100 ") {
                self.is_handled.store(false, Ordering::Relaxed);
                self.waiting = Waiting::NextRequest;
                self.deadline.allow(self.timeouts.idle);
            }
        } else if self.replacing.is_none() {
            self.replacing = self.answers.to(&self.begun).instead_of(answer);
        }
    }

    fn poll_send(&mut self, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(context, bytes);
        match sent {
            Poll::Ready(Ok(_)) => {
                self.deadline.allow(self.timeouts.idle);
                // Nothing else may be polled before it is reached.
                let _ = self.deadline.poll(context);
            }
            Poll::Pending if self.deadline.poll(context).is_ready() => {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            _ => {}
        }
        sent
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        buffer: &mut ReadBuf,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.received(&buffer.filled()[before..]);
        }
        let is_ours = self.is_handled.load(Ordering::Relaxed);
        if read.is_pending() && !is_ours && self.deadline.poll(context).is_ready() {
            return Poll::Ready(Err(self.timed_out()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        answer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.begin_to_write(answer);
        let Some(mut page) = self.replacing.clone() else {
            return self.poll_send(context, answer);
        };
        while !page.is_empty() {
            let sent = ready!(self.poll_send(context, &page))?;
            page = page.slice(sent..);
            self.replacing = Some(page.clone());
        }
        self.replacing = None;
        Poll::Ready(Ok(answer.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_request_is_below_a_path_by_what_it_begins_with() {
        for (begun, is) in [
            ("GET /api/", true),
            ("GET /api", false),
            ("GET /api HTTP/1.1", false),
            ("POST /api?x HTTP/1.1", false),
            ("\r\nDELETE /api/v1/%zz", true),
            ("GET /apis HTTP/1.1", false),
            ("GET /a", false),
            ("GET", false),
            ("GET / HTTP/1.1\r\nx: /api/", false),
            ("\0\u{1}", false),
        ] {
            assert_eq!(is_below(begun.as_bytes(), "/api"), is, "{begun}");
        }
    }
}
