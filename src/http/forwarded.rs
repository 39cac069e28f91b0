//! What proxies say about the request that they pass on: who sent it, and to which host.

use crate::domain::network::{Hop, TrustedProxies};
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Once;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
/// Carries the id of a request, in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer than a UUID; what is longer would only fill the log.
const ID_LIMIT_BYTES: usize = 64;

/// The proxies that are believed, and whether it was said that another one is not.
pub struct Proxies {
    trusted: TrustedProxies,
    warned: Once,
}

impl Proxies {
    /// These are believed.
    pub fn new(trusted: TrustedProxies) -> Self {
        Self {
            trusted,
            warned: Once::new(),
        }
    }
}

/// The address that a request was sent from, as far as proxies are believed.
pub fn sender(parts: &Parts, proxies: &Proxies) -> IpAddr {
    let (peer, hops) = (peer(parts), hops(&parts.headers));
    if !hops.is_empty() && is_near(peer) && !proxies.trusted.has(peer) {
        proxies.warned.call_once(|| {
            tracing::warn!(%peer, "a proxy is not believed, so all whom it serves count as one: is it missing in TRUSTED_PROXIES?");
        });
    }
    proxies.trusted.sender(peer, hops)
}

/// Whether it may be a proxy of whoever runs the dashboard.
fn is_near(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    }
}

/// The host that the sender asked for, as the nearest proxy says, if it is believed.
pub fn host<'a>(parts: &'a Parts, proxies: &Proxies) -> Option<&'a str> {
    let last = parts.headers.get_all(HOST).iter().next_back();
    let last = last.filter(|_| proxies.trusted.has(peer(parts)));
    last?.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// The id that the nearest proxy gave the request, if it is believed, and if the id is short and plain: it stands in lines
/// of the log. A proxy adds its own after that of its client, if it does not replace it.
pub fn request_id(parts: &Parts, proxies: &Proxies) -> Option<HeaderValue> {
    let id = parts.headers.get_all(REQUEST_ID).iter().next_back()?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    let fits = (1..=ID_LIMIT_BYTES).contains(&id.len()) && id.as_bytes().iter().all(is_plain);
    (fits && proxies.trusted.has(peer(parts))).then(|| id.clone())
}

fn peer(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| {
        peer.ip().to_canonical()
    })
}

/// The hops of a request, the nearest first. `X-Forwarded-For` is preferred, because nearly every proxy writes it and
/// passes on the `Forwarded` of its client as it is.
fn hops(headers: &HeaderMap) -> Vec<Hop> {
    if headers.contains_key(FOR) {
        return elements(headers, &FOR).map(hop).collect();
    }
    elements(headers, &header::FORWARDED)
        .map(forwarded_for)
        .collect()
}

/// The parameter `for` of an element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &[u8]) -> Hop {
    let parameters = split_backwards(element, b';').into_iter();
    let mut nodes = parameters.filter_map(|parameter| {
        let at = parameter.iter().position(|byte| *byte == b'=')?;
        let (name, node) = (parameter[..at].trim_ascii(), &parameter[at + 1..]);
        name.eq_ignore_ascii_case(b"for").then_some(node)
    });
    nodes.next_back().map_or(Hop::Garbage, hop)
}

/// A node: an address, with its port or without, in quotes or not; or a word for one that is not told.
fn hop(node: &[u8]) -> Hop {
    let node = str::from_utf8(node).unwrap_or_default().trim();
    let quoted = node.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let node = quoted.unwrap_or(node);
    if node.eq_ignore_ascii_case("unknown") || node.starts_with('_') {
        return Hop::Hidden;
    }
    let host = match node.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None if node.matches(':').count() == 1 => node.split(':').next(),
        None => Some(node),
    };
    let address = host.and_then(|host| host.parse().ok());
    address.map_or(Hop::Garbage, Hop::Address)
}

/// The elements of all lines of a header, the last first.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let lines = headers.get_all(name).into_iter().rev();
    lines.flat_map(|line| split_backwards(line.as_bytes(), b','))
}

