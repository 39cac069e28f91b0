//! `env deploy`, and how a deployment is followed to its end.

use super::connection;
use super::failure::{Exit, Failure};
use super::find::find;
use super::http::{Client, Request};
use super::line::{Deploy, Waiting};
use super::output::Output;
use super::plain;
use super::watch::Watch;
use super::wire::{Deployment, Deployments, Environment, parse};
use serde_json::{Value, json};

/// Requests a deployment, and waits for its end if that is wanted.
///
/// # Errors
/// When it is refused, or does not succeed.
pub async fn run(asked: &Deploy, output: &Output) -> Result<(), Failure> {
    let client = connection::client()?;
    let (environment, _) = find(&client, &asked.environment).await?;
    let path = ["environments", environment.id.as_str(), "deployments"];
    let request = Request::post(&path).with(json!({ "rebuild": asked.rebuild }));
    let reply = client.send(&request.once()).await?;
    let deployment: Deployment = parse(&reply.json)?;
    let name = plain::line(&environment.name);
    if asked.rebuild && deployment.rebuild == Some(false) {
        let sentence = format!(
            "A deployment of {name} is under way that does not build the image anew. Wait for its end or cancel it, then deploy again."
        );
        return Err(Failure::new(Exit::Refused, sentence));
    }
    if !asked.waiting.wait {
        let sentence = format!("The deployment of {name} is requested.");
        return output.result(&reply.json, &sentence);
    }
    let followed = Followed {
        client: &client,
        environment: &environment,
        deployment: &deployment.id,
    };
    let ended = followed.to_its_end(&asked.waiting, output).await?;
    ended.tell(&ended.deployment, output)
}

/// The id of the newest deployment of an environment, if it has one.
///
/// # Errors
/// When they cannot be read.
pub async fn newest(client: &Client, environment: &str) -> Result<Option<String>, Failure> {
    let request = Request::get(&["environments", environment, "deployments"]);
    let found: Deployments = parse(&client.send(&request).await?.json)?;
    Ok(found.items.into_iter().next().map(|newest| newest.id))
}

/// A deployment that is followed.
pub struct Followed<'a> {
    pub client: &'a Client,
    pub environment: &'a Environment,
    /// Its id.
    pub deployment: &'a str,
}

/// A deployment that has ended.
pub struct Ended {
    /// As the API tells of it.
    pub deployment: Value,
    name: String,
    url: String,
}

impl Followed<'_> {
    /// Waits for its end.
    ///
    /// # Errors
    /// When that cannot be seen.
    pub async fn to_its_end(&self, waiting: &Waiting, output: &Output) -> Result<Ended, Failure> {
        let mut watch = Watch::new(self.client, waiting.timeout(), output, "The deployment")?;
        let deployment = watch
            .deployment(&self.environment.id, self.deployment)
            .await;
        watch.end();
        Ok(Ended {
            deployment: deployment?,
            name: plain::line(&self.environment.name),
            url: plain::line(&self.environment.url),
        })
    }
}

impl Ended {
    /// Prints how it ended.
    ///
    /// # Errors
    /// When it did not succeed.
    pub fn tell(&self, json: &Value, output: &Output) -> Result<(), Failure> {
        let deployment: Deployment = parse(&self.deployment)?;
        let outcome = deployment.outcome.as_deref().unwrap_or_default();
        if outcome == "succeeded" {
            let sentence = format!("{} is running: {}", self.name, self.url);
            return output.result(json, &sentence);
        }
        if output.json {
            // That it did not succeed is told even if nobody reads this.
            let _ = output.result(json, "");
        }
        let reason = deployment.reason.unwrap_or_default();
        let sentence = match outcome {
            "" => "The environment is being deleted.".to_owned(),
            "cancelled" => format!("The deployment was cancelled. {reason}"),
            _ => format!(
                "The deployment failed. {reason}\nIts log: vps-claude env log {}",
                quoted(&self.name)
            ),
        };
        Err(Failure::new(Exit::Failed, sentence.trim_end()))
    }
}

/// A name as one word of a shell.
fn quoted(name: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    if name.chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_of_a_shell() {
        for (name, word) in [
            ("test-1", "test-1"),
            ("Test Workspace", "'Test Workspace'"),
            ("Ada's", "'Ada'\\''s'"),
            ("$(id)", "'$(id)'"),
        ] {
            assert_eq!(quoted(name), word);
        }
    }
}
