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
use super::wire::{Environment, parse};
use serde_json::Value;

/// Deletes an environment after its name was typed, and waits until it is gone if that is wanted.
///
/// # Errors
/// When it is refused, or not confirmed.
pub async fn run(asked: &Delete, output: &Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let (environment, _) = find(&client, &asked.environment).await?;
    let name = plain::line(&environment.name);
    let question =
        format!("{name} will be deleted, with every file in it. Type its name to confirm: ");
    if !asked.yes && !prompt::confirm(&environment.name, &question)? {
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
        Ok(reply) => parse::<Environment>(&reply.json).map(|_| Some(reply.json)),
        Err(failure) if failure.exit == Exit::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::http::tests::{Answering, JSON, answer, problem};

    /// What becomes of a removal that is answered so.
    async fn deleted(answered: String) -> Result<Option<Value>, Exit> {
        let dashboard = Answering::with(vec![answered]).await;
        let client = Client::new(dashboard.address.clone(), &"vpsc_a".into()).unwrap();
        let left = delete(&client, "env_a").await;
        left.map_err(|failure| failure.exit)
    }

    #[tokio::test]
    async fn only_the_dashboard_says_that_an_environment_is_deleted() {
        assert_eq!(deleted(answer(204, "", "")).await, Ok(None));
        assert_eq!(deleted(problem(404, "")).await, Ok(None));
        let left = r#"{"id":"env_a","name":"A","status":"deleting"}"#;
        assert!(deleted(answer(202, JSON, left)).await.unwrap().is_some());
        for other in [
            answer(404, JSON, r#"{"message":"no Route matched"}"#),
            answer(404, "content-type: text/html\r\n", "<p>Not Found</p>"),
            answer(200, JSON, r#"{"message":"welcome"}"#),
            answer(200, JSON, "null"),
        ] {
            assert_eq!(
                deleted(other.clone()).await,
                Err(Exit::Unreachable),
                "{other}"
            );
        }
    }
}