/// Splits at separators outside quotes, and returns the last part first. It begins at the end, which the nearest proxy has
/// written: a quote that somebody farther away left open swallows nothing of that.
fn split_backwards(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut parts, mut end, mut is_quoted) = (vec![], text.len(), false);
    for (at, byte) in text.iter().enumerate().rev() {
        if *byte == b'"' && !is_escaped(&text[..at]) {
            is_quoted = !is_quoted;
        } else if *byte == separator && !is_quoted {
            parts.push(&text[at + 1..end]);
            end = at;
        }
    }
    parts.push(&text[..end]);
    parts
}

fn is_escaped(before: &[u8]) -> bool {
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(name: &HeaderName, lines: &[&[u8]]) -> String {
        let line = |line: &&[u8]| (name.clone(), HeaderValue::from_bytes(line).unwrap());
        let hops = hops(&lines.iter().map(line).collect()).into_iter().rev();
        let words = hops.map(|hop| match hop {
            Hop::Address(address) => address.to_string(),
            Hop::Hidden => "hidden".to_owned(),
            Hop::Garbage => "garbage".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn x_forwarded_for_is_read_as_proxies_write_it() {
        for (lines, hops) in [
            ([b"198.51.100.7".as_slice()].as_slice(), "198.51.100.7"),
            (
                &[b"198.51.100.7:4711, [2001:db8::1]:80"],
                "198.51.100.7 2001:db8::1",
            ),
            (&[b"2001:db8::1,[2001:db8::2]"], "2001:db8::1 2001:db8::2"),
            (&[b"1.1.1.1", b"2.2.2.2,3.3.3.3"], "1.1.1.1 2.2.2.2 3.3.3.3"),
            (&[b"::ffff:198.51.100.7"], "::ffff:198.51.100.7"),
            (
                &[b"1.1.1.1, , nonsense, 256.1.1.1, unix:, 2.2.2.2"],
                "1.1.1.1 garbage garbage garbage garbage 2.2.2.2",
            ),
            (
                &[b"\xff\xfe, 2.2.2.2", b"\xc3\x28"],
                "garbage 2.2.2.2 garbage",
            ),
            (
                &[b"unknown, _gateway, \"1.1.1.1\""],
                "hidden hidden 1.1.1.1",
            ),
            (&[b""], "garbage"),
        ] {
            assert_eq!(read(&FOR, lines), hops, "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_its_rfc_has_it() {
        for (lines, hops) in [
            (b"for=192.0.2.43".as_slice(), "192.0.2.43"),
            (b"For=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            (b"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            (
                b"proto=http; for=192.0.2.43, for=\"192.0.2.44:_port\"",
                "192.0.2.43 192.0.2.44",
            ),
            (b"for=unknown, FOR=\"_hidden\"", "hidden hidden"),
            (b"by=203.0.113.43, for=, for", "garbage garbage garbage"),
            // What a client asked for as the host stands in quotes.
            (b"for=192.0.2.43;host=\"a, for=1.1.1.1\"", "192.0.2.43"),
            (b"for=192.0.2.43;host=\"a;for=1.1.1.1;b\"", "192.0.2.43"),
            (b"for=192.0.2.43;host=\"a\\\", for=1.1.1.1\"", "192.0.2.43"),
            // What a client left open ends where the proxy begins.
            (
                b"for=\"1.1.1.1, for=192.0.2.43;host=\"a\"",
                "garbage 192.0.2.43",
            ),
        ] {
            let shown = String::from_utf8_lossy(lines);
            assert_eq!(read(&header::FORWARDED, &[lines]), hops, "{shown}");
        }
    }

    #[test]
    fn a_client_that_adds_forwarded_is_not_believed_beside_x_forwarded_for() {
        let headers = [
            (header::FORWARDED, HeaderValue::from_static("for=1.1.1.1")),
            (FOR, HeaderValue::from_static("192.0.2.43")),
        ];
        let hops = hops(&HeaderMap::from_iter(headers));
        assert_eq!(hops, [hop(b"192.0.2.43")]);
    }
}
