//! `env open`.

use super::connection;
use super::failure::Failure;
use super::find::find;
use super::line::Open;
use super::output::Output;
use super::plain;
use serde_json::Value;
use url::Url;

/// Prints the address of an environment, and opens it in a browser if there is one.
///
/// # Errors
/// When its address is not of a web page.
pub async fn run(asked: &Open, output: &Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let (one, _) = find(&client, &asked.environment).await?;
    // Addresses of other kinds may start other programs than a browser.
    let url = Url::parse(&one.url).ok();
    let Some(url) = url.filter(|url| ["http", "https"].contains(&url.scheme())) else {
        return Err(Failure::failed(
            "The environment's address is not an http or https URL.",
        ));
    };
    output.result(&Value::Null, url.as_str())?;
    if one.status != "running" {
        let status = plain::line(&one.status);
        output.note(&format!("It may not answer: its status is {status}."));
    }
    if !asked.print && open::that_detached(url.as_str()).is_err() {
        output.note("There is no browser here that can be started.");
    }
    Ok(())
}
