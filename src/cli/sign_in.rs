//! `login` and `logout`.

use super::address::Address;
use super::connection::{TOKEN, URL, variable};
use super::credentials;
use super::failure::{Exit, Failure};
use super::http::{Client, Request};
use super::output::Output;
use super::plain;
use super::prompt;
use super::wire::{Account, parse};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::io::{self, IsTerminal};

/// Signs in: asks for a token, tries it, and stores it.
///
/// # Errors
/// When the dashboard does not accept the token, or it cannot be stored.
pub async fn login(url: &str, output: &Output) -> Result<(), Failure> {
    let address = Address::parse(url)?;
    let folder = credentials::folder()?;
    let url = address.text().to_owned();
    if io::stdin().is_terminal() {
        output.note(&format!(
            "Make a token at {url}/account and paste it here; it is not shown."
        ));
    }
    let token = prompt::secret("Token: ", output)?;
    let token = SecretString::from(token.expose_secret().trim());
    if token.expose_secret().is_empty() {
        let sentence = format!("No token was given. Make one at {url}/account.");
        return Err(Failure::usage(sentence));
    }
    let client = Client::new(address, &token)?;
    let reply = client.send(&Request::get(&["account"])).await;
    let reply = reply.map_err(|failure| hinted(failure, &url))?;
    let account: Account = parse(&reply.json)?;
    credentials::write(&folder, &url, &token)?;
    output.result(&Value::Null, &plain::text(&welcome(&account, &url)))?;
    warn(&url, output)
}

/// Says which variables take precedence over what was stored.
fn warn(url: &str, output: &Output) -> Result<(), Failure> {
    if let Some(other) = variable(URL)?
        && Address::parse(&other)
            .ok()
            .is_none_or(|it| it.text() != url)
    {
        output.note(&format!(
            "{URL} is set to another address, which is used in place of this dashboard."
        ));
    }
    if variable(TOKEN)?.is_some() {
        output.note(&format!(
            "{TOKEN} is set, and is used in place of the token that was stored now."
        ));
    }
    Ok(())
}

/// Signs out: removes the stored token.
///
/// # Errors
/// When it cannot be removed.
pub fn logout(output: &Output) -> Result<(), Failure> {
    let sentence = if credentials::remove(&credentials::folder()?)? {
        "The token is removed from this machine. It is valid until you revoke it on the page of your account."
    } else {
        "You were not signed in."
    };
    output.result(&Value::Null, sentence)
}

fn hinted(failure: Failure, url: &str) -> Failure {
    if failure.exit != Exit::NotAllowed {
        return failure;
    }
    let sentence = format!("{} That page is {url}/account.", failure.sentence);
    Failure::new(failure.exit, sentence)
}

fn welcome(account: &Account, url: &str) -> String {
    let (name, email) = (plain::line(&account.name), plain::line(&account.email));
    let scopes = account.token.scopes.join(", ");
    let until = match &account.token.expires_at {
        Some(at) => format!("expires at {at}"),
        None => "does not expire".to_owned(),
    };
    format!(
        "You are signed in to {url} as {name} ({email}).\nThe token has the scopes {scopes}, and {until}."
    )
}
