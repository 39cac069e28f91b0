//! A deployment as text, for a bug report: no bodies, no secrets, no e-mail addresses.

use super::calls::Call;
use super::deployment_view::{Deployment, Step};
use super::error::PageError;
use super::page::build;
use super::state::Web;
use super::view::Row;
use super::words::Time;
use crate::actions::records::{DeploymentRow, OpenLog};
use crate::domain::id::DeploymentId;
use crate::domain::name::isolated;
use crate::http::unread;
use std::fmt::Write;

/// How much of the end of the log is in it.
const LOG_BYTES: i32 = 16_000;
const LOG_LINES: usize = 100;
/// Replaces an e-mail address, and the password in an address of the web.
const HIDDEN: &str = "(hidden)";

/// The report.
pub async fn text(
    web: &Web,
    log: &OpenLog,
    environment: &Row,
    row: &DeploymentRow,
    (deployment, steps, calls): (&Deployment, &[Step], &[Call]),
) -> Result<String, PageError> {
    let lines = log.end(&web.app, 0, LOG_BYTES).await?;
    let outputs = lines.iter().flat_map(|entry| entry.output.lines());
    let unread = log.unread().map(unread::why);
    let outputs: Vec<&str> = outputs.chain(unread.as_deref()).collect();
    let last = outputs.len().saturating_sub(LOG_LINES);
    let mut text = head(environment, row, deployment);
    section(&mut text, "Steps", steps.iter().map(of_step));
    let reason = deployment.reason.iter().cloned();
    section(&mut text, "Reason", reason);
    let lines = deployment.lines.iter().flat_map(|lines| lines.lines());
    section(&mut text, deployment.lines_title, lines.map(str::to_owned));
    section(&mut text, "Calls to Coolify", calls.iter().map(of_call));
    let outputs = outputs[last..].iter();
    section(
        &mut text,
        "The end of the log",
        outputs.map(|line| (*line).to_owned()),
    );
    Ok(without_addresses(&text))
}

fn head(environment: &Row, row: &DeploymentRow, deployment: &Deployment) -> String {
    let duration = &deployment.duration.words;
    let outcome = match row.outcome {
        Some(outcome) => format!("{} after {duration}", outcome.word()),
        None => format!("in progress for {duration}"),
    };
    let lines = [
        format!(
            "vps-claude   {}, build {}",
            env!("CARGO_PKG_VERSION"),
            build()
        ),
        format!(
            "Environment  {} ({})",
            isolated(&environment.name),
            environment.subdomain()
        ),
        format!("Deployment   {}", DeploymentId::from(row.id)),
        format!(
            "Requested    {}",
            Time::clock(row.created_at, row.now).machine()
        ),
        format!(
            "Commit       {}",
            row.commit_sha.as_deref().unwrap_or("not known")
        ),
        format!("Outcome      {outcome}"),
    ];
    lines.join("\n") + "\n"
}

fn of_step(step: &Step) -> String {
    let duration = step.duration.as_ref();
    let duration = duration.map_or("-", |duration| &duration.words);
    format!("{:<12} {:<10} {duration}", step.word, step.state)
}

fn of_call(call: &Call) -> String {
    let Call {
        at,
        name,
        answer,
        took,
        ..
    } = call;
    let at = at.machine();
    format!("{at}  {name:<22} {answer:<4} {took}")
}

/// Adds a section, unless it has no lines.
fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = write!(text, "\n{title}\n");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

/// The text without anything that looks like an e-mail address, and without the user and password of an address.
fn without_addresses(text: &str) -> String {
    let text = without_users(text);
    let is_of_address = |c: char| c.is_alphanumeric() || "@._%+-".contains(c);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_of_address) {
        let word = &rest[start..];
        let end = word.find(|c| !is_of_address(c)).unwrap_or(word.len());
        kept.push_str(&rest[..start]);
        kept.push_str(if is_address(&word[..end]) {
            HIDDEN
        } else {
            &word[..end]
        });
        rest = &word[end..];
    }
    kept + rest
}

/// The text without what stands before an `@` in `https://user:password@host/`.
fn without_users(text: &str) -> String {
    let mut pieces = text.split("://");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        kept.push_str("://");
        let ends = |c: char| c == '/' || c.is_whitespace();
        let authority = &piece[..piece.find(ends).unwrap_or(piece.len())];
        match authority.rfind('@') {
            Some(at) => kept.extend([HIDDEN, &piece[at..]]),
            None => kept.push_str(piece),
        }
    }
    kept
}

/// A package with its version (`glob@7.2.3`) is none.
fn is_address(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else {
        return false;
    };
    let domain = domain.trim_end_matches('.');
    let last = domain.rsplit('.').next().unwrap_or_default();
    let is_name = last.len() >= 2 && last.chars().all(char::is_alphabetic);
    !local.is_empty() && domain.contains('.') && is_name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_and_no_password_in_one_is_in_a_report() {
        let cases = [
            ("Author: Ada <ada@example.com>", "Author: Ada <(hidden)>"),
            ("ada.l+x@mail.example.co.uk.", "(hidden)"),
            (
                "https://ada:token123@github.com/a",
                "https://(hidden)@github.com/a",
            ),
            ("https://ada:s!e@10.0.0.5/x", "https://(hidden)@10.0.0.5/x"),
            (
                "from https://gitea/x to postgres://u:pw@db:5432",
                "from https://gitea/x to postgres://(hidden)@db:5432",
            ),
            (
                "npm warn glob@7.2.3 and @types/node@20.1.0",
                "npm warn glob@7.2.3 and @types/node@20.1.0",
            ),
            ("FROM node:22@sha256:0a1b", "FROM node:22@sha256:0a1b"),
            ("é@ü.de an", "(hidden) an"),
            ("nothing @ all", "nothing @ all"),
        ];
        for (text, expected) in cases {
            assert_eq!(without_addresses(text), expected);
        }
    }
}
