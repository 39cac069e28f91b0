//! Asks the dashboard on this machine whether it is alive, so that a container needs no other program for that.

use anyhow::{Context, ensure};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;

/// How long the dashboard may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the dashboard that listens at this address.
///
/// # Errors
/// When it is not alive.
pub async fn run(listen: SocketAddr) -> anyhow::Result<()> {
    let address = reachable(listen);
    let url = format!("http://{address}/healthz");
    let status = tokio::time::timeout(PATIENCE, status(address))
        .await
        .with_context(|| {
            format!(
                "{url} does not answer within {} seconds",
                PATIENCE.as_secs()
            )
        })?
        .with_context(|| format!("{url} does not answer"))?;
    ensure!(status.is_success(), "{url} answers {status}");
    Ok(())
}

async fn status(address: SocketAddr) -> anyhow::Result<StatusCode> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/healthz").header("Host", address.to_string());
    Ok(sender
        .send_request(request.body(String::new())?)
        .await?
        .status())
}

/// Who listens on all addresses is asked at the machine's own.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_on_all_addresses_is_asked_at_the_machines_own() {
        for (listen, asked) in [
            ("0.0.0.0:3000", "127.0.0.1:3000"),
            ("[::]:3000", "[::1]:3000"),
            ("10.0.0.2:80", "10.0.0.2:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
