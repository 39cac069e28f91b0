//! What happened to an environment, newest first: its deployments and everything else. And the steps of the newest
//! deployment.

use super::deployment_view::{self, Deployment, Step};
use super::error::PageError;
use super::state::Web;
use super::words::Time;
use crate::actions::environments::{self, DeploymentRow, EnvironmentRow, EventRow};
use crate::domain::event::EventKind;
use crate::domain::id::UserId;
use serde::Serialize;
use std::cmp::Reverse;
use time::OffsetDateTime;

/// How many of each kind are read: what is older may be missing.
const READ: usize = 20;

/// One entry of the history.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Entry {
    Deployment(Deployment),
    Event(Event),
}

/// What happened besides deployments.
#[derive(Debug, Serialize)]
pub struct Event {
    word: &'static str,
    tone: &'static str,
    when: Time,
    by: Option<String>,
    reason: Option<String>,
    lines: Option<String>,
}

/// The history of the owner's environment, and the steps of its newest deployment.
pub async fn history(
    web: &Web,
    owner: UserId,
    environment: &EnvironmentRow,
    rows: &[DeploymentRow],
) -> Result<(Vec<Entry>, Vec<Step>), PageError> {
    let steps = match rows.first() {
        Some(newest) => {
            deployment_view::steps(newest, &environments::stages(&web.app, newest.id).await?)
        }
        None => vec![],
    };
    let events = environments::events(&web.app, owner, environment.id.into()).await?;
    Ok((merged(web, environment, rows, events), steps))
}

fn merged(
    web: &Web,
    environment: &EnvironmentRow,
    rows: &[DeploymentRow],
    events: Vec<EventRow>,
) -> Vec<Entry> {
    let now = environment.now;
    let is_complete = rows.len() < READ && events.len() < READ;
    let deployments = rows.iter().map(|row| {
        (
            row.created_at,
            Entry::Deployment(Deployment::new(&web.app, row)),
        )
    });
    let events = events
        .into_iter()
        .map(|row| (row.at, Entry::Event(event(row, now))));
    let mut all: Vec<(OffsetDateTime, Entry)> = deployments.chain(events).collect();
    all.sort_by_key(|(at, _)| Reverse(*at));
    all.truncate(READ);
    let mut entries: Vec<Entry> = all.into_iter().map(|(_, entry)| entry).collect();
    if is_complete && entries.len() < READ {
        entries.push(Entry::Event(Event {
            word: "created",
            tone: "neutral",
            when: Time::ago(environment.created_at, now),
            by: None,
            reason: None,
            lines: None,
        }));
    }
    entries
}

fn event(row: EventRow, now: OffsetDateTime) -> Event {
    let (word, tone) = match row.kind {
        EventKind::Password => ("password changed", "neutral"),
        EventKind::Discarded => ("new password discarded", "neutral"),
        EventKind::Stopped => ("stopped", "bad"),
        EventKind::Recovered => ("running again", "good"),
        EventKind::Late => ("cancelled too late", "neutral"),
    };
    let when = match row.kind {
        EventKind::Stopped | EventKind::Recovered => Time::clock(row.at, now),
        EventKind::Password | EventKind::Discarded | EventKind::Late => Time::ago(row.at, now),
    };
    Event {
        word,
        tone,
        when,
        by: row.by,
        reason: row.reason,
        lines: row.lines,
    }
}
