//! Parsing single settings: each error is one line.

use super::wrong::Wrong;
use crate::domain::network::TrustedProxies;
use std::net::SocketAddr;
use std::str::FromStr;
use url::Url;

/// The address to listen on.
///
/// # Errors
/// When it is not an address with a port.
pub fn address(typed: &str) -> Result<SocketAddr, Wrong> {
    let hint = "an address and port like 127.0.0.1:3000 is needed";
    parsed("LISTEN", typed, hint)
}

/// A setting that must not be missing or blank.
pub(super) fn present(value: Option<&String>) -> Option<String> {
    value
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

/// A trimmed setting, or its default if missing or blank.
pub(super) fn or<'a>(value: &'a str, default: &'a str) -> &'a str {
    match value.trim() {
        "" => default,
        value => value,
    }
}

/// The error does not print the address, which may contain a password.
pub(super) fn url_of(name: &'static str, value: &str, schemes: &[&str]) -> Result<Url, Wrong> {
    let wrong = || {
        Wrong::Invalid(
            name,
            format!(
                "an address that begins with {}:// is needed",
                schemes.join(":// or ")
            ),
        )
    };
    let url = Url::parse(value.trim()).map_err(|_| wrong())?;
    if schemes.contains(&url.scheme()) {
        Ok(url)
    } else {
        Err(wrong())
    }
}

/// A site's address without anything behind it, for pages are only served at the root of a site.
pub(super) fn origin_of(name: &'static str, value: &str) -> Result<Url, Wrong> {
    let url = url_of(name, value, &["http", "https"])?;
    let parts = [
        url.path(),
        url.username(),
        url.password().unwrap_or_default(),
    ];
    if parts == ["/", "", ""] && url.query().is_none() && url.fragment().is_none() {
        return Ok(url);
    }
    let hint = "an address without a path like https://vps.example.com is needed: give the dashboard a host name of its own";
    Err(Wrong::Invalid(name, hint.to_owned()))
}

/// Whose word about senders is believed.
pub(super) fn proxies(typed: &str) -> Result<TrustedProxies, Wrong> {
    let hint = "networks like 10.0.0.0/8 separated by commas, or the number of proxies is needed";
    let wrong = || Wrong::Invalid("TRUSTED_PROXIES", hint.to_owned());
    TrustedProxies::parse(typed).ok_or_else(wrong)
}

pub(super) fn parsed<T: FromStr>(name: &'static str, value: &str, hint: &str) -> Result<T, Wrong> {
    value
        .trim()
        .parse()
        .map_err(|_| Wrong::Invalid(name, hint.to_owned()))
}

pub(super) fn one_of<T: Copy>(
    name: &'static str,
    value: &str,
    known: &[(&str, T)],
) -> Result<T, Wrong> {
    let found = known.iter().find(|(word, _)| *word == value.trim());
    let words = || {
        known
            .iter()
            .map(|(word, _)| *word)
            .collect::<Vec<_>>()
            .join(" or ")
    };
    found
        .map(|(_, meaning)| *meaning)
        .ok_or_else(|| Wrong::Invalid(name, format!("{} is needed", words())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_with_more_than_a_host_is_refused() {
        for url in ["https://a.b", " https://a.b/ ", "http://a.b:8080"] {
            assert!(origin_of("PUBLIC_URL", url).is_ok(), "{url}");
        }
        for url in ["/vps", "//", "/?a=b", "?", "/#a"].map(|rest| format!("https://a.b{rest}")) {
            let wrong = origin_of("PUBLIC_URL", &url).unwrap_err().to_string();
            assert!(
                wrong.contains("an address without a path"),
                "{url}: {wrong}"
            );
        }
        assert!(origin_of("PUBLIC_URL", "https://ada@a.b").is_err());
    }

    #[test]
    fn trusted_proxies_are_networks_or_a_number() {
        for typed in ["2", "10.0.0.1", "10.0.0.0/8,fd00::/8 , 10.0.0.1"] {
            assert!(proxies(typed).is_ok(), "{typed}");
        }
        let wrong = proxies("proxy.internal").unwrap_err().to_string();
        assert!(
            wrong.starts_with("TRUSTED_PROXIES is wrong: networks like"),
            "{wrong}"
        );
    }
}
