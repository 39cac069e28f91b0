//! Asks an environment at its own address whether it is there. Not a call to Coolify, and not counted as one.

use super::error::transport_words;
use crate::domain::judge::Answer;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How long an environment may take to answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// More than code-server's answer ever has.
const ANSWER_LIMIT_BYTES: usize = 4_096;

/// Looks at environments' addresses.
#[derive(Clone)]
pub struct Probe(reqwest::Client);

impl Probe {
    /// A prober that follows no redirect and resolves `*.localhost` itself.
    ///
    /// # Errors
    /// When the TLS roots of the system cannot be loaded.
    pub fn new() -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("vps-claude/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PROBE_TIMEOUT)
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Resolver))
            .no_proxy()
            .build()?;
        Ok(Self(http))
    }

    /// Whether `/healthz` answers as code-server does: JSON whose `status` is `alive` or `expired`
    /// (code-server: `src/node/routes/health.ts`; expired says only that nobody works in it).
    pub async fn look(&self, address: &str) -> Answer {
        match self.0.get(format!("{address}/healthz")).send().await {
            Err(error) => Answer::Silent(transport_words(&error).to_owned()),
            Ok(answer) => judge(answer).await,
        }
    }
}

async fn judge(answer: reqwest::Response) -> Answer {
    let silent = |why: &str| Answer::Silent(why.to_owned());
    match answer.status().as_u16() {
        200 if is_code_server(answer).await => Answer::Alive,
        200..300 => silent("something else than code-server answers there"),
        300..400 => silent("it redirects elsewhere"),
        404 => silent("the proxy does not know it yet"),
        500.. => silent("the proxy in front of it says it is not available"),
        _ => silent("it refuses the request"),
    }
}

async fn is_code_server(mut answer: reqwest::Response) -> bool {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_LIMIT_BYTES {
            return false;
        }
    }
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    matches!(json["status"].as_str(), Some("alive" | "expired"))
}

/// The system's resolver, but `localhost` and all below it are this machine (RFC 6761, section 6.3), which glibc leaves out.
struct Resolver;

/// Says so in words that `transport_words` knows.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be resolved")]
struct Unresolved;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str().trim_end_matches('.');
            if host == "localhost" || host.ends_with(".localhost") {
                let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                return Ok(Box::new(std::iter::once(here)) as Addrs);
            }
            let found = tokio::net::lookup_host((host.to_owned(), 0))
                .await
                .map_err(|_| Unresolved)?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}
