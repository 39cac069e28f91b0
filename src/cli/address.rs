//! The address of a dashboard.

use super::failure::Failure;
use url::{Host, Url};

/// Where a dashboard is: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Parses an address as typed, which may be of any page of the dashboard. Without a scheme it is https, and on this
    /// machine http.
    ///
    /// # Errors
    /// When it is not the address of a dashboard, or the token would be sent to it without encryption.
    pub fn parse(typed: &str) -> Result<Self, Failure> {
        let typed = typed.trim();
        let whole = if typed.contains("://") {
            typed.to_owned()
        } else {
            format!("https://{typed}")
        };
        let url = Url::parse(&whole).ok().filter(Url::has_host);
        let Some(mut url) = url.filter(|url| ["http", "https"].contains(&url.scheme())) else {
            let sentence =
                "This is not the address of a dashboard. Write it like https://vps.example.com.";
            return Err(Failure::usage(sentence));
        };
        if !url.username().is_empty() || url.password().is_some() {
            let sentence = "Leave the user and the password out of the address: vps-claude login asks for a token.";
            return Err(Failure::usage(sentence));
        }
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        let mut address = Self(url);
        if !typed.contains("://") && address.is_here() {
            let _ = address.0.set_scheme("http");
        }
        if address.0.scheme() == "http" && !address.is_here() {
            let sentence = "Use https: with http, others in the network could read the token.";
            return Err(Failure::usage(sentence));
        }
        Ok(address)
    }

    /// Whether it is on this machine.
    pub fn is_here(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    /// What people read and files keep, without a slash at its end.
    pub fn text(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// An address of the API, by the parts of its path.
    pub fn of_api(&self, path: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.clear().extend(["api", "v1"]).extend(path);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboard_is_found_by_the_address_of_any_of_its_pages() {
        for (typed, address) in [
            ("https://vps.example.com", "https://vps.example.com"),
            ("vps.example.com", "https://vps.example.com"),
            (" vps.example.com:8443 ", "https://vps.example.com:8443"),
            (
                "https://vps.example.com/account?a=b#c",
                "https://vps.example.com",
            ),
            ("http://localhost:3000/", "http://localhost:3000"),
            ("localhost:3000", "http://localhost:3000"),
            ("https://localhost", "https://localhost"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            assert_eq!(Address::parse(typed).unwrap().text(), address);
        }
    }

    #[test]
    fn a_token_never_travels_readable() {
        for typed in [
            "http://vps.example.com",
            "http://localhost.example.com",
            "http://10.0.0.1",
            "HTTP://vps.example.com",
        ] {
            let failure = Address::parse(typed).unwrap_err();
            assert!(failure.sentence.starts_with("Use https"), "{failure:?}");
        }
    }

    #[test]
    fn what_is_no_dashboard_is_refused_and_not_repeated() {
        for typed in [
            "",
            "ftp://a",
            "https://",
            "https://me:secret@vps.example.com",
            "a b",
        ] {
            let failure = Address::parse(typed).unwrap_err();
            assert!(!failure.sentence.contains("secret"), "{failure:?}");
        }
    }

    #[test]
    fn parts_of_a_path_stay_parts() {
        let address = Address::parse("https://vps.example.com").unwrap();
        let url = address.of_api(&["environments", "../a?b"]);
        let expected = "https://vps.example.com/api/v1/environments/..%2Fa%3Fb";
        assert_eq!(url.as_str(), expected);
    }
}
