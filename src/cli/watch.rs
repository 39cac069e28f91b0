//! Waits for what goes on at the dashboard, whether or not that can be reached all the time.

use super::amount::words;
use super::failure::{Exit, Failure};
use super::http::{Client, Reply, Request, Trouble};
use super::output::Output;
use super::progress::{Progress, Step};
use super::wire::{Deployment, Environment, parse};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::pin::pin;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, interval, sleep, sleep_until};

/// How long the dashboard may wait for a change, in seconds: of what is built, and of a place in the line, which is no change.
const WAIT: u32 = 60;
const WAIT_IN_LINE: u32 = 10;
/// How often the time is shown again.
const REDRAW: Duration = Duration::from_secs(1);
/// The least time between two requests, whatever the dashboard makes of the time that it may wait.
const LOOK: Duration = Duration::from_millis(500);

/// Somebody who waits.
pub struct Watch<'a> {
    client: &'a Client,
    timeout: Duration,
    deadline: Instant,
    /// What is waited for, as a sentence begins.
    what: &'static str,
    progress: Progress,
    output: &'a Output,
    interrupted: Signal,
}

impl<'a> Watch<'a> {
    /// Begins to wait. From now on Ctrl-C ends only that.
    ///
    /// # Errors
    /// When signals cannot be handled.
    pub fn new(
        client: &'a Client,
        timeout: Duration,
        output: &'a Output,
        what: &'static str,
    ) -> Result<Self, Failure> {
        let interrupted = signal(SignalKind::interrupt());
        let interrupted = interrupted
            .map_err(|error| Failure::failed(format!("Signals cannot be handled: {error}.")))?;
        output.see_interrupts(true);
        Ok(Self {
            client,
            timeout,
            deadline: Instant::now() + timeout,
            what,
            progress: Progress::new(output.json),
            output,
            interrupted,
        })
    }

    /// Waits until a deployment has ended; returns the API's own words for it.
    ///
    /// # Errors
    /// When that cannot be seen any more.
    pub async fn deployment(&mut self, environment: &str, id: &str) -> Result<Value, Failure> {
        let (mut version, mut wait) = (String::new(), WAIT_IN_LINE);
        loop {
            let asked = Instant::now();
            let request = waiting(environment, wait, &version);
            let (now, reply) = self.reply::<Environment>(&request).await?;
            match &now.deployment {
                Some(deployment) if deployment.id == id => {
                    let step = Step::of(deployment, reply.date, std::time::Instant::now());
                    self.progress.show(step);
                    wait = if deployment.ahead.is_some() {
                        WAIT_IN_LINE
                    } else {
                        WAIT
                    };
                }
                _ => {
                    let request = Request::get(&["deployments", id]);
                    let (deployment, reply) = self.reply::<Deployment>(&request).await?;
                    let ended = deployment.outcome.is_some();
                    if ended || now.status == "deleting" {
                        return Ok(reply.json);
                    }
                }
            }
            version = now.version;
            self.while_watching(sleep_until(asked + LOOK)).await?;
        }
    }

    /// Waits until an environment is gone.
    ///
    /// # Errors
    /// When that cannot be seen any more.
    pub async fn removal(&mut self, environment: &str) -> Result<(), Failure> {
        let began = std::time::Instant::now();
        let (mut version, mut reason) = (String::new(), None);
        loop {
            let asked = Instant::now();
            let step = Step::new("deleting", began);
            self.progress.show(step.because(reason.as_deref()));
            let request = waiting(environment, WAIT, &version);
            match self.reply::<Environment>(&request).await {
                Ok((now, _)) => (version, reason) = (now.version, now.reason),
                Err(failure) if failure.exit == Exit::NotFound => return Ok(()),
                Err(failure) => return Err(failure),
            }
            self.while_watching(sleep_until(asked + LOOK)).await?;
        }
    }

    /// Removes the line that was shown.
    pub fn end(&mut self) {
        self.progress.end();
        self.output.see_interrupts(false);
    }

