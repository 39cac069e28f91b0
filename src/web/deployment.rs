//! The page of one deployment: its steps, its reason, its log, the calls that were made for it, and all of that as text.

use super::calls::Call;
use super::changes::{self, Poll};
use super::deployment_view::{self, Deployment, Step};
use super::error::PageError;
use super::fields::{Ids, Query};
use super::log::{self, Log};
use super::log_file;
use super::page::{Page, html};
use super::report;
use super::session::{Poller, SignedIn};
use super::state::Web;
use super::view::Row;
use crate::actions::environments;
use crate::actions::known;
use crate::actions::records::{self, DeploymentRow, Match, Of, OpenLog};
use crate::app::PageVersion;
use crate::domain::id::{DeploymentId, EnvironmentId, UserId};
use crate::domain::name::isolated;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// How many matching lines a search shows; all are counted.
const MATCHES_SHOWN: i64 = 100;
/// The longest text that is searched for, in characters.
const SEARCH_LIMIT: usize = 200;

/// What changes on the page while the deployment moves.
#[derive(Serialize)]
struct Shown {
    /// The environment's id.
    environment: String,
    deployment: Deployment,
    stages: Vec<Step>,
    calls: Vec<Call>,
    log: Log,
    poll: Option<Poll>,
    report: String,
}

#[derive(Serialize)]
struct Show {
    page: Page,
    row: Row,
    search: Search,
    #[serde(flatten)]
    shown: Shown,
}

#[derive(Serialize)]
struct Changes {
    announcement: Option<String>,
    /// Whether more than the log changed.
    more: bool,
    #[serde(flatten)]
    shown: Shown,
}

/// What is searched for in the log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

/// A search, and the lines that it found.
#[derive(Debug, Serialize)]
struct Search {
    query: String,
    /// "12 lines contain “npm”."; nothing when nothing is searched for, or the log cannot be read.
    found: Option<String>,
    matches: Vec<Found>,
    /// "The first 100 are shown."
    more: Option<String>,
}

#[derive(Debug, Serialize)]
struct Found {
    position: i32,
    number: i32,
    text: String,
    is_on_page: bool,
}

impl Search {
    fn new(query: String, found: Vec<Match>, log: &Log, is_read: bool) -> Self {
        let total = found.first().map_or(0, |first| first.total);
        let more = (total > MATCHES_SHOWN).then(|| format!("The first {MATCHES_SHOWN} are shown."));
        let found_line = |found: Match| Found {
            position: found.position,
            number: found.position + 1,
            is_on_page: log.shows(found.position),
            text: found.text,
        };
        let is_searched = !query.is_empty() && is_read;
        Self {
            found: is_searched.then(|| counted(total, &query)),
            matches: found.into_iter().map(found_line).collect(),
            more,
            query,
        }
    }
}

fn counted(total: i64, query: &str) -> String {
    let lines = match total {
        0 => "No line contains".to_owned(),
        1 => "1 line contains".to_owned(),
        many => format!("{many} lines contain"),
    };
    format!("{lines} \u{201c}{query}\u{201d}.")
}

/// The page.
pub async fn show(
    State(web): State<Web>,
    me: SignedIn,
    Ids(id, deployment): Ids<EnvironmentId, DeploymentId>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let of = of(me.user.id, id, deployment);
    let found = environments::get(&web.app, me.user.id, id).await?;
    let found = Row::new(&web.app, &found, None);
    let row = records::deployment(&web.app, of).await?;
    let (shown, log) = shown(&web, of, &found, &row, 0).await?;
    let query: String = asked
        .q
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(SEARCH_LIMIT)
        .collect();
    let matches = if query.is_empty() {
        vec![]
    } else {
        log.matches(&web.app, &query, MATCHES_SHOWN).await?
    };
    let title = format!("Deployment of {}", isolated(&found.name));
    let page = Page::new(&me.visitor, &title).await;
    let page = page.moving(row.log_grows);
    Ok(html(
        "deployments/show.html",
        Show {
            page,
            search: Search::new(query, matches, &shown.log, log.unread().is_none()),
            row: found,
            shown,
        },
    ))
}

fn of(owner: UserId, environment: EnvironmentId, deployment: DeploymentId) -> Of {
    Of {
        owner,
        environment,
        deployment,
    }
}

