//! `env delete`.

use super::connection;
use super::failure::{Exit, Failure};
use super::find::find;
use super::http::{Client, Request};
use super::line::Delete;
use super::output::Output;
use super::plain;
use super::prompt;
use super::watch::Watch;
use serde_json::Value;

/// Deletes an environment after its name was typed, and waits until it is gone if that is wanted.
///
/// # Errors
/// When it is refused, or not confirmed.
pub async fn run(asked: &Delete, output: Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let (environment, _) = find(&client, &asked.environment).await?;
    let name = plain::line(&environment.name);
    let question = format!("{name} is deleted with every file in it. Type its name to go on: ");
    if !asked.yes && !prompt::confirm(&name, &question)? {
        return Err(Failure::failed("That is not its name: nothing is deleted."));
    }
    let left = delete(&client, &environment.id).await?;
    let Some(left) = left else {
        return output.result(&Value::Null, &gone(&name));
    };
    if !asked.waiting.wait {
        return output.result(&left, &format!("{name} is being deleted."));
    }
    let mut watch = Watch::new(&client, asked.waiting.timeout(), output, "The removal")?;
    let removed = watch.removal(&environment.id).await;
    watch.end();
    removed?;
    output.result(&Value::Null, &gone(&name))
}

fn gone(name: &str) -> String {
    format!("{name} is deleted.")
}

/// The environment as long as it is there. It was there before, so one that is not there any more is deleted.
async fn delete(client: &Client, id: &str) -> Result<Option<Value>, Failure> {
    match client.send(&Request::delete(&["environments", id])).await {
        Ok(reply) if reply.json.is_null() => Ok(None),
        Ok(reply) => Ok(Some(reply.json)),
        Err(failure) if failure.exit == Exit::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}
