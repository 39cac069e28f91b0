//! Maps a step's error to what happens next.

use super::calls::respect_limit;
use super::step::Next;
use crate::app::App;
use crate::coolify::Error;
use crate::domain::deployment::Stage;
use crate::store::claims::{DeploymentStep, RemovalStep};
use std::time::Duration;

/// For a deployment. `unsure` says whether an earlier request may still take effect.
pub async fn of_deployment(app: &App, row: &DeploymentStep, error: Error, unsure: bool) -> Next {
    respect_limit(app, &error).await;
    if row.is_too_late(app.pace.winding_down) {
        return too_late(&error.to_string());
    }
    let after = backoff(app, row.attempts);
    match error {
        Error::Refused(sentence) => Next::Fail(in_step(row.stage, &sentence)),
        Error::NotFound => Next::Fail(in_step(
            row.stage,
            "The application is not in Coolify any more. Deploy again; if it stays away, set a new password to make it anew.",
        )),
        Error::DomainTaken(_) => Next::Fail(in_step(
            row.stage,
            "Its address is already used in Coolify by something else. Remove that in Coolify, and deploy again.",
        )),
        Error::RateLimited { retry_after } => busy(retry_after, unsure),
        Error::QueueFull { retry_after } => Next::QueueFull(retry_after),
        Error::Unreachable {
            why,
            unsure: now_unsure,
            retry_after,
        } => Next::Again {
            after: after.max(retry_after.unwrap_or_default()),
            note: Some(format!("Coolify cannot be reached: {why}. Trying again.")),
            unsure: unsure || now_unsure,
        },
    }
}

/// For a deployment when the call budget is exhausted.
pub fn without_call(app: &App, row: &DeploymentStep, wait: Duration, unsure: bool) -> Next {
    if row.is_too_late(app.pace.winding_down) {
        return too_late("it allows no more calls at the moment");
    }
    busy(wait, unsure)
}

fn busy(after: Duration, unsure: bool) -> Next {
    Next::Again {
        after,
        note: Some("Coolify is busy: it allows a number of calls a minute.".to_owned()),
        unsure,
    }
}

fn too_late(why: &str) -> Next {
    Next::Fail(format!(
        "The deployment took too long, and Coolify could not be asked to stop its build: {why}. Look there whether it still runs, and deploy again."
    ))
}

/// For a removal.
pub async fn of_removal(app: &App, row: &RemovalStep, error: Error, unsure: bool) -> Next {
    respect_limit(app, &error).await;
    let attempts = (row.waited_seconds / 5.0).clamp(0.0, 4.0);
    let after = widened(app, attempts);
    let (after, note) = match error {
        Error::RateLimited { retry_after } | Error::QueueFull { retry_after } => {
            (retry_after, None)
        }
        Error::Unreachable {
            why, retry_after, ..
        } => (
            after.max(retry_after.unwrap_or_default()),
            Some(format!(
                "Coolify cannot be reached: {why}. The removal is tried again."
            )),
        ),
        Error::Refused(sentence) => (app.pace.refused, Some(sentence)),
        Error::NotFound | Error::DomainTaken(_) => (after, None),
    };
    Next::Again {
        after,
        note,
        unsure,
    }
}

fn in_step(stage: Stage, sentence: &str) -> String {
    format!("Step \u{201c}{}\u{201d}: {sentence}", stage.title())
}

fn backoff(app: &App, attempts: i32) -> Duration {
    widened(app, f64::from(attempts.clamp(0, 4)))
}

/// Exponential backoff with jitter, so that many retries do not coincide.
fn widened(app: &App, doublings: f64) -> Duration {
    let jitter = rand::random_range(0.75..1.25);
    app.pace.retry.mul_f64(doublings.floor().exp2() * jitter)
}
