//! Checks whether an environment answers at its own address. This is not a call to Coolify, and does not count as one.

use super::error::transport_words;
use super::http::beginning;
use super::resolver::Resolver;
use crate::domain::judge::{Answer, Heartbeat};
use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// The timeout of a probe, and the part of it for connecting.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Longer than any response of code-server.
const ANSWER_LIMIT_BYTES: usize = 4_096;
/// For how many hosts TLS sessions are kept: a full handshake is most of the cost of a probe, on both sides.
const HOSTS: usize = 12_000;
/// rustls counts tickets, and keeps up to eight per host.
const TICKETS: usize = HOSTS * 8;

/// Probes environments' addresses.
#[derive(Clone)]
pub struct Probe(reqwest::Client);

impl Probe {
    /// A prober that follows no redirects and resolves `*.localhost` itself.
    ///
    /// # Errors
    /// When TLS cannot be configured.
    pub fn new() -> Result<Self, reqwest::Error> {
        Self::trusting(roots())
    }

    fn trusting(roots: RootCertStore) -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("vps-claude/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(PROBE_TIMEOUT)
            .pool_max_idle_per_host(0)
            .use_preconfigured_tls(tls(roots))
            .no_proxy();
        let builder = match Resolver::new() {
            Some(resolver) => builder.dns_resolver(Arc::new(resolver)),
            None => builder,
        };
        Ok(Self(builder.build()?))
    }

    /// Whether `/healthz` answers as code-server does: JSON whose `status` is `alive` or `expired`
    /// (code-server: `src/node/routes/health.ts`; expired only means that it is not in use).
    pub async fn look(&self, address: &str) -> Answer {
        match self.0.get(format!("{address}/healthz")).send().await {
            Err(error) => Answer::Silent(transport_words(&error).to_owned()),
            Ok(answer) => judge(answer).await,
        }
    }
}

/// reqwest's own TLS configuration, except for the number of kept sessions.
fn tls(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the versions that rustls uses")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(TICKETS);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// The system's root certificates and those of browsers: a small image has none of its own.
fn roots() -> RootCertStore {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

async fn judge(answer: reqwest::Response) -> Answer {
    let silent = |why: &str| Answer::Silent(why.to_owned());
    let other = || silent("something else than code-server answers there");
    match answer.status().as_u16() {
        200 => heartbeat(answer).await.map_or_else(other, Answer::Alive),
        201..300 => other(),
        300..400 => silent("it redirects elsewhere"),
        404 => silent("the proxy does not know it yet"),
        500.. => silent("the proxy in front of it says it is not available"),
        _ => silent("it refuses the request"),
    }
}

/// The heartbeat in code-server's answer; `None` when something else answers. It is given in milliseconds, 0 when there
/// was none since the start, and code-server is `alive` for a minute after one (code-server: `src/node/heart.ts`).
async fn heartbeat(answer: reqwest::Response) -> Option<Heartbeat> {
    let body = beginning(answer, ANSWER_LIMIT_BYTES).await;
    let json: serde_json::Value = serde_json::from_slice(&body).ok()?;
    let last = || {
        let milliseconds = json["lastHeartbeat"].as_i64().filter(|last| *last > 0)?;
        OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).ok()
    };
    match json["status"].as_str()? {
        "alive" => Some(Heartbeat::Now),
        "expired" => Some(last().map_or(Heartbeat::Never, Heartbeat::At)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::generate_simple_self_signed;
    use rustls::pki_types::{PrivateKeyDer, ServerName};
    use rustls::{ClientConnection, HandshakeKind, ServerConfig, ServerConnection};

    /// More than rustls keeps if it is not told.
    const MANY: usize = 400;

    fn pair() -> (RootCertStore, Arc<ServerConfig>) {
        let names = vec!["*.agents.example".to_owned()];
        let made = generate_simple_self_signed(names).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        // Without it the server forgets sessions, too.
        server.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
        (roots, Arc::new(server))
    }

    /// Connects without a network, and says how.
    fn shake_hands(
        client: &Arc<ClientConfig>,
        server: &Arc<ServerConfig>,
        host: usize,
    ) -> HandshakeKind {
        let name = ServerName::try_from(format!("host-{host}.agents.example")).unwrap();
        let mut client = ClientConnection::new(client.clone(), name).unwrap();
        let mut server = ServerConnection::new(server.clone()).unwrap();
        while client.wants_write() || server.wants_write() {
            let mut sent = vec![];
            while client.wants_write() {
                client.write_tls(&mut sent).unwrap();
            }
            server.read_tls(&mut sent.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut answered = vec![];
            while server.wants_write() {
                server.write_tls(&mut answered).unwrap();
            }
            client.read_tls(&mut answered.as_slice()).unwrap();
            client.process_new_packets().unwrap();
        }
        client.handshake_kind().unwrap()
    }

    #[test]
    fn the_sessions_of_many_hosts_are_resumed() {
        let (roots, server) = pair();
        let client = Arc::new(tls(roots));
        for host in 0..MANY {
            assert_ne!(shake_hands(&client, &server, host), HandshakeKind::Resumed);
        }
        for host in 0..MANY {
            assert_eq!(
                shake_hands(&client, &server, host),
                HandshakeKind::Resumed,
                "{host}"
            );
        }
        const { assert!(HOSTS >= 10_000) };
    }
}
