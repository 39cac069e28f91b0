//! Addresses of networks: who sent a request that came through proxies, and which addresses are one household's.

use ipnet::{IpNet, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr};

/// The network that an address counts for: an IPv4 address by itself, and the 64 bits of an IPv6 address that one
/// household has, because it can choose the others (RFC 6177, RFC 4291 section 2.5.1).
pub fn network_of(address: IpAddr) -> IpNet {
    let network = match address.to_canonical() {
        address @ IpAddr::V4(_) => IpNet::from(address),
        IpAddr::V6(address) => Ipv6Net::new_assert(address, 64).into(),
    };
    network.trunc()
}

/// Whether an address is in the public internet (IANA's registries of special-purpose addresses, RFC 6890): no network of
/// one's own, no machine itself, nothing that stands for such an address in IPv6.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.segments() {
            // An address of IPv4 in one of IPv6 (RFC 6052, RFC 3056).
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                is_public_v4(joined(high, low))
            }
            [0x2001, 0..0x200 | 0xdb8, ..] => false,
            [first, ..] => (0x2000..0x3fff).contains(&first),
        },
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..128, ..]
            | [169, 254, ..]
            | [172, 16..32, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    );
    !is_special
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

    /// Addresses in the public internet, and others.
    const PUBLIC: &str =
        "1.1.1.1 172.15.0.1 172.32.0.1 100.63.0.1 192.0.1.1 223.255.255.255 2606:4700::1111
        2001:4860:4860::8888 ::ffff:1.1.1.1 64:ff9b::101:101";
    const OTHERS: &str = "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.0.9 169.254.169.254 172.16.0.1 172.31.255.255
        192.168.1.1 192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.7 224.0.0.1 240.0.0.1 255.255.255.255
        :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2001::1 2001:db8::1
        2002:7f00:1::1 2002:a00:1::1 3fff::1 fc00::1 fd12::1 fe80::1 fec0::1 ff02::1 5f00::1";

    #[test]
    fn an_address_of_a_network_of_ones_own_is_not_public_however_it_is_written() {
        for public in PUBLIC.split_whitespace() {
            assert!(is_public(address(public)), "{public}");
        }
        for other in OTHERS.split_whitespace() {
            assert!(!is_public(address(other)), "{other}");
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
