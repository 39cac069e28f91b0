//! Looks at a web address as people's browsers do: where its name leads, whether its certificate is accepted, what answers.
//! It is here because only this floor speaks HTTP to others; it knows nothing of Coolify.

use super::error::transport_words;
use super::resolver::Resolver;
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::tls::TlsInfo;
use reqwest::{Client, ClientBuilder};
use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// The timeout of a request, and the part of it for connecting.
const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// The subject of the certificate that Traefik makes for itself (Traefik: `pkg/tls/generate/generate.go`).
const TRAEFIK: &[u8] = b"TRAEFIK DEFAULT CERT";

/// Visits addresses.
pub struct Visitor {
    resolver: Option<Arc<Resolver>>,
    /// Accepts only certificates that browsers accept.
    strict: Client,
    /// Accepts any certificate, to see what it says. It sends nothing that is secret.
    lenient: Client,
}

/// What a visitor sees.
#[derive(Debug)]
pub struct Visit {
    /// Where the name leads; nothing when it cannot be resolved.
    pub leads_to: Vec<IpAddr>,
    pub answer: Result<Reply, Silence>,
}

/// An answer, whatever it is.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    Certificate(BadCertificate),
    /// As the end of a sentence.
    Other(&'static str),
}

/// Why a certificate is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadCertificate {
    /// Traefik has none for this name, so it shows the one that it made for itself.
    OfTraefik,
    ForAnotherName,
    Expired,
    /// It is self-signed, or signed by somebody whom this machine does not know.
    SignedByNobody,
    Other,
}

impl Visitor {
    /// A visitor that follows no redirects and resolves `*.localhost` itself.
    ///
    /// # Errors
    /// When TLS cannot be configured.
    pub fn new() -> Result<Self, reqwest::Error> {
        let resolver = Resolver::new().map(Arc::new);
        let client = |change: fn(ClientBuilder) -> ClientBuilder| {
            let builder = Client::builder()
                .user_agent(concat!("vps-claude/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
                .no_proxy();
            let builder = match &resolver {
                Some(resolver) => builder.dns_resolver(resolver.clone()),
                None => builder,
            };
            change(builder).build()
        };
        Ok(Self {
            strict: client(|builder| builder)?,
            lenient: client(|builder| builder.danger_accept_invalid_certs(true).tls_info(true))?,
            resolver,
        })
    }

    /// Asks for a page below an address.
    pub async fn visit(&self, url: &Url) -> Visit {
        let leads_to = self.addresses(url).await;
        let answer = match self.strict.get(url.clone()).send().await {
            Ok(answer) => Ok(Reply {
                status: answer.status().as_u16(),
                headers: answer.headers().clone(),
            }),
            Err(error) => Err(self.silence(url, &error).await),
        };
        Visit { leads_to, answer }
    }

    async fn addresses(&self, url: &Url) -> Vec<IpAddr> {
        match (url.host(), &self.resolver) {
            (Some(Host::Ipv4(address)), _) => vec![address.into()],
            (Some(Host::Ipv6(address)), _) => vec![address.into()],
            (Some(Host::Domain(name)), Some(resolver)) => {
                resolver.addresses(name).await.unwrap_or_default()
            }
            _ => vec![],
        }
    }

    async fn silence(&self, url: &Url, error: &reqwest::Error) -> Silence {
        match bad_certificate(error) {
            None => Silence::Other(transport_words(error)),
            Some(_) if self.is_of_traefik(url).await => {
                Silence::Certificate(BadCertificate::OfTraefik)
            }
            Some(why) => Silence::Certificate(why),
        }
    }

    async fn is_of_traefik(&self, url: &Url) -> bool {
        let Ok(answer) = self.lenient.get(url.clone()).send().await else {
            return false;
        };
        let shown = answer.extensions().get::<TlsInfo>();
        let shown = shown.and_then(TlsInfo::peer_certificate);
        shown.is_some_and(|one| one.windows(TRAEFIK.len()).any(|part| part == TRAEFIK))
    }
}

/// What rustls has against a certificate, if that is why there is no answer.
fn bad_certificate(error: &reqwest::Error) -> Option<BadCertificate> {
    use rustls::CertificateError as Bad;
    let rustls::Error::InvalidCertificate(why) = cause::<rustls::Error>(error)? else {
        return None;
    };
    Some(match why {
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => BadCertificate::ForAnotherName,
        Bad::Expired | Bad::ExpiredContext { .. } => BadCertificate::Expired,
        Bad::UnknownIssuer => BadCertificate::SignedByNobody,
        _ => BadCertificate::Other,
    })
}

/// The cause of this type. One that is inside of an `io::Error` is not its source.
fn cause<T: Error + 'static>(error: &dyn Error) -> Option<&T> {
    let mut next = error.source();
    while let Some(one) = next {
        let inner = one
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<T>()) {
            return Some(found);
        }
        if let Some(found) = one.downcast_ref::<T>() {
            return Some(found);
        }
        next = match inner {
            Some(inner) => Some(inner),
            None => one.source(),
        };
    }
    None
}
