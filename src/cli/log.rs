//! `env log`.

use super::connection;
use super::deploy::newest;
use super::failure::{Exit, Failure};
use super::find::find;
use super::http::{Client, Request};
use super::line;
use super::output::Output;
use super::plain;
use super::wire::{Log, LogLine, parse};
use std::time::Duration;
use tokio::time::sleep;

/// Between two looks at a log that grows.
const LOOK: Duration = Duration::from_secs(1);

/// Prints the log of the newest deployment, and what follows until it has ended if that is wanted.
///
/// # Errors
/// When there is none, or it cannot be read.
pub async fn run(asked: &line::Log, output: &Output) -> Result<(), Failure> {
    let mut client = connection::client()?;
    let (environment, _) = find(&client, &asked.environment).await?;
    let Some(deployment) = newest(&client, &environment.id).await? else {
        let name = plain::line(&environment.name);
        let sentence = format!("{name} was never deployed, so there is no log.");
        return Err(Failure::new(Exit::NotFound, sentence));
    };
    if asked.follow {
        client = client.persistent();
    }
    let (mut after, mut noted) = (0, None);
    loop {
        let part = part(&client, &deployment, after).await?;
        for line in &part.lines {
            let entry: LogLine = parse(line)?;
            output.entry(line, plain::text(&entry.text).trim_end_matches('\n'))?;
        }
        // It is in every answer.
        if let Some(missing) = &part.missing
            && part.missing != noted
        {
            output.note(missing);
            noted.clone_from(&part.missing);
        }
        let is_empty = part.lines.is_empty();
        if part.finished || (is_empty && !asked.follow) {
            return Ok(());
        }
        after = part.next;
        if is_empty {
            sleep(LOOK).await;
        }
    }
}

async fn part(client: &Client, deployment: &str, after: i64) -> Result<Log, Failure> {
    let request = Request::get(&["deployments", deployment, "log"]);
    let request = request.asking("after", after.to_string());
    parse(&client.send(&request).await?.json)
}
