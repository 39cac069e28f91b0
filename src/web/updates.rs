//! The administrators' page of what is behind its branch, and deploying all of it.

use super::administrator::Administrator;
use super::error::PageError;
use super::page::{Page, html};
use super::state::{Tone, Web};
use super::words::Time;
use crate::actions::rollout::{self, Last, Rollout};
use crate::actions::sources;
use crate::domain::deployment::Outcome;
use crate::domain::name::isolated;
use axum::extract::State;
use axum::response::{Redirect, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Show {
    page: Page,
    repository: String,
    branch: String,
    watched: bool,
    /// How many wait for their turn, and how many could be put into a rollout.
    waiting: usize,
    ready: usize,
    moving: bool,
    behind: Vec<Behind>,
    last: Option<LastSeen>,
}

#[derive(Serialize)]
struct Behind {
    name: String,
    owner: String,
    /// What it is built from, if that was chosen.
    source: Option<String>,
    in_use: bool,
    waits: bool,
}

#[derive(Serialize)]
struct LastSeen {
    sentence: String,
    failed: bool,
    reason: Option<String>,
    when: Time,
}

/// What is behind.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
) -> Result<Response, PageError> {
    let found = rollout::read(&web.app).await?;
    let watched = found.is_some();
    let Rollout { behind, last } = found.unwrap_or(Rollout {
        behind: vec![],
        last: None,
    });
    let waiting = behind.iter().filter(|one| one.waits).count();
    let ready = behind
        .iter()
        .filter(|one| !one.waits && !one.in_use)
        .count();
    let moving = last.as_ref().is_some_and(|last| last.outcome.is_none());
    let standard = sources::standard(&web.app).clone();
    let page = Page::new(&me.visitor, "Updates").await;
    let show = Show {
        page: page.moving(waiting > 0 || moving),
        repository: standard.repository,
        branch: standard.branch,
        watched,
        waiting,
        ready,
        moving,
        behind: behind.into_iter().map(Behind::from).collect(),
        last: last.map(LastSeen::from),
    };
    Ok(html("updates/show.html", show))
}

/// Redirects to the page.
pub async fn page() -> Redirect {
    Redirect::to("/updates")
}

/// Deploys all that are behind, one at a time.
pub async fn begin(
    State(web): State<Web>,
    Administrator(me): Administrator,
) -> Result<Redirect, PageError> {
    if rollout::begin(&web.app, &me.actor()).await? == 0 {
        let said = "Nothing is left that could be deployed now.";
        me.visitor.notice(Tone::Good, said).await;
    }
    Ok(Redirect::to("/updates"))
}

/// Ends that after the deployment which is under way.
pub async fn stop(
    State(web): State<Web>,
    Administrator(me): Administrator,
) -> Result<Redirect, PageError> {
    rollout::stop(&web.app, &me.actor()).await?;
    let said = "It is stopped. What is being deployed already is deployed to its end.";
    me.visitor.notice(Tone::Good, said).await;
    Ok(Redirect::to("/updates"))
}

impl From<rollout::Behind> for Behind {
    fn from(one: rollout::Behind) -> Self {
        let chosen = one.source_repository.zip(one.source_branch);
        let source = chosen.map(|(repository, branch)| format!("{repository}, branch {branch}"));
        Self {
            name: one.name,
            owner: one.owner,
            source,
            in_use: one.in_use,
            waits: one.waits,
        }
    }
}

impl From<Last> for LastSeen {
    fn from(last: Last) -> Self {
        let (name, owner) = (isolated(&last.name), isolated(&last.owner));
        let failed = last.outcome == Some(Outcome::Failed);
        let sentence = match last.outcome {
            None => format!("{name} of {owner} is being deployed, begun"),
            Some(Outcome::Succeeded) => format!("{name} of {owner} was deployed"),
            Some(Outcome::Failed) => {
                format!("The deployment of {name} of {owner} failed, and no other was begun,")
            }
            Some(Outcome::Cancelled) => {
                format!("The deployment of {name} of {owner} was cancelled")
            }
        };
        Self {
            sentence,
            when: Time::ago(last.at, last.now),
            reason: last.reason.filter(|_| failed),
            failed,
        }
    }
}
