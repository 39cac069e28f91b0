//! Parsing single settings: each error is one line.

use super::wrong::Wrong;
use crate::domain::network::TrustedProxies;
use std::net::SocketAddr;
use std::str::FromStr;
use url::Url;

/// The address to listen on. `localhost` is the one name that is the same on every machine.
///
/// # Errors
/// When it is not an address with a port.
pub fn address(name: &'static str, typed: &str) -> Result<SocketAddr, Wrong> {
    let hint = "an address and port like 127.0.0.1:3000 is needed; all addresses of this machine are 0.0.0.0:3000, and IPv6 has brackets, like [::1]:3000";
    let local = typed.trim().strip_prefix("localhost:");
    let numbers = local.map(|port| format!("127.0.0.1:{port}"));
    parsed(name, numbers.as_deref().unwrap_or(typed), hint)
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

/// An address of the web that is shown to people and sent to others, so it may hold no secret. The error does not print
/// it.
pub(super) fn web_address(name: &'static str, value: &str) -> Result<Url, Wrong> {
    let schemes = ["http", "https"];
    let wrong = |why: &str| Err(Wrong::Invalid(name, why.to_owned()));
    let url = Url::parse(value.trim()).ok();
    let Some(url) = url.filter(|url| schemes.contains(&url.scheme())) else {
        return wrong(&begins_with(&schemes));
    };
    match () {
        () if !url.username().is_empty() || url.password().is_some() => {
            wrong("it may not hold a user, a password or a token before an @")
        }
        () if url.query().is_some() || url.fragment().is_some() => {
            wrong("it may have no ? and no # and nothing after them")
        }
        () => Ok(url),
    }
}

pub(super) fn begins_with(schemes: &[&str]) -> String {
    let schemes = schemes.join(":// or ");
    format!("an address that begins with {schemes}:// is needed")
}

/// Refuses quotes around a value: `docker run -e` and `env_file` hand them over, where a shell and `.env` drop them.
pub(super) fn unquoted(name: &'static str, value: &str) -> Result<(), Wrong> {
    let value = value.trim();
    let is_quoted = |quote| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    if ['"', '\''].into_iter().any(is_quoted) {
        let why = "the quotes around it are a part of it here; write it without them";
        return Err(Wrong::Invalid(name, why.to_owned()));
    }
    Ok(())
}

/// A site's address without a path, for pages are only served at the root of a site.
pub(super) fn origin_of(name: &'static str, value: &str) -> Result<Url, Wrong> {
    let url = web_address(name, value)?;
    if url.path() == "/" {
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
        for url in ["https://a.b/vps", "https://a.b//"] {
            let wrong = origin_of("PUBLIC_URL", url).unwrap_err().to_string();
            assert!(
                wrong.contains("an address without a path"),
                "{url}: {wrong}"
            );
        }
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
