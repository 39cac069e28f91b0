//! `env list`, `env show`, `env cancel` and `env password`.

use super::connection;
use super::failure::Failure;
use super::find::{find, list as all};
use super::http::Request;
use super::line::{List, One, Password};
use super::output::Output;
use super::plain;
use super::progress;
use super::prompt;
use super::table::{pairs, table, terminal_width};
use super::wire::{Environment, parse};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::io::{self, IsTerminal};

/// Lists environments.
///
/// # Errors
/// When they cannot be read.
pub async fn list(asked: &List, output: &Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let status = asked.status.as_deref();
    let found = all(&client, status, asked.search.as_deref()).await?;
    if found.is_empty() {
        output.note(if status.is_none() && asked.search.is_none() {
            "You have no environments."
        } else {
            "You have no such environments."
        });
        if !output.json {
            return Ok(());
        }
    }
    let mut rows = vec![];
    for json in &found {
        let one: Environment = parse(json)?;
        rows.push(vec![one.name.clone(), state(&one), one.url]);
    }
    let width = terminal_width().filter(|_| io::stdout().is_terminal());
    let lines = table(&["NAME", "STATUS", "URL"], &rows, width);
    output.result(&Value::Array(found), &lines)
}

/// Prints everything about an environment.
///
/// # Errors
/// When it cannot be read.
pub async fn show(asked: &One, output: &Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let (one, json) = find(&client, &asked.environment).await?;
    output.result(&json, &described(&one))
}

/// Cancels the deployment under way.
///
/// # Errors
/// When there is none.
pub async fn cancel(asked: &One, output: &Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let (one, _) = find(&client, &asked.environment).await?;
    let request = Request::post(&["environments", &one.id, "cancel"]);
    let reply = client.send(&request).await?;
    let now: Environment = parse(&reply.json)?;
    let name = plain::line(&now.name);
    let sentence = if now.deployment.is_some() {
        format!("The deployment of {name} is being cancelled.")
    } else {
        format!("The deployment of {name} is cancelled.")
    };
    output.result(&reply.json, &sentence)
}

/// Sets a password.
///
/// # Errors
/// When it is refused.
pub async fn set_password(asked: &Password, output: &Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let (one, _) = find(&client, &asked.environment).await?;
    let password = prompt::new_password(asked.from_input, output)?;
    let body = json!({ "password": password.expose_secret() });
    let request = Request::put(&["environments", &one.id, "password"], body);
    let reply = client.send(&request).await?;
    let now: Environment = parse(&reply.json)?;
    let name = plain::line(&now.name);
    let sentence = if now.deployment.is_some() {
        format!("{name} is deployed again, and takes the new password then.")
    } else {
        format!("{name} takes the new password when it is deployed.")
    };
    output.result(&reply.json, &sentence)
}

/// Its status, and what happens to it.
fn state(one: &Environment) -> String {
    let status = &one.status;
    match &one.deployment {
        Some(deployment) => format!("{status}: {}", progress::doing(deployment)),
        None if one.unconfirmed => format!("{status} (not confirmed)"),
        None => status.clone(),
    }
}

fn described(one: &Environment) -> String {
    let used = match &one.last_used_at {
        _ if one.in_use => Some("now".to_owned()),
        at => at.clone(),
    };
    let optional = [
        ("reason", one.reason.clone()),
        (
            "deployment",
            one.deployment.as_ref().map(|it| it.id.clone()),
        ),
        ("repository", one.workspace_repository.clone()),
        ("created", one.created_at.clone()),
        ("used", used),
    ];
    let mut all = vec![
        ("name", one.name.clone()),
        ("id", one.id.clone()),
        ("status", state(one)),
        ("url", one.url.clone()),
    ];
    let present = optional.into_iter();
    all.extend(present.filter_map(|(name, value)| Some((name, value?))));
    pairs(&all)
}
