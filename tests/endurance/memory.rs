//! What a burst of sign-ins whose senders hang up costs in memory, and whether that comes back. Run by scripts/memory.

use crate::process::{Dashboard, Servers, World, until};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// How many sign in at once, and how often that happens.
const SENDERS: usize = 60;
const BURSTS: usize = 5;
/// How long memory may take to come back.
const RETURN: Duration = Duration::from_mins(1);
/// How much more than before may be left, in MB: less than one hash takes.
const LEFT_MB: f64 = 15.0;

#[tokio::test]
#[ignore = "says most in a release build; scripts/memory runs it"]
async fn memory_comes_back_after_a_burst_of_sign_ins_that_hang_up() {
    let _turn = crate::TURN.lock().await;
    let servers = Servers::start().await;
    let world = World::new(&servers, "memory", 1.0).await;
    let dashboard = world.dashboard(&[]).await;
    let before = dashboard.memory_mb("VmRSS");
    let mut table = format!("\n| | resident MB |\n|---|---|\n| before | {before:.0} |\n");
    for burst in 1..=BURSTS {
        sign_in_and_hang_up(&dashboard, burst).await;
        let after = dashboard.memory_mb("VmRSS");
        let _ = writeln!(table, "| at the end of burst {burst} | {after:.0} |");
    }
    let _ = writeln!(table, "| highest | {:.0} |", dashboard.memory_mb("VmHWM"));
    println!("{table}");
    let began = Instant::now();
    let after = until("the return of the memory", RETURN, async || {
        let now = dashboard.memory_mb("VmRSS");
        (now <= before + LEFT_MB).then_some(now)
    })
    .await;
    let seconds = began.elapsed().as_secs_f64();
    println!("{after:.0} MB {seconds:.0} s later");
}

/// All hang up when the first one has an answer: the passwords of others are being hashed then.
async fn sign_in_and_hang_up(dashboard: &Dashboard, burst: usize) {
    let address = dashboard.url();
    let address = address.trim_start_matches("http://");
    let mut connections = vec![];
    for sender in 0..SENDERS {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let body = format!("email=nobody-{burst}-{sender}%40example.com&password=wrong+password");
        let request = format!(
            "POST /login HTTP/1.1\r\nhost: {address}\r\nx-forwarded-for: 198.51.100.{sender}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        connections.push(connection);
    }
    connections[0].readable().await.unwrap();
}
