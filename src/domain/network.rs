//! Addresses of networks: who sent a request that came through proxies, and which addresses are one household's.

use ipnet::{IpNet, Ipv6Net};
use std::net::IpAddr;

/// The network that an address counts for: an IPv4 address by itself, and the 64 bits of an IPv6 address that one
/// household has, because it can choose the others (RFC 6177, RFC 4291 section 2.5.1).
pub fn network_of(address: IpAddr) -> IpNet {
    let network = match address.to_canonical() {
        address @ IpAddr::V4(_) => IpNet::from(address),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, 64).into(),
    };
    network.trunc()
}

/// One step of a request on its way here, as a proxy wrote it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    Address(IpAddr),
    /// The proxy does not tell who asked it (RFC 7239, sections 6.2 and 6.3).
    Hidden,
    /// Nothing that can be read.
    Garbage,
}

/// The proxies that are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedProxies {
    /// Those in these networks.
    Networks(Vec<IpNet>),
    /// This many, whatever their addresses.
    Hops(usize),
}

impl TrustedProxies {
    /// Parses networks or addresses separated by commas, or the number of proxies.
    pub fn parse(typed: &str) -> Option<Self> {
        if let Ok(hops) = typed.trim().parse() {
            return Some(Self::Hops(hops));
        }
        let network = |typed: &str| {
            let address = typed
                .parse()
                .map(|it: IpAddr| IpNet::from(it.to_canonical()));
            address.or_else(|_| typed.parse()).ok()
        };
        let networks = typed.split(',').map(|it| network(it.trim()));
        networks.collect::<Option<_>>().map(Self::Networks)
    }

    /// Who sent a request that came from `peer`. Its hops are read from the nearest on, for as long as who wrote them is
    /// believed: whatever is beyond may be invented.
    pub fn sender(&self, peer: IpAddr, hops: impl IntoIterator<Item = Hop>) -> IpAddr {
        let mut sender = peer.to_canonical();
        for (passed, hop) in hops.into_iter().enumerate() {
            match hop {
                _ if !self.believes(sender, passed) => break,
                Hop::Address(address) => sender = address.to_canonical(),
                Hop::Hidden => break,
                Hop::Garbage => {}
            }
        }
        sender
    }

    /// Whether this peer is one of them.
    pub fn has(&self, peer: IpAddr) -> bool {
        self.believes(peer.to_canonical(), 0)
    }

    fn believes(&self, address: IpAddr, passed: usize) -> bool {
        match self {
            Self::Networks(networks) => networks.iter().any(|it| it.contains(&address)),
            Self::Hops(hops) => passed < *hops,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// The hops from the farthest to the nearest, as a header has them.
    fn sender(trusted: &str, peer: &str, hops: &[&str]) -> String {
        let hop = |text: &&str| match (text.parse(), *text) {
            (Ok(address), _) => Hop::Address(address),
            (_, "hidden") => Hop::Hidden,
            _ => Hop::Garbage,
        };
        let trusted = TrustedProxies::parse(trusted).unwrap();
        let hops = hops.iter().rev().map(hop);
        trusted.sender(address(peer), hops).to_string()
    }

    /// Who is trusted, the peer, the hops from the farthest to the nearest, and the sender.
    const CASES: &str = "
        10.0.0.0/8         | 10.0.0.1        | 1.2.3.4 5.6.7.8          | 5.6.7.8
        10.0.0.0/8         | 10.0.0.1        | 1.2.3.4 5.6.7.8 10.9.9.9 | 5.6.7.8
        10.0.0.0/8         | 10.0.0.1        | 10.0.0.2 10.0.0.3        | 10.0.0.2
        10.0.0.0/8         | 10.0.0.1        |                          | 10.0.0.1
        10.0.0.0/8         | 9.9.9.9         | 5.6.7.8                  | 9.9.9.9
        10.0.0.0/8         | ::ffff:10.0.0.1 | ::ffff:5.6.7.8           | 5.6.7.8
        ::ffff:10.0.0.1    | 10.0.0.1        | 5.6.7.8                  | 5.6.7.8
        fd00::/8, 10.0.0.1 | fd00::1         | 2001:db8::1 10.0.0.1     | 2001:db8::1
        10.0.0.0/8         | 10.0.0.1        | 5.6.7.8 garbage 10.0.0.2 | 5.6.7.8
        10.0.0.0/8         | 10.0.0.1        | 1.2.3.4 garbage 5.6.7.8  | 5.6.7.8
        10.0.0.0/8         | 10.0.0.1        | 1.2.3.4 hidden           | 10.0.0.1
        1                  | 9.9.9.9         | 1.2.3.4 5.6.7.8          | 5.6.7.8
        2                  | 9.9.9.9         | 1.2.3.4 5.6.7.8          | 1.2.3.4
        2                  | 9.9.9.9         | 5.6.7.8                  | 5.6.7.8
        1                  | 9.9.9.9         | 1.2.3.4 garbage          | 9.9.9.9
        0                  | 127.0.0.1       | 5.6.7.8                  | 127.0.0.1";

    #[test]
    fn hops_are_believed_up_to_the_first_that_is_not_trusted() {
        for case in CASES.trim().lines() {
            let parts: Vec<&str> = case.split('|').map(str::trim).collect();
            let hops: Vec<&str> = parts[2].split_whitespace().collect();
            assert_eq!(sender(parts[0], parts[1], &hops), parts[3], "{case}");
        }
    }

    #[test]
    fn an_address_of_ipv6_counts_for_its_64_bits_and_one_of_ipv4_for_itself() {
        for (one, other, are_same) in [
            ("203.0.113.7", "::ffff:203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true),
            ("2001:db8:0:1::1", "2001:db8:0:2::1", false),
        ] {
            let same = network_of(address(one)) == network_of(address(other));
            assert_eq!(same, are_same, "{one} {other}");
        }
    }

    #[test]
    fn what_is_neither_networks_nor_a_number_is_refused() {
        for typed in [
            "",
            "-1",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.1,",
            "10.0.0.1 10.0.0.2",
            "1,2",
        ] {
            assert_eq!(TrustedProxies::parse(typed), None, "{typed:?}");
        }
    }
}
