//! Environments: the table, a row, the form, the page, and what can be done with one.

use super::error::PageError;
use super::fields::{Errors, Fields, Id, errors};
use super::log::{self, Log};
use super::page::{Page, Tone, Web, html, html_with};
use super::session::SignedIn;
use super::view::{self, Counts, Deployment, Part, Row, Step};
use crate::actions::environments::{self, Draft, EnvironmentRow, Refusal};
use crate::actions::{accounts, deployments};
use crate::domain::environment::Suffix;
use crate::domain::id::EnvironmentId;
use crate::domain::invalid::{Invalid, Wrongs};
use crate::domain::status::Status;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What the script checks before it asks the server: the same sentences.
#[derive(Debug, Serialize)]
pub struct Rules {
    account_password: Rule,
    environment_password: Rule,
}

#[derive(Debug, Serialize)]
struct Rule {
    min: usize,
    max: usize,
    short: String,
    long: String,
    edge: Option<String>,
}

impl Default for Rules {
    fn default() -> Self {
        let rule = |edge| Rule {
            min: 8,
            max: 100,
            short: Invalid::PasswordTooShort.to_string(),
            long: Invalid::PasswordTooLong.to_string(),
            edge,
        };
        Self {
            account_password: rule(None),
            environment_password: rule(Some(Invalid::PasswordEdge.to_string())),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

#[derive(Serialize)]
struct Index {
    page: Page,
    rows: Vec<Row>,
    counts: Counts,
    query: String,
    first_visit: bool,
    cursor: String,
}

/// The table.
pub async fn index(
    State(web): State<Web>,
    me: SignedIn,
    headers: HeaderMap,
    Query(search): Query<Search>,
) -> Result<Response, PageError> {
    let device = device(&headers);
    accounts::note_session(&web.app, &me.visitor.session_id(), me.user.id, device).await?;
    let all = environments::list(&web.app, me.user.id, "").await?;
    let query = search.q.trim().to_owned();
    let found = if query.is_empty() {
        all.clone()
    } else {
        environments::list(&web.app, me.user.id, &query).await?
    };
    let counts = Counts::of(&all);
    let mut page = Page::new(&me.visitor, "Environments").await;
    page.refresh = counts.moving > 0;
    let rows = rows(&web, &found);
    Ok(html(
        "environments/index.html",
        Index {
            page,
            first_visit: all.is_empty(),
            counts,
            rows,
            query,
            cursor: cursor(&all),
        },
    ))
}

fn rows(web: &Web, found: &[EnvironmentRow]) -> Vec<Row> {
    found
        .iter()
        .map(|row| Row::new(&web.app, row, Part::Row, None))
        .collect()
}

/// The time of the newest row, in microseconds, as the page sends it back.
fn cursor(rows: &[EnvironmentRow]) -> String {
    let newest = rows
        .iter()
        .map(|row| row.created_at)
        .max()
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    (newest.unix_timestamp_nanos() / 1_000).to_string()
}

/// Names the browser and the system a session is used with, as far as the browser says.
fn device(headers: &HeaderMap) -> &'static str {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let has = |word: &str| agent.contains(word);
    match () {
        () if has("iPhone") || has("iPad") => "A browser on iOS",
        () if has("Android") => "A browser on Android",
        () if has("Firefox") && has("Windows") => "Firefox on Windows",
        () if has("Firefox") && has("Mac") => "Firefox on macOS",
        () if has("Firefox") => "Firefox on Linux",
        () if has("Edg/") => "Edge",
        () if has("Chrome") && has("Windows") => "Chrome on Windows",
        () if has("Chrome") && has("Mac") => "Chrome on macOS",
        () if has("Chrome") => "Chrome on Linux",
        () if has("Safari") => "Safari on macOS",
        () => "Another program",
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct After {
    after: String,
    q: String,
}

#[derive(Serialize)]
struct Changes {
    rows: Vec<Row>,
    cursor: String,
    counts: Counts,
}

/// Rows that were made elsewhere since the page was loaded; 204 when there are none.
pub async fn changes(
    State(web): State<Web>,
    me: SignedIn,
    Query(after): Query<After>,
) -> Result<Response, PageError> {
    let micros: i64 = after.after.parse().unwrap_or(0);
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let new = environments::list_after(&web.app, me.user.id, time).await?;
    if new.is_empty() || !after.q.trim().is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let counts = Counts::of(&environments::list(&web.app, me.user.id, "").await?);
    Ok(html(
        "environments/_changes.html",
        Changes {
            cursor: cursor(&new),
            rows: rows(&web, &new),
            counts,
        },
    ))
}

/// What a polling row or head says it shows.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    v: String,
    was: String,
}

#[derive(Serialize)]
struct RowUpdate {
    row: Row,
    announcement: Option<String>,
}

/// One row; 204 when it has not changed.
pub async fn row(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let Some(found) = changed(&web, &me, id, &shown).await? else {
        return Ok(unchanged_or_gone(&web, &me, id, &id.to_string()).await?);
    };
    let was = Status::from_word(&shown.was);
    let row = Row::new(&web.app, &found, Part::Row, was);
    let announcement = row.announcement(was);
    Ok(html(
        "environments/_row_update.html",
        RowUpdate { row, announcement },
    ))
}

#[derive(Serialize)]
struct HeadUpdate {
    row: Row,
    stages: Vec<Step>,
    deployments: Vec<Deployment>,
    announcement: Option<String>,
}

/// The head of an environment's page; 204 when it has not changed.
pub async fn head(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let Some(found) = changed(&web, &me, id, &shown).await? else {
        return Ok(unchanged_or_gone(&web, &me, id, &format!("head-{id}")).await?);
    };
    let was = Status::from_word(&shown.was);
    let row = Row::new(&web.app, &found, Part::Head, was);
    let announcement = row.announcement(was);
    let (deployments, stages) = history(&web, &me, id).await?;
    Ok(html(
        "environments/_head_update.html",
        HeadUpdate {
            row,
            stages,
            deployments,
            announcement,
        },
    ))
}

/// The row if it is not what the page shows.
async fn changed(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    shown: &Shown,
) -> Result<Option<EnvironmentRow>, PageError> {
    let Some(known) = environments::known(&web.app, me.user.id, id).await? else {
        return Ok(None);
    };
    let version = view::version(
        &web.app,
        known.version,
        known.checked_at,
        OffsetDateTime::now_utc(),
    );
    if version == shown.v {
        return Ok(None);
    }
    match environments::get(&web.app, me.user.id, id).await {
        Ok(row) => Ok(Some(row)),
        Err(Refusal::NotFound) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

/// 204 for a row that is as it was; for one that is not there a 404 that makes htmx take it off the page.
async fn unchanged_or_gone(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    element: &str,
) -> Result<Response, PageError> {
    if environments::known(&web.app, me.user.id, id)
        .await?
        .is_some()
    {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let gone = serde_json::json!({ "announcement": "The environment is deleted." });
    let mut response = html_with(StatusCode::NOT_FOUND, "environments/_gone.html", gone);
    let headers = response.headers_mut();
    if let Ok(target) = HeaderValue::from_str(&format!("#{element}")) {
        headers.insert("hx-retarget", target);
    }
    headers.insert("hx-reswap", HeaderValue::from_static("delete"));
    Ok(response)
}

#[derive(Debug, Default, Serialize)]
struct Form {
    name: String,
    suffix: String,
    confirmation: String,
    errors: Errors,
}

#[derive(Debug, Serialize)]
struct Preview {
    host: String,
    problem: Option<String>,
}

#[derive(Serialize)]
struct New {
    page: Page,
    form: Form,
    preview: Preview,
    rules: Rules,
}

/// What the form for a new environment sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
    password: String,
    suffix: String,
    deploy: String,
    confirmation: String,
}

/// The form for a new environment; it reserves the end of the address.
pub async fn new(State(web): State<Web>, me: SignedIn) -> Result<Response, PageError> {
    let form = Form {
        suffix: environments::suffix().as_str().to_owned(),
        ..Form::default()
    };
    form_page(&web, &me, StatusCode::OK, form).await
}

async fn form_page(
    web: &Web,
    me: &SignedIn,
    status: StatusCode,
    mut form: Form,
) -> Result<Response, PageError> {
    let suffix = Suffix::parse(&form.suffix).unwrap_or_else(environments::suffix);
    suffix.as_str().clone_into(&mut form.suffix);
    let mut preview = preview_of(web, &form.name, &suffix).await?;
    if form.errors.contains_key("name") {
        preview.problem = None;
    }
    let page = Page::new(&me.visitor, "New environment").await;
    Ok(html_with(
        status,
        "environments/new.html",
        New {
            page,
            form,
            preview,
            rules: Rules::default(),
        },
    ))
}

async fn preview_of(web: &Web, name: &str, suffix: &Suffix) -> Result<Preview, PageError> {
    let (host, invalid) = environments::preview(&web.app, name, suffix).await?;
    let host = host.unwrap_or_else(|| web.app.domain.host(&format!("…-{}", suffix.as_str())));
    Ok(Preview {
        host,
        problem: invalid.map(|invalid| invalid.to_string()),
    })
}

/// The address a name would get, and whether the name can be had.
pub async fn preview(
    State(web): State<Web>,
    _me: SignedIn,
    Query(typed): Query<Typed>,
) -> Result<Response, PageError> {
    let suffix = Suffix::parse(&typed.suffix).unwrap_or_else(environments::suffix);
    let preview = preview_of(&web, &typed.name, &suffix).await?;
    Ok(html(
        "environments/_preview.html",
        serde_json::json!({ "preview": preview }),
    ))
}

/// Makes an environment, and deploys it if that was asked for.
pub async fn create(
    State(web): State<Web>,
    me: SignedIn,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let deploy = matches!(typed.deploy.as_str(), "1" | "true" | "on");
    let draft = Draft {
        name: &typed.name,
        password: &typed.password,
        suffix: &typed.suffix,
        deploy,
    };
    let wrongs = match environments::create(&web.app, me.user.id, &draft).await {
        Ok(_) => {
            let said = if deploy {
                "Created. It is being deployed."
            } else {
                "Created. Deploy it when you like."
            };
            me.visitor.notice(Tone::Good, said).await;
            return Ok(Redirect::to("/environments").into_response());
        }
        Err(refusal) => refused(refusal)?,
    };
    let (wrongs, form_error) = wrongs;
    let mut errors = errors(&wrongs);
    let mut suffix = typed.suffix;
    if let Some(sentence) = form_error {
        errors.insert("form", sentence.to_owned());
        suffix = environments::suffix().as_str().to_owned();
    }
    let form = Form {
        name: typed.name,
        suffix,
        errors,
        ..Form::default()
    };
    form_page(&web, &me, StatusCode::UNPROCESSABLE_ENTITY, form).await
}

/// Wrong fields, or a sentence about the whole form; every other refusal is an error page.
fn refused(refusal: Refusal) -> Result<(Wrongs, Option<&'static str>), PageError> {
    match refusal {
        Refusal::Wrong(wrongs) => Ok((wrongs, None)),
        Refusal::NotNow(sentence) => Ok((vec![], Some(sentence))),
        refusal => Err(refusal.into()),
    }
}

#[derive(Serialize)]
struct Show {
    page: Page,
    row: Row,
    stages: Vec<Step>,
    deployments: Vec<Deployment>,
    log: Option<Log>,
    form: Form,
    rules: Rules,
}

/// The environment's page.
pub async fn show(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    page_of(&web, &me, id, StatusCode::OK, Errors::new()).await
}

async fn page_of(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    errors: Errors,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let (deployments, stages) = history(web, me, id).await?;
    let log = log::newest(web, me, id).await?;
    let mut page = Page::new(&me.visitor, &found.name).await;
    page.refresh = found.status.moves();
    let row = Row::new(&web.app, &found, Part::Head, None);
    let form = Form {
        errors,
        ..Form::default()
    };
    Ok(html_with(
        status,
        "environments/show.html",
        Show {
            page,
            row,
            stages,
            deployments,
            log,
            form,
            rules: Rules::default(),
        },
    ))
}

async fn history(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
) -> Result<(Vec<Deployment>, Vec<Step>), PageError> {
    let rows = environments::deployments(&web.app, me.user.id, id).await?;
    let steps = match rows.first() {
        Some(newest) => view::steps(newest, &environments::stages(&web.app, newest.id).await?),
        None => vec![],
    };
    Ok((rows.iter().map(Deployment::new).collect(), steps))
}

/// Asks for a deployment.
pub async fn deploy(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Redirect, PageError> {
    deployments::deploy(&web.app, me.user.id, id).await?;
    Ok(Redirect::to("/environments"))
}

/// Asks for the end of a deployment.
pub async fn cancel(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Redirect, PageError> {
    deployments::cancel(&web.app, me.user.id, id).await?;
    Ok(Redirect::to("/environments"))
}

/// Gives it a new password, by a deployment.
pub async fn set_password(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    match deployments::set_password(&web.app, me.user.id, id, &typed.password).await {
        Ok(()) => {
            me.visitor
                .notice(
                    Tone::Good,
                    "The new password takes effect with the next deployment.",
                )
                .await;
            Ok(Redirect::to(&format!("/environments/{id}")).into_response())
        }
        Err(Refusal::Wrong(wrongs)) => {
            page_of(
                &web,
                &me,
                id,
                StatusCode::UNPROCESSABLE_ENTITY,
                errors(&wrongs),
            )
            .await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

#[derive(Serialize)]
struct Delete {
    page: Page,
    row: Row,
    form: Form,
}

/// Asks for the name before anything is deleted.
pub async fn delete_form(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    delete_page(&web, &me, id, StatusCode::OK, Form::default()).await
}

async fn delete_page(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    form: Form,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let page = Page::new(&me.visitor, &format!("Delete {}", found.name)).await;
    let row = Row::new(&web.app, &found, Part::Row, None);
    Ok(html_with(
        status,
        "environments/delete.html",
        Delete { page, row, form },
    ))
}

/// Deletes it.
pub async fn delete(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let done = environments::delete(&web.app, me.user.id, id, &typed.confirmation).await;
    confirmed(
        &web,
        &me,
        id,
        typed,
        done,
        "It is being removed. The row leaves when Coolify has confirmed it.",
    )
    .await
}

/// Gives up a removal that Coolify does not confirm.
pub async fn forget(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let done = environments::forget(&web.app, me.user.id, id, &typed.confirmation).await;
    confirmed(
        &web,
        &me,
        id,
        typed,
        done,
        "Given up. Look in Coolify whether something of it is left.",
    )
    .await
}

async fn confirmed(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    typed: Typed,
    done: Result<(), Refusal>,
    said: &str,
) -> Result<Response, PageError> {
    match done {
        Ok(()) => {
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to("/environments").into_response())
        }
        Err(Refusal::Wrong(wrongs)) => {
            let form = Form {
                confirmation: typed.confirmation,
                errors: errors(&wrongs),
                ..Form::default()
            };
            delete_page(web, me, id, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}
