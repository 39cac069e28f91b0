//! The domain below which environments get their addresses.

const SHAPE: &str =
    "a domain like agents.example.com is needed, without http:// and without a path";
const NO_ADDRESS: &str = "a domain is needed, not an IP address: environments get names below it. Without a domain, one like 192-0-2-7.sslip.io leads to the address in it";
/// The longest domain: a subdomain and its dot must fit before it (253 characters, RFC 1035).
const LENGTH: usize = 200;

/// The parent domain of environments: `AGENTS_DOMAIN`, with an optional port.
#[derive(Debug, Clone)]
pub struct AgentsDomain {
    host: String,
    port: Option<u16>,
}

impl AgentsDomain {
    /// Parses `agents.example.com` or `localhost:3080`. What people write for the same is the same: upper case, the dot
    /// at the end of an absolute name, the asterisk of the wildcard record.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub fn parse(typed: &str) -> Result<Self, String> {
        if typed.contains(['/', '@']) {
            return Err(SHAPE.to_owned());
        }
        if is_ipv6(typed) {
            return Err(NO_ADDRESS.to_owned());
        }
        let (host, port) = match typed.split_once(':') {
            None => (typed, None),
            Some((host, port)) => (host, Some(parse_port(port)?)),
        };
        let host = host.strip_prefix("*.").unwrap_or(host);
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        match () {
            () if host.len() > LENGTH || !host.split('.').all(is_label) => Err(SHAPE.to_owned()),
            () if is_ipv4(&host) => Err(NO_ADDRESS.to_owned()),
            () => Ok(Self { host, port }),
        }
    }

    /// `http` for `localhost` and below it, else `https`.
    pub fn scheme(&self) -> &'static str {
        if self.host == "localhost" || self.host.ends_with(".localhost") {
            "http"
        } else {
            "https"
        }
    }

    /// The domain and port that all hosts end with.
    pub fn common(&self) -> String {
        match self.port {
            None => self.host.clone(),
            Some(port) => format!("{}:{port}", self.host),
        }
    }

    /// The host and port as displayed: `test-x7k9.agents.example.com`.
    pub fn host(&self, subdomain: &str) -> String {
        format!("{subdomain}.{}", self.common())
    }

    /// The host without the port.
    pub fn host_alone(&self, subdomain: &str) -> String {
        format!("{subdomain}.{}", self.host)
    }

    /// The URL of the environment.
    pub fn address(&self, subdomain: &str) -> String {
        format!("{}://{}", self.scheme(), self.host(subdomain))
    }

    /// The URL as sent to Coolify: without the port, which Coolify would use as the container's port.
    pub fn fqdn(&self, subdomain: &str) -> String {
        format!("{}://{}", self.scheme(), self.host_alone(subdomain))
    }
}

fn parse_port(port: &str) -> Result<u16, String> {
    let parsed = port.parse().ok().filter(|port| *port != 0);
    parsed.ok_or_else(|| match port {
        "" => "the port after the colon is missing".to_owned(),
        port => format!("{port} is not a port"),
    })
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// With or without brackets, port and zone.
fn is_ipv6(typed: &str) -> bool {
    typed.starts_with('[') || typed.matches(':').count() > 1
}

/// Browsers read every host whose last label is a number as an IPv4 address, also in the forms `127.1`, `2130706433` and
/// `0x7f000001` (WHATWG URL, "ends in a number").
fn is_ipv4(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = last.strip_prefix("0x");
    last.bytes().all(|b| b.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_has_the_port_and_coolify_is_told_none() {
        for (typed, address, fqdn) in [
            (
                "localhost:3080",
                "http://a-x7k9.localhost:3080",
                "http://a-x7k9.localhost",
            ),
            (
                "b.localhost",
                "http://a-x7k9.b.localhost",
                "http://a-x7k9.b.localhost",
            ),
            (
                "Agents.example.com",
                "https://a-x7k9.agents.example.com",
                "https://a-x7k9.agents.example.com",
            ),
            (
                "notlocalhost:81",
                "https://a-x7k9.notlocalhost:81",
                "https://a-x7k9.notlocalhost",
            ),
        ] {
            let domain = AgentsDomain::parse(typed).unwrap();
            assert_eq!(domain.address("a-x7k9"), address);
            assert_eq!(domain.fqdn("a-x7k9"), fqdn);
        }
    }

    #[test]
    fn a_domain_is_labels_with_dots_and_perhaps_a_port() {
        let label = "x".repeat(63);
        let longest = [&label[..], &label, &label, "1234567x"].join(".");
        for fine in ["a-1.b", "localhost:65535", &label, &longest] {
            assert!(AgentsDomain::parse(fine).is_ok(), "{fine}");
        }
        let (long_label, too_long) = (format!("{label}x"), format!("{longest}9"));
        for (wrong, reason) in [
            ("", "a domain like"),
            ("*.", "a domain like"),
            (".", "a domain like"),
            ("a.b..", "a domain like"),
            ("a.*.b", "a domain like"),
            ("u@a.b", "a domain like"),
            ("https://a.b", "a domain like"),
            ("a.b/", "a domain like"),
            ("a..b", "a domain like"),
            ("a_b.c", "a domain like"),
            ("-a.b", "a domain like"),
            ("a-.b", "a domain like"),
            (&long_label, "a domain like"),
            (&too_long, "a domain like"),
            ("a.b:x", "x is not a port"),
            ("a.b:65536", "65536 is not a port"),
            ("a.b:0", "0 is not a port"),
            ("a.b:", "the port after the colon is missing"),
        ] {
            let refused = AgentsDomain::parse(wrong).unwrap_err();
            assert!(refused.starts_with(reason), "{wrong}: {refused}");
        }
    }
    #[test]
    fn an_ip_address_in_any_form_is_no_domain() {
        for address in [
            "192.0.2.7",
            "192.0.2.7:8443",
            "*.192.0.2.7",
            "192.0.2.7.",
            "127.1",
            "3221225991",
            "0xC0000207",
            "agents.0x7f",
            "0300.0.2.7",
            "[2001:db8::7]",
            "[2001:db8::7]:8443",
            "2001:db8::7",
            "::1",
        ] {
            let refused = AgentsDomain::parse(address).unwrap_err();
            assert!(
                refused.starts_with("a domain is needed, not"),
                "{address}: {refused}"
            );
        }
        for domain in ["192-0-2-7.sslip.io", "0x7g", "7.example"] {
            assert!(AgentsDomain::parse(domain).is_ok(), "{domain}");
        }
    }

    #[test]
    fn a_domain_is_the_same_in_each_way_people_write_it() {
        for typed in [
            "*.Agents.Example.com",
            "agents.example.com.",
            "*.agents.example.com.:8443",
        ] {
            let domain = AgentsDomain::parse(typed).unwrap();
            assert!(domain.common().starts_with("agents.example.com"), "{typed}");
            assert!(!domain.common().contains(".:"), "{typed}");
        }
    }
}
