//! Which dashboard is used, and with which token: what the environment says, else what `login` stored.

use super::address::Address;
use super::credentials::{self, Credentials};
use super::failure::{Exit, Failure};
use super::http::Client;
use secrecy::SecretString;
use std::env;

/// The variable with the address of a dashboard.
pub const URL: &str = "VPS_CLAUDE_URL";
/// The variable with a token.
pub const TOKEN: &str = "VPS_CLAUDE_TOKEN";

/// The dashboard with the token to be used.
///
/// # Errors
/// When nobody is signed in, or what says so cannot be read.
pub fn client() -> Result<Client, Failure> {
    let (url, token) = (variable(URL)?, variable(TOKEN)?.map(SecretString::from));
    let kept = if url.is_some() && token.is_some() {
        None
    } else {
        credentials::read(&credentials::folder()?)?
    };
    let (address, token) = choose(url.as_deref(), token, kept)?;
    Client::new(address, &token)
}

/// The value of a variable that is set and not blank.
///
/// # Errors
/// When it is not UTF-8.
pub fn variable(name: &str) -> Result<Option<String>, Failure> {
    let Some(value) = env::var_os(name) else {
        return Ok(None);
    };
    let text = value.into_string();
    let text = text.map_err(|_| Failure::usage(format!("The value of {name} is not UTF-8.")))?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

/// A token that was stored is only for the dashboard that it was stored for.
fn choose(
    url: Option<&str>,
    token: Option<SecretString>,
    kept: Option<Credentials>,
) -> Result<(Address, SecretString), Failure> {
    let stored = kept.as_ref().map(|kept| Address::parse(&kept.url));
    let stored = stored.transpose()?;
    let given = url.map(Address::parse).transpose()?;
    let Some(address) = given.or(stored.clone()) else {
        let sentence =
            "You are not signed in. Run vps-claude login with the address of your dashboard.";
        return Err(Failure::new(Exit::NotAllowed, sentence));
    };
    let of_it = kept.filter(|_| stored.as_ref() == Some(&address));
    let token = token.or(of_it.map(|kept| kept.token));
    let unknown = || {
        let url = address.text();
        let sentence =
            format!("You are not signed in to {url}. Run vps-claude login {url}, or set {TOKEN}.");
        Failure::new(Exit::NotAllowed, sentence)
    };
    let token = token.ok_or_else(unknown)?;
    Ok((address, token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    /// What is used, by what the environment says and what was stored.
    fn used(url: Option<&str>, token: Option<&str>, kept: Option<&str>) -> Result<String, Exit> {
        let kept = kept.map(|url| Credentials {
            url: url.to_owned(),
            token: "stored".into(),
        });
        choose(url, token.map(SecretString::from), kept)
            .map(|(address, token)| format!("{} {}", address.text(), token.expose_secret()))
            .map_err(|failure| failure.exit)
    }

    #[test]
    fn the_environment_goes_before_what_was_stored() {
        let (a, b) = (Some("https://a.example"), Some("https://b.example/"));
        let given = Some("given");
        for (url, token, kept, expected) in [
            (None, None, a, Ok("https://a.example stored")),
            (None, given, a, Ok("https://a.example given")),
            (b, given, a, Ok("https://b.example given")),
            (b, given, None, Ok("https://b.example given")),
            (b, None, b, Ok("https://b.example stored")),
            (None, given, None, Err(Exit::NotAllowed)),
            (None, None, None, Err(Exit::NotAllowed)),
        ] {
            assert_eq!(used(url, token, kept), expected.map(str::to_owned));
        }
    }

    #[test]
    fn a_stored_token_goes_to_no_other_dashboard() {
        let stored = Some("https://a.example");
        for other in [
            "https://b.example",
            "https://a.example:8443",
            "http://localhost",
            "https://a.example.b.example",
        ] {
            assert_eq!(used(Some(other), None, stored), Err(Exit::NotAllowed));
        }
    }
}
