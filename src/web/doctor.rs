//! The administrators' page of what the checks of all settings found.

use super::administrator::Administrator;
use super::error::PageError;
use super::page::{Page, html};
use super::state::Web;
use super::words::Time;
use crate::actions::checks::{self, Finding, Level};
use axum::extract::State;
use axum::response::{Redirect, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Show {
    page: Page,
    runs: bool,
    ended: Option<Time>,
    /// How many are wrong, and how many are warnings.
    wrong: usize,
    warnings: usize,
    findings: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    check: String,
    word: &'static str,
    tone: &'static str,
    sentence: String,
    remedy: Option<String>,
}

/// What the last checks found.
pub async fn show(
    State(web): State<Web>,
    Administrator(me): Administrator,
) -> Result<Response, PageError> {
    let last = checks::last(&web.app).await?;
    let count = |level| last.found.iter().filter(|one| one.level == level).count();
    let show = Show {
        page: Page::new(&me.visitor, "Doctor").await.moving(last.runs),
        runs: last.runs,
        ended: last.ended.map(|(at, now)| Time::ago(at, now)),
        wrong: count(Level::Wrong),
        warnings: count(Level::Warning),
        findings: last.found.into_iter().map(Shown::from).collect(),
    };
    Ok(html("doctor/show.html", show))
}

/// Runs the checks, unless they run already. The page shows what they find as soon as they have ended.
pub async fn check(
    State(web): State<Web>,
    Administrator(_): Administrator,
) -> Result<Redirect, PageError> {
    checks::begin(&web.app, &web.checks).await?;
    Ok(Redirect::to("/doctor"))
}

impl From<Finding> for Shown {
    fn from(one: Finding) -> Self {
        let (word, tone) = match one.level {
            Level::Fine => ("fine", "good"),
            Level::Warning => ("warning", "unknown"),
            Level::Wrong => ("wrong", "bad"),
        };
        Self {
            check: one.check.into_owned(),
            word,
            tone,
            sentence: one.sentence,
            remedy: one.remedy,
        }
    }
}
