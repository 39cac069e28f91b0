//! `env create`.

use super::connection::{self, variable};
use super::deploy::{self, Ended, Followed};
use super::failure::Failure;
use super::http::{Client, Request};
use super::line::Create;
use super::output::Output;
use super::plain;
use super::prompt;
use super::wire::{Environment, parse};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

/// Creates an environment, and waits for its deployment if that is wanted.
///
/// # Errors
/// When it is refused, or its deployment does not succeed.
pub async fn run(asked: &Create, output: &Output) -> Result<(), Failure> {
    if asked.waiting.wait && !asked.deploy {
        return Err(Failure::usage(
            "--wait waits for a deployment: add --deploy.",
        ));
    }
    let variables = variables(&asked.variables)?;
    let client = connection::client()?;
    let password = prompt::new_password(asked.from_input, output)?;
    let body = body(asked, variables, &password);
    let request = Request::post(&["environments"]).with(body).once();
    let reply = client.send(&request).await?;
    let created: Environment = parse(&reply.json)?;
    let (name, url) = (plain::line(&created.name), plain::line(&created.url));
    if !asked.waiting.wait {
        let and = if asked.deploy {
            ", and its deployment is requested"
        } else {
            ""
        };
        let sentence = format!("{name} is created{and}: {url}");
        return output.result(&reply.json, &sentence);
    }
    output.note(&format!("{name} is created: {url}"));
    let ended = follow(&client, &created, asked, output).await;
    let ended = ended.inspect_err(|_| print_created(&reply.json, output))?;
    let json = if output.json {
        let request = Request::get(&["environments", &created.id]);
        let now = client.send(&request).await;
        now.map_or(reply.json, |now| now.json)
    } else {
        reply.json
    };
    ended.tell(&json, output)
}

/// Waits until its deployment has ended.
async fn follow(
    client: &Client,
    created: &Environment,
    asked: &Create,
    output: &Output,
) -> Result<Ended, Failure> {
    let deployment = requested(client, created).await?;
    let followed = Followed {
        client,
        environment: created,
        deployment: &deployment,
    };
    followed.to_its_end(&asked.waiting, output).await
}

/// A program needs the environment whatever becomes of its deployment.
fn print_created(json: &Value, output: &Output) {
    if output.json {
        let _ = output.result(json, "");
    }
}

/// The deployment that was requested together with the environment.
async fn requested(client: &Client, created: &Environment) -> Result<String, Failure> {
    if let Some(deployment) = &created.deployment {
        return Ok(deployment.id.clone());
    }
    let newest = deploy::newest(client, &created.id).await?;
    newest.ok_or_else(|| Failure::failed("The environment is created, but nothing is deployed."))
}

fn body(asked: &Create, variables: Map<String, Value>, password: &SecretString) -> Value {
    let mut body = json!({
        "name": asked.name,
        "password": password.expose_secret(),
        "deploy": asked.deploy,
    });
    for (field, given) in [
        ("workspace_repository", &asked.repository),
        ("source_repository", &asked.source),
        ("source_branch", &asked.branch),
        ("memory", &asked.memory),
        ("cpus", &asked.cpus),
    ] {
        if let Some(given) = given {
            body[field] = json!(given);
        }
    }
    if !variables.is_empty() {
        body["variables"] = Value::Object(variables);
    }
    body
}

/// The variables with their values. What is wrong is told without a value.
fn variables(typed: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut all = Map::new();
    for one in typed {
        let (name, value) = match one.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => (one.as_str(), here(one)?),
        };
        if all.insert(name.to_owned(), json!(value)).is_some() {
            return Err(Failure::usage(format!(
                "The variable {name} is given twice."
            )));
        }
    }
    Ok(all)
}

/// The value of the variable of this name of this process.
fn here(name: &str) -> Result<String, Failure> {
    let is_name = |it: &char| it.is_ascii_alphanumeric() || *it == '_';
    if name.is_empty() || !name.chars().all(|it| is_name(&it)) {
        let sentence =
            "Write --variable NAME for a variable that is set here, or --variable NAME=VALUE.";
        return Err(Failure::usage(sentence));
    }
    let unset = || Failure::usage(format!("The variable {name} is not set here, or is blank."));
    variable(name)?.ok_or_else(unset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::line::{Command, EnvCommand, Line};
    use clap::Parser;

    /// What is sent when this is typed after `env create`.
    fn sent(words: &[&str]) -> Result<Value, Failure> {
        let words = [&["vps-claude", "env", "create"], words].concat();
        let Command::Env { command } = Line::try_parse_from(words).unwrap().command else {
            panic!("it is another command");
        };
        let EnvCommand::Create(asked) = command else {
            panic!("it is another command");
        };
        let variables = variables(&asked.variables)?;
        Ok(body(&asked, variables, &"a password".into()))
    }

    #[test]
    fn only_what_was_typed_is_sent() {
        let alone = json!({ "name": "A", "password": "a password", "deploy": false });
        assert_eq!(sent(&["A"]).unwrap(), alone);
        let all = [
            "A",
            "--deploy",
            "--repository",
            "r",
            "--source",
            "s",
            "--branch",
            "b",
            "--memory",
            "2g",
            "--cpus",
            "1.5",
            "--variable",
            "ONE=a=b",
            "--variable",
            "EMPTY=",
            "--variable",
            "PATH",
        ];
        let path = std::env::var("PATH").unwrap();
        let expected = json!({
            "name": "A", "password": "a password", "deploy": true,
            "workspace_repository": "r", "source_repository": "s", "source_branch": "b",
            "memory": "2g", "cpus": "1.5", "variables": { "ONE": "a=b", "EMPTY": "", "PATH": path },
        });
        assert_eq!(sent(&all).unwrap(), expected);
    }

    #[test]
    fn a_wrong_variable_is_told_without_its_value() {
        for typed in [
            &["A=hidden", "--variable", "A=hidden"][..],
            &["NOT_SET_ANYWHERE"],
            &["hidden value"],
            &[""],
        ] {
            let failure = sent(&[&["A", "--variable"], typed].concat()).unwrap_err();
            assert!(!failure.sentence.contains("hidden"), "{failure:?}");
        }
    }
}
