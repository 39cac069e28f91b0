//! Finds the reason of a failed deployment in Coolify's log. It knows the formats in which Coolify ends such a log
//! (`ApplicationDeploymentJob`, 4.3.11), and nothing of the deployment itself.

mod kind;
mod quote;

pub use quote::{Cause, last_lines};

use super::sentence::plain;
use crate::domain::deployment::LogEntry;
use kind::Kind;

/// The first words of the entry that explains an exception.
const EXPLANATION: &str = "Deployment failed:";
/// The last visible entry of a log after an exception. It is always the same.
const AFTERWORD: &str = "Deployment failed. Removing the new version of your application";
/// Says that the new container was rolled back. Such a log has no further explanation.
const UNHEALTHY: &str = "New container is not healthy";
/// Hints that git adds to its errors; never the cause.
const ADVICE: [&str; 2] = [
    "Please make sure you have the correct access rights",
    "and the repository exists",
];

/// The cause of a failed deployment; `None` when its log does not tell.
pub fn cause(log: &[LogEntry]) -> Option<Cause> {
    unhealthy(log)
        .or_else(|| exception(log))
        .or_else(|| last_error(log))
}

/// The new container failed its health check: the cause is at the end of its own log, which is between rules.
fn unhealthy(log: &[LogEntry]) -> Option<Cause> {
    let end = log
        .iter()
        .rposition(|entry| entry.output.trim_start().starts_with(UNHEALTHY))?;
    let lines = lines_of(&log[..end], |_| true);
    let is_rule = |line: &String| is_rule(line, '-');
    let own = match lines.iter().rposition(is_rule) {
        Some(last) => {
            let first = lines[..last].iter().rposition(is_rule);
            lines[first.map_or(0, |first| first + 1)..last].to_vec()
        }
        None => lines_of(&log[..end], |entry| !entry.hidden),
    };
    Some(Kind::Unhealthy.cause(&said(&own)))
}

/// An exception while building, fetching or connecting ended the deployment.
fn exception(log: &[LogEntry]) -> Option<Cause> {
    let at = explanation(log)?;
    let output = &log[at].output;
    let own = said(&split(own_text(output)));
    let mut before = said(&lines_of(&log[..at], |_| true));
    before.retain(|line| !own.contains(line));
    let exit_code = exit_code(output);
    let kind = Kind::of(&own, exit_code);
    if own.is_empty() && kind == Kind::Other {
        return silent_exit(&before, exit_code);
    }
    let own = if own.is_empty() {
        vec![silence(exit_code)]
    } else {
        own
    };
    Some(kind.cause(&[before, own].concat()))
}

/// A command failed without output: the entries before it are the only information.
fn silent_exit(before: &[String], exit_code: Option<&str>) -> Option<Cause> {
    if before.is_empty() {
        return exit_code.map(|code| Kind::Other.cause(&[silence(Some(code))]));
    }
    Some(Kind::of(before, exit_code).cause(before))
}

fn silence(exit_code: Option<&str>) -> String {
    let code = exit_code.map_or_else(String::new, |code| format!(" with exit code {code}"));
    format!("a command ended{code} and said nothing")
}

/// A log in an unknown format: its last error.
fn last_error(log: &[LogEntry]) -> Option<Cause> {
    let errors = said(&lines_of(log, |entry| entry.error));
    (!errors.is_empty()).then(|| Kind::of(&errors, None).cause(&errors))
}

/// The entry that explains the exception. If it was too long, only its end is left: it is then the last error before
/// the rule and the afterword.
fn explanation(log: &[LogEntry]) -> Option<usize> {
    let explains = |entry: &LogEntry| entry.output.trim_start().starts_with(EXPLANATION);
    let cut = || {
        let end = log
            .iter()
            .rposition(|entry| entry.output.starts_with(AFTERWORD))?;
        let is_told =
            |entry: &LogEntry| entry.error && !entry.hidden && !entry.output.trim().is_empty();
        log[..end]
            .iter()
            .rposition(|entry| is_told(entry) && !is_rule(entry.output.trim(), '='))
    };
    log.iter().rposition(explains).or_else(cut)
}

/// The error's own text, without the command before it, which is often thousands of characters long.
fn own_text(output: &str) -> &str {
    let text = output.trim_start();
    let text = text.strip_prefix(EXPLANATION).unwrap_or(text);
    match text.split_once("\nError:") {
        Some((_, error)) => error.strip_prefix(' ').unwrap_or(error),
        None if text.trim_start().starts_with("Command execution failed") => "",
        None => text,
    }
}

fn exit_code(output: &str) -> Option<&str> {
    let first = output
        .trim_start()
        .strip_prefix(EXPLANATION)?
        .lines()
        .next()?;
    let (_, rest) = first.split_once("(exit code ")?;
    rest.split_once(')').map(|(code, _)| code)
}

fn lines_of(log: &[LogEntry], wanted: impl Fn(&LogEntry) -> bool) -> Vec<String> {
    let wanted = log.iter().filter(|entry| wanted(entry));
    wanted.flat_map(|entry| split(&entry.output)).collect()
}

fn split(text: &str) -> Vec<String> {
    plain(text).lines().map(str::to_owned).collect()
}

/// The lines without rules and without git's hints.
fn said(lines: &[String]) -> Vec<String> {
    let says_something = |line: &&String| {
        let line = line.trim();
        let is_advice = ADVICE.iter().any(|advice| line.starts_with(advice));
        let is_frame = ["=", "-"]
            .iter()
            .any(|rule| line.trim_matches(|c| rule.contains(c)).is_empty());
        !is_advice && !is_frame && line != "Container logs:" && !line.starts_with(AFTERWORD)
    };
    lines.iter().filter(says_something).cloned().collect()
}

fn is_rule(line: &str, of: char) -> bool {
    let line = line.trim();
    line.len() >= 40 && line.chars().all(|c| c == of)
}

#[cfg(test)]
mod tests;
