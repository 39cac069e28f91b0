//! What a user owns: its name, its subdomain, its address.

use super::invalid::Invalid;
use unicode_normalization::UnicodeNormalization;

const NAME_LIMIT: usize = 50;
const SLUG_LIMIT: usize = 40;
const SUFFIX_LENGTH: usize = 4;

/// The name of an environment: 1 to 50 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentName(String);

impl EnvironmentName {
    /// Reads what was typed. White space around it is dropped, and characters are composed (Unicode NFC),
    /// so that two names which look the same are the same.
    ///
    /// # Errors
    /// When nothing is left, when it is too long, or when it holds control characters.
    pub fn parse(typed: &str) -> Result<Self, Invalid> {
        let name: String = typed.trim().nfc().collect();
        match name.chars().count() {
            _ if name.contains(unprintable) => Err(Invalid::NameUnprintable),
            0 => Err(Invalid::NameMissing),
            count if count > NAME_LIMIT => Err(Invalid::NameTooLong),
            _ => Ok(Self(name)),
        }
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is compared: without case, and with compatibility forms (Unicode NFKC) made one.
    pub fn key(&self) -> String {
        self.0
            .nfkc()
            .collect::<String>()
            .to_lowercase()
            .nfkc()
            .collect()
    }

    /// The part of the subdomain that comes from the name: ASCII letters, digits and single hyphens, at most 40.
    fn slug(&self) -> String {
        let ascii = any_ascii::any_ascii(&self.0).to_ascii_lowercase();
        let words = ascii.split(|c: char| !c.is_ascii_alphanumeric());
        let slug = words
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let cut = slug.get(..SLUG_LIMIT).unwrap_or(&slug).trim_matches('-');
        if cut.is_empty() {
            "env".to_owned()
        } else {
            cut.to_owned()
        }
    }
}

/// Control characters, line breaks, and the marks that turn the direction of text and so disguise a name.
fn unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Four of `[a-z0-9]` that end a subdomain. The form reserves them, so that the address shown is the one made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suffix(String);

impl Suffix {
    /// Reads what the form carries; anything else than four of `[a-z0-9]` is no suffix.
    pub fn parse(typed: &str) -> Option<Self> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        (typed.len() == SUFFIX_LENGTH && typed.bytes().all(fits)).then(|| Self(typed.to_owned()))
    }

    /// Makes one from random bytes; the caller brings the chance.
    pub fn from_random(bytes: [u8; SUFFIX_LENGTH]) -> Self {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let letter = |byte: u8| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]);
        Self(bytes.into_iter().map(letter).collect())
    }

    /// The four characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first label of an environment's address, and the name of its application at Coolify. Always a DNS label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subdomain(String);

impl Subdomain {
    /// The subdomain of a name with its reserved suffix.
    pub fn new(name: &EnvironmentName, suffix: &Suffix) -> Self {
        Self(format!("{}-{}", name.slug(), suffix.0))
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where environments live: `AGENTS_DOMAIN`, with a port if it has one.
#[derive(Debug, Clone)]
pub struct AgentsDomain {
    host: String,
    port: Option<u16>,
}

impl AgentsDomain {
    /// Reads `agents.example.com` or `localhost:3080`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let shape =
            "a domain like agents.example.com is needed, without http:// and without a path";
        if typed.contains('/') {
            return Err(shape.to_owned());
        }
        let (host, port) = match typed.split_once(':') {
            None => (typed, None),
            Some((host, port)) => (
                host,
                Some(port.parse().map_err(|_| format!("{port} is not a port"))?),
            ),
        };
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if host.len() <= 200 && host.split('.').all(label) {
            Ok(Self {
                host: host.to_ascii_lowercase(),
                port,
            })
        } else {
            Err(shape.to_owned())
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

    /// The host and port people see: `test-x7k9.agents.example.com`.
    pub fn host(&self, subdomain: &str) -> String {
        match self.port {
            None => format!("{subdomain}.{}", self.host),
            Some(port) => format!("{subdomain}.{}:{port}", self.host),
        }
    }

    /// The address people open.
    pub fn address(&self, subdomain: &str) -> String {
        format!("{}://{}", self.scheme(), self.host(subdomain))
    }

    /// The address as Coolify is told it: without the port, which there would choose the container's port.
    pub fn fqdn(&self, subdomain: &str) -> String {
        format!("{}://{subdomain}.{}", self.scheme(), self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subdomain(name: &str) -> String {
        let suffix = Suffix::parse("x7k9").unwrap();
        Subdomain::new(&EnvironmentName::parse(name).unwrap(), &suffix).0
    }

    #[test]
    fn a_subdomain_is_a_dns_label_whatever_the_name() {
        assert_eq!(subdomain("Test Workspace"), "test-workspace-x7k9");
        assert_eq!(subdomain("  --a__b..c--  "), "a-b-c-x7k9");
        assert_eq!(subdomain("Übergrößenträger"), "ubergrossentrager-x7k9");
        assert_eq!(subdomain("---"), "env-x7k9");
        for name in [
            "Привет мир",
            "日本語の環境",
            "🦀🦀🦀",
            "\u{10FFFF}",
            &"ab ".repeat(16),
            &"ﷺ".repeat(50),
            "a\u{301}\u{301}",
        ] {
            let label = subdomain(name);
            assert!(label.len() <= 45 && label.len() >= 6, "{name}: {label}");
            assert!(
                label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{name}: {label}"
            );
            assert!(
                !label.starts_with('-') && !label.contains("--"),
                "{name}: {label}"
            );
        }
    }

    #[test]
    fn names_are_compared_without_case_and_form() {
        let key = |name| EnvironmentName::parse(name).unwrap().key();
        assert_eq!(key("Test"), key("tEST"));
        assert_eq!(key("ÜBER"), key("u\u{308}ber"));
        assert_ne!(key("a"), key("b"));
    }

    #[test]
    fn names_have_1_to_50_visible_characters() {
        assert_eq!(EnvironmentName::parse(" \t"), Err(Invalid::NameMissing));
        assert!(EnvironmentName::parse(&"é".repeat(50)).is_ok());
        assert_eq!(
            EnvironmentName::parse(&"é".repeat(51)),
            Err(Invalid::NameTooLong)
        );
        assert_eq!(
            EnvironmentName::parse("a\nb"),
            Err(Invalid::NameUnprintable)
        );
        assert_eq!(
            EnvironmentName::parse("a\u{202e}b"),
            Err(Invalid::NameUnprintable)
        );
    }

    #[test]
    fn the_address_has_the_port_and_coolify_is_told_none() {
        let domain = AgentsDomain::parse("localhost:3080").unwrap();
        assert_eq!(domain.address("a-x7k9"), "http://a-x7k9.localhost:3080");
        assert_eq!(domain.fqdn("a-x7k9"), "http://a-x7k9.localhost");
        assert_eq!(
            AgentsDomain::parse("agents.example.com")
                .unwrap()
                .address("a"),
            "https://a.agents.example.com"
        );
        for wrong in ["", "https://a.b", "a.b/", "a..b", "-a.b", "a.b:x"] {
            assert!(AgentsDomain::parse(wrong).is_err(), "{wrong}");
        }
    }
}
