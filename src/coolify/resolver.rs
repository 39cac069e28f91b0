//! Resolves names without a thread for each: `getaddrinfo` would block one until a silent name
//! server times out. It knows nothing of HTTP.

use crate::domain::network::is_public;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The timeout of a DNS query, which is tried twice.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The cache time of a missing name: it may be created at any moment.
const MISSING: Duration = Duration::from_secs(5);
/// The maximum cache time of an address.
const FOUND: Duration = Duration::from_mins(5);
/// Two records per name, for about ten thousand names.
const CACHED_ANSWERS: u64 = 32_768;
/// The maximum number of concurrent lookups.
const QUESTIONS: usize = 1_024;

/// The system's name servers and hosts file; but `localhost` and all names below it are this machine (RFC 6761, section
/// 6.3), which the system's own resolver does not guarantee.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

/// `transport_words` recognizes this message.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be resolved")]
struct Unresolved;

impl Resolver {
    /// Uses the system's current configuration; without name servers it knows only the hosts file.
    pub fn new() -> Option<Self> {
        let builder = TokioResolver::builder_tokio();
        let mut builder = builder.unwrap_or_else(|error| {
            tracing::warn!(%error, "the system names no name servers");
            TokioResolver::builder_with_config(
                ResolverConfig::default(),
                TokioRuntimeProvider::default(),
            )
        });
        set_up(builder.options_mut());
        builder.build().ok().map(Self)
    }

    /// Where a name leads; `None` when it cannot be resolved.
    pub async fn addresses(&self, name: &str) -> Option<Vec<IpAddr>> {
        let host = name.trim_end_matches('.');
        if host == "localhost" || host.ends_with(".localhost") {
            return Some(vec![Ipv4Addr::LOCALHOST.into()]);
        }
        let found = self.0.lookup_ip(host).await.ok()?;
        Some(found.iter().collect())
    }
}

fn set_up(options: &mut ResolverOpts) {
    options.timeout = TIMEOUT;
    options.attempts = 2;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.cache_size = CACHED_ANSWERS;
    options.negative_max_ttl = Some(MISSING);
    options.positive_max_ttl = Some(FOUND);
    options.max_active_requests = QUESTIONS;
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.addresses(name.as_str()).await.ok_or(Unresolved)?;
            Ok(without_ports(found))
        })
    }
}

/// A resolver that finds only addresses in the public internet.
#[derive(Clone)]
pub struct Public(pub Option<Resolver>);

impl Public {
    /// Where a name leads; nothing when it cannot be resolved.
    pub async fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let found = match &self.0 {
            Some(resolver) => resolver.addresses(name).await.unwrap_or_default(),
            None => vec![],
        };
        found.into_iter().filter(|ip| is_public(*ip)).collect()
    }
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let found = resolver.addresses(name.as_str()).await;
            if found.is_empty() {
                return Err(Unresolved.into());
            }
            Ok(without_ports(found))
        })
    }
}

fn without_ports(found: Vec<IpAddr>) -> Addrs {
    Box::new(found.into_iter().map(|ip| SocketAddr::from((ip, 0))))
}
