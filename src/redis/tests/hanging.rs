//! A Redis that takes what is sent and answers nothing: noticed within seconds, and used again when it answers.

use super::{connected, url};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long it may take to notice; a busy machine needs more than it takes by itself.
const SECONDS: Duration = Duration::from_secs(10);

/// A way to Redis that can be made to hang.
async fn start_proxy(hangs: watch::Receiver<bool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(url().trim_start_matches("redis://")).await;
            let (from_near, to_near) = near.into_split();
            let (from_far, to_far) = far.unwrap().into_split();
            tokio::spawn(forward(from_near, to_far, hangs.clone()));
            tokio::spawn(forward(from_far, to_near, hangs.clone()));
        }
    });
    address
}

async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut hangs: watch::Receiver<bool>,
) {
    let mut buffer = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if hangs.wait_for(|hangs| !hangs).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_true().await {
        assert!(began.elapsed() < SECONDS, "it never came true: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_redis_that_hangs_is_left_within_seconds_and_used_again_later() {
    let (hang, hangs) = watch::channel(false);
    let address = start_proxy(hangs).await;
    let redis = connected(&format!("redis://{address}")).await;
    assert_eq!(redis.answers().await, Some(true));
    hang.send(true).unwrap();
    assert_eq!(redis.answers().await, Some(false));
    until("it is left", async || redis.connected().is_none()).await;
    hang.send(false).unwrap();
    until("it is used again", async || {
        redis.answers().await == Some(true)
    })
    .await;
}
