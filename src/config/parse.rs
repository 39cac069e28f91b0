//! Parsing single settings: each error is one line.

use super::wrong::Wrong;
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
