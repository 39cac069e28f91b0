//! The names of environments, looked up without a thread each: `getaddrinfo` would take one of the threads that may block for
//! as long as a silent name server likes. It knows nothing of HTTP.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How long a name server may take; it is asked twice.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long a name that does not exist is taken not to: the next one may be made at any moment.
const MISSING: Duration = Duration::from_secs(5);
/// How long an address is believed.
const FOUND: Duration = Duration::from_mins(5);
/// Two answers a name, of some ten thousand names.
const CACHED_ANSWERS: u64 = 32_768;
/// How many questions may be open at once.
const QUESTIONS: usize = 1_024;

/// The system's name servers and its file of hosts; but `localhost` and all below it are this machine (RFC 6761, section 6.3),
/// which the system's own resolver leaves out.
pub struct Resolver(TokioResolver);

/// Says so in words that `transport_words` knows.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be resolved")]
struct Unresolved;

impl Resolver {
    /// A resolver as the system is set up now; without name servers it knows only the file of hosts.
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
        let resolver = self.0.clone();
        Box::pin(async move {
            let host = name.as_str().trim_end_matches('.');
            if host == "localhost" || host.ends_with(".localhost") {
                let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                return Ok(Box::new(std::iter::once(here)) as Addrs);
            }
            let found = resolver.lookup_ip(host).await.map_err(|_| Unresolved)?;
            let found: Vec<SocketAddr> = found.iter().map(|ip| (ip, 0).into()).collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