    /// An answer, as soon as it is the dashboard that answers, and has the time.
    async fn reply<T: DeserializeOwned>(
        &mut self,
        request: &Request<'_>,
    ) -> Result<(T, Reply), Failure> {
        let client = self.client;
        let (mut tries, began) = (0, std::time::Instant::now());
        loop {
            let trouble = match self.while_watching(client.attempt(request)).await? {
                Ok(reply) => match parse(&reply.json) {
                    Ok(read) => return Ok((read, reply)),
                    Err(failure) => Trouble::not_understood(failure),
                },
                Err(trouble) => trouble,
            };
            let Some(pause) = trouble.pause_while_waiting(tries) else {
                return Err(trouble.failure);
            };
            if tries > 0 {
                let step = Step::new("waiting for the dashboard to answer", began);
                self.progress
                    .show(step.because(Some(&trouble.failure.sentence)));
            }
            self.while_watching(sleep(pause)).await?;
            tries += 1;
        }
    }

    /// What the work returns, unless somebody has waited long enough.
    async fn while_watching<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let mut work = pin!(work);
        let mut redraw = interval(REDRAW);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                _ = redraw.tick() => self.progress.draw(),
                _ = self.interrupted.recv() => {
                    let sentence = format!("This is not watched any more. {} goes on.", self.what);
                    return Err(Failure::new(Exit::Interrupted, sentence));
                }
                () = sleep_until(self.deadline) => {
                    let (what, time) = (self.what, words(self.timeout));
                    let sentence = format!("{what} has not ended within {time}. It goes on.");
                    return Err(Failure::new(Exit::Unreachable, sentence));
                }
            }
        }
    }
}

/// Asks for an environment once it is not as it was in this version, or after some seconds.
fn waiting<'a>(environment: &'a str, wait: u32, version: &str) -> Request<'a> {
    let request = Request::get(&["environments", environment]);
    if version.is_empty() {
        return request;
    }
    let request = request.asking("wait", wait.to_string());
    request.asking("version", version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::http::tests::{Answering, JSON, answer, problem};

    /// What is said when the removal is waited for this long, and how often these answers were asked for.
    async fn waited(answers: Vec<String>, timeout: Duration) -> (Result<(), Failure>, usize) {
        let dashboard = Answering::with(answers).await;
        let client = Client::new(dashboard.address.clone(), &"vpsc_a".into()).unwrap();
        let output = Output::new(true);
        let mut watch = Watch::new(&client, timeout, &output, "The removal").unwrap();
        let ended = watch.removal("env_a").await;
        (ended, dashboard.asked().len())
    }

    #[tokio::test]
    async fn a_dashboard_that_answers_at_once_is_not_asked_without_a_pause() {
        let same = answer(
            200,
            JSON,
            r#"{"id":"env_a","name":"A","status":"deleting"}"#,
        );
        let (ended, asked) = waited(vec![same], Duration::from_secs(2)).await;
        let failure = ended.unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable);
        assert_eq!(
            failure.sentence,
            "The removal has not ended within 2s. It goes on."
        );
        assert!((1..=5).contains(&asked), "{asked}");
    }

    #[tokio::test]
    async fn what_a_proxy_says_meanwhile_is_waited_out_and_a_refusal_is_not() {
        let soon = "retry-after: 0\r\n";
        let enough = Duration::from_mins(1);
        let mut all = vec![answer(200, JSON, r#"{"message":"maintenance"}"#)];
        let page = format!("content-type: text/html\r\n{soon}");
        all.extend([200, 401, 403, 404, 502].map(|status| answer(status, &page, "<p>")));
        all.push(answer(
            404,
            &format!("{JSON}{soon}"),
            r#"{"message":"no Route matched"}"#,
        ));
        all.extend([problem(500, soon), problem(503, soon), problem(404, "")]);
        let number = all.len();
        assert_eq!(waited(all, enough).await, (Ok(()), number));
        for (refusal, exit) in [
            (problem(401, ""), Exit::NotAllowed),
            (
                answer(302, "location: https://sso.example\r\n", ""),
                Exit::Unreachable,
            ),
        ] {
            let (ended, asked) = waited(vec![refusal], enough).await;
            assert_eq!((ended.unwrap_err().exit, asked), (exit, 1));
        }
    }
}