async fn shown(
    web: &Web,
    of: Of,
    environment: &Row,
    row: &DeploymentRow,
    from: i32,
) -> Result<(Shown, OpenLog), PageError> {
    let stages = environments::stages(&web.app, row.id).await?;
    let stages = deployment_view::steps(row, &stages);
    let calls = records::calls(&web.app, of).await?.into_iter();
    let calls: Vec<Call> = calls.map(|call| Call::new(call, row.now)).collect();
    let (log, open) = log::after(web, of.owner, of.environment, row, from).await?;
    let deployment = Deployment::new(&web.app, row);
    let parts = (&deployment, &*stages, &*calls);
    let report = report::text(web, &open, environment, row, parts).await?;
    let shown = Shown {
        environment: environment.id.clone(),
        poll: poll(of, &environment.version, deployment.outcome, &log),
        deployment,
        stages,
        calls,
        log,
        report,
    };
    Ok((shown, open))
}

/// A deployment that has ended, with its whole log, does not change any more.
fn poll(of: Of, version: &str, was: &str, log: &Log) -> Option<Poll> {
    let Of {
        environment,
        deployment: id,
        ..
    } = of;
    let (after, live) = (log.after, log.live);
    let shown = format!("v={version}&after={after}&live={live}&was={was}");
    let url = format!("/environments/{environment}/deployments/{id}/changes?{shown}");
    live.then(|| Poll::at(url, live))
}

/// What the page shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageShown {
    v: String,
    after: i32,
    live: bool,
    was: String,
}

/// What changed on the page; 204 when nothing did. Of the newest deployment that is known without asking PostgreSQL; only
/// the last lines of an older one's log may still come.
pub async fn page_changes(
    State(web): State<Web>,
    Poller(owner): Poller,
    Ids(id, deployment): Ids<EnvironmentId, DeploymentId>,
    Query(has): Query<PageShown>,
) -> Result<Response, PageError> {
    let Some(current) = known::page_version(&web.app, owner, id).await? else {
        return Ok(changes::gone("deployment"));
    };
    let of = of(owner, id, deployment);
    let newest = current.log.filter(|(newest, _)| *newest == deployment);
    if newest.is_some() && current.row == has.v && current.log_grows == has.live {
        return log_grown(&web, of, &current, &has).await;
    }
    let found = environments::get(&web.app, owner, id).await?;
    let found = Row::new(&web.app, &found, None);
    let row = records::deployment(&web.app, of).await?;
    let (shown, _) = shown(&web, of, &found, &row, has.after).await?;
    let outcome = shown.deployment.outcome;
    if newest.is_none() && shown.log.adds_nothing(has.after, has.live) && outcome == has.was {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let announcement = (!has.was.is_empty() && has.was != outcome).then(|| {
        format!(
            "The deployment of {} {}.",
            isolated(&found.name),
            ended(outcome)
        )
    });
    Ok(html(
        "deployments/_page_changes.html",
        Changes {
            announcement,
            more: true,
            shown,
        },
    ))
}

/// Only the log of the newest deployment may have grown.
async fn log_grown(
    web: &Web,
    of: Of,
    current: &PageVersion,
    has: &PageShown,
) -> Result<Response, PageError> {
    let log = log::grown(web, of.owner, of.environment, current, Some(has.after)).await?;
    let Some(log) = log.filter(|log| !log.adds_nothing(has.after, has.live)) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let words = ["succeeded", "failed", "cancelled"];
    let was = words.into_iter().find(|word| *word == has.was);
    let poll = poll(of, &current.row, was.unwrap_or("moving"), &log);
    Ok(html(
        "deployments/_page_changes.html",
        Grown::new(poll, log),
    ))
}

/// The changes of a page whose log alone has grown.
#[derive(Serialize)]
struct Grown {
    poll: Option<Poll>,
    log: Log,
    more: bool,
    announcement: Option<String>,
}

impl Grown {
    fn new(poll: Option<Poll>, log: Log) -> Self {
        Self {
            poll,
            log,
            more: false,
            announcement: None,
        }
    }
}

fn ended(outcome: &'static str) -> &'static str {
    match outcome {
        "cancelled" => "was cancelled",
        "moving" => "goes on",
        outcome => outcome,
    }
}

/// The whole log, as a download.
pub async fn log_text(
    State(web): State<Web>,
    me: SignedIn,
    Ids(id, deployment): Ids<EnvironmentId, DeploymentId>,
) -> Result<Response, PageError> {
    let of = of(me.user.id, id, deployment);
    records::deployment(&web.app, of).await?;
    log_file::download(web, of).await
}

/// Everything for a bug report, as text.
pub async fn report_text(
    State(web): State<Web>,
    me: SignedIn,
    Ids(id, deployment): Ids<EnvironmentId, DeploymentId>,
) -> Result<Response, PageError> {
    let of = of(me.user.id, id, deployment);
    let found = environments::get(&web.app, me.user.id, id).await?;
    let row = records::deployment(&web.app, of).await?;
    let found = Row::new(&web.app, &found, None);
    let (shown, _) = shown(&web, of, &found, &row, i32::MAX).await?;
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, shown.report).into_response())
}
