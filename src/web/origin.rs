//! Whether a form was sent from our own pages, as browsers say it.

use super::error::PageError;
use super::state::Web;
use crate::http::forwarded;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use std::convert::Infallible;
use url::Url;

/// How much of what a request says of itself is shown again, in characters.
const SHOWN: usize = 200;

/// Lets a form through when the browser says that it comes from our own pages or from nowhere. A client that says nothing
/// is not a browser, so it cannot be abused to send a user's cookies.
///
/// # Errors
/// When it comes from another site, or from one that is not known to be ours.
pub fn check(parts: &Parts, web: &Web) -> Result<(), PageError> {
    if let Some(site) = parts.headers.get("sec-fetch-site") {
        // `same-site` is refused, too: environments may be there.
        return match site.as_bytes() {
            b"same-origin" | b"none" => Ok(()),
            _ => Err(PageError::CrossSite),
        };
    }
    let Some(origin) = parts.headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let host = host(parts);
    let hosts = host.into_iter().chain(forwarded::host(parts, &web.proxies));
    if is_own(origin, web.public_url.as_deref(), hosts) {
        Ok(())
    } else {
        let sentence = sentence(origin, host, web.public_url.as_deref());
        Err(PageError::ForeignOrigin(sentence))
    }
}

fn host(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(header::HOST);
    header.and_then(|host| host.to_str().ok()).or_else(|| {
        parts
            .uri
            .authority()
            .map(axum::http::uri::Authority::as_str)
    })
}

/// The address that people use, for links that are given to others: the public one, or where this request was sent.
pub struct Base(pub String);

impl FromRequestParts<Web> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        let public = web.public_url.as_deref().map(ToString::to_string);
        let base = public.unwrap_or_else(|| format!("http://{}", host(parts).unwrap_or_default()));
        Ok(Self(base.trim_end_matches('/').to_owned()))
    }
}

/// Whether this is the origin of the public address, or of the host that was asked for. Default ports and case make no
/// difference. The host comes without a scheme, so it has that of the origin: a proxy may have ended TLS.
fn is_own<'a>(
    origin: &str,
    public_url: Option<&Url>,
    hosts: impl IntoIterator<Item = &'a str>,
) -> bool {
    let Ok(from) = Url::parse(origin) else {
        return false;
    };
    let of_host = |host| Url::parse(&format!("{}://{host}", from.scheme())).ok();
    let mut own = hosts.into_iter().filter_map(of_host);
    from.origin().is_tuple()
        && (public_url.is_some_and(|url| url.origin() == from.origin())
            || own.any(|url| url.origin() == from.origin()))
}

fn sentence(origin: &str, host: Option<&str>, public_url: Option<&Url>) -> String {
    if origin == "null" {
        return "Your browser did not say which page this came from (Origin: null), so it was not carried out. Open the dashboard anew and try again. If that does not help, a proxy may have changed the header Referrer-Policy: it must be passed on as it is.".to_owned();
    }
    let origin: String = origin.chars().take(SHOWN).collect();
    let host: String = host.unwrap_or("nothing").chars().take(SHOWN).collect();
    let public = public_url.map_or("is not set".to_owned(), |url| {
        format!("is {}", url.as_str().trim_end_matches('/'))
    });
    format!(
        "This came from another site and was not carried out: your browser says that it came from {origin} (Origin), but this dashboard was asked for as {host} (Host), and PUBLIC_URL {public}. If {origin} is its own address, tell whoever runs it: the proxy must pass on the header Host, in nginx with “proxy_set_header Host $http_host;”, or PUBLIC_URL must be that address."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An origin, the host that was asked for, the public address, and whether they are one.
    const CASES: [(&str, &str, &str, bool); 26] = [
        ("https://a.b", "a.b", "", true),
        ("https://A.B", "a.b", "", true),
        ("https://a.b", "A.b", "", true),
        ("https://a.b", "a.b:443", "", true),
        ("https://a.b:443", "a.b", "", true),
        ("http://a.b", "a.b:80", "", true),
        ("http://a.b:8080", "a.b:8080", "", true),
        ("http://[::1]:3000", "[::1]:3000", "", true),
        ("http://[0:0::1]", "[::1]:80", "", true),
        ("https://a.b", "a.b:80", "", false),
        ("http://a.b", "a.b:443", "", false),
        ("https://a.b:81", "a.b", "", false),
        ("https://evil.b", "a.b", "", false),
        ("https://a.b.evil", "a.b", "", false),
        ("https://a.b", "", "", false),
        ("null", "a.b", "", false),
        ("null", "null", "", false),
        ("", "", "", false),
        ("file://", "", "", false),
        ("moz-extension://a.b", "a.b", "", false),
        ("https://a.b", "127.0.0.1:3000", "https://a.b", true),
        ("https://a.b", "127.0.0.1:3000", "https://A.b:443/", true),
        ("https://a.b:8443", "a.b", "https://a.b:8443", true),
        ("http://a.b", "127.0.0.1:3000", "https://a.b", false),
        ("http://a.b", "a.b", "https://a.b", true),
        ("https://evil.b", "a.b", "https://a.b", false),
    ];

    #[test]
    fn our_own_origin_is_that_of_the_public_address_or_of_the_host() {
        for (origin, host, public, own) in CASES {
            let public = Url::parse(public).ok();
            let found = is_own(origin, public.as_ref(), Some(host));
            assert_eq!(found, own, "{origin} {host} {public:?}");
        }
    }
}
