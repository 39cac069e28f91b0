//! The page of an environment, and the actions on one.

use super::allowances::{self as limits, Standing};
use super::back::{self, Back};
use super::changes::Poll;
use super::deployment_view::{Cause, Step, Update};
use super::error::PageError;
use super::fields::{Errors, Fields, Id, Rules, errors};
use super::history::{Entry, history};
use super::log::{self, Log};
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use super::variable_view::Variable;
use super::view::{Password, Row};
use crate::actions::environments::{self, EnvironmentRow, Refusal};
use crate::actions::{allowances, deployments, sources};
use crate::domain::deployment::BuildKind;
use crate::domain::id::EnvironmentId;
use crate::domain::name::isolated;
use crate::domain::resources::Resources;
use crate::domain::status::Status;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// What was wrong in a form of the page.
#[derive(Debug, Default, Serialize)]
pub struct Form {
    pub errors: Errors,
    /// The name of a variable.
    pub variable: String,
    /// As typed; else what is chosen.
    pub memory: Option<String>,
    pub cpus: Option<String>,
}

impl Form {
    /// Fills in what was chosen where nothing was typed.
    fn fill_in(&mut self, Resources { memory, cpus }: Resources) {
        self.memory.get_or_insert_with(|| or_nothing(memory));
        self.cpus.get_or_insert_with(|| or_nothing(cpus));
    }
}

impl From<Errors> for Form {
    fn from(errors: Errors) -> Self {
        Self {
            errors,
            ..Self::default()
        }
    }
}

/// The form for memory and CPUs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TypedResources {
    memory: String,
    cpus: String,
}

/// The form for a new password.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    password: SecretString,
}

#[derive(Serialize)]
struct Show {
    page: Page,
    row: Row,
    stages: Vec<Step>,
    history: Vec<Entry>,
    cause: Option<Cause>,
    update: Option<Update>,
    log: Option<Log>,
    password: Password,
    source: Source,
    variables: Vec<Variable>,
    /// What its container gets.
    resources: String,
    allowed: Standing,
    poll: Poll,
    form: Form,
    rules: Rules,
}

/// What it is built from.
#[derive(Serialize)]
struct Source {
    repository: String,
    branch: String,
}

impl Source {
    fn new(web: &Web, row: &EnvironmentRow) -> Self {
        let chosen = (&row.source_repository, &row.source_branch);
        let (repository, branch) = sources::of(&web.app, chosen.0.as_deref(), chosen.1.as_deref());
        Self {
            repository: repository.to_owned(),
            branch: branch.to_owned(),
        }
    }
}

/// Redirects to the environment's page.
pub async fn page(Id(id): Id<EnvironmentId>) -> Redirect {
    Redirect::to(&format!("/environments/{id}"))
}

/// The environment's page.
pub async fn show(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    page_of(&web, &me, id, StatusCode::OK, Form::default()).await
}

/// The page with a form as it was sent.
pub async fn page_of(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    status: StatusCode,
    mut form: Form,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let rows = environments::deployments(&web.app, me.user.id, id).await?;
    let (history, stages) = history(web, me.user.id, &found, &rows).await?;
    let log = match rows.first() {
        Some(newest) => Some(log::after(web, me.user.id, id, newest, 0).await?.0),
        None => None,
    };
    let page = Page::new(&me.visitor, &isolated(&found.name)).await;
    let (refused, moves) = (form.errors.any(), found.status.moves());
    let row = Row::new(&web.app, &found, None);
    let poll = Poll::of(&row, log.as_ref());
    let (resources, chosen, allowed) = limits::of_environment(web, me.user.id, &found).await?;
    form.fill_in(chosen);
    let show = Show {
        page: page.refused(refused).moving(moves && !refused),
        row,
        stages,
        history,
        cause: Cause::new(&found, &rows),
        update: Update::of(&web.app, me.user.id, &found).await?,
        log,
        password: Password::new(&found),
        source: Source::new(web, &found),
        variables: Variable::all(web, me.user.id, id).await?,
        resources,
        allowed,
        poll,
        form,
        rules: Rules::default(),
    };
    Ok(html_with(status, "environments/show.html", show))
}

fn or_nothing(chosen: Option<impl ToString>) -> String {
    chosen.map(|chosen| chosen.to_string()).unwrap_or_default()
}

#[derive(Serialize)]
struct Deploy {
    page: Page,
    row: Row,
    allowed: Standing,
    back: Option<String>,
}

/// Asks before an environment is deployed again, and whether its image is built anew.
pub async fn deploy_form(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let is_there = matches!(found.status, Status::Running | Status::Error);
    if !is_there || found.vanished {
        let page = format!("/environments/{id}");
        return Ok(if headers.contains_key("hx-request") {
            [("hx-redirect", page)].into_response()
        } else {
            Redirect::to(&page).into_response()
        });
    }
    let deploy = Deploy {
        page: Page::new(
            &me.visitor,
            &format!("Deploy {} again", isolated(&found.name)),
        )
        .await,
        row: Row::new(&web.app, &found, None),
        allowed: Standing::from(&allowances::of(&web.app, me.user.id).await?),
        back: back::page_of(&headers),
    };
    Ok(html("environments/deploy.html", deploy))
}

/// Requests a deployment. An empty form needs no content type.
pub async fn deploy(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    headers: HeaderMap,
    form: Bytes,
) -> Result<Response, PageError> {
    let mut fields = form_urlencoded::parse(&form);
    let build = if fields.any(|field| field == ("rebuild".into(), "1".into())) {
        BuildKind::Anew
    } else {
        BuildKind::Reuse
    };
    match deployments::deploy(&web.app, &me.actor(), id, build).await {
        Ok(()) => {
            let back = Back::of(&headers, &form).redirect(&id.to_string());
            Ok(back.into_response())
        }
        Err(Refusal::Limit(reached)) => not_now(&web, &me, id, reached.to_string()).await,
        Err(refusal) => Err(refusal.into()),
    }
}

/// The page, with why it cannot be done now.
pub(super) async fn not_now(
    web: &Web,
    me: &SignedIn,
    id: EnvironmentId,
    sentence: String,
) -> Result<Response, PageError> {
    let mut errors = Errors::default();
    errors.insert("form", sentence);
    page_of(web, me, id, StatusCode::CONFLICT, errors.into()).await
}

/// Changes what its container gets, from its next deployment on.
pub async fn set_resources(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<TypedResources>,
) -> Result<Response, PageError> {
    let chosen = (Some(typed.memory.as_str()), Some(typed.cpus.as_str()));
    match allowances::choose(&web.app, &me.actor(), id, chosen).await {
        Ok(()) => {
            let said = "Saved. It takes effect with the next deployment.";
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to(&format!("/environments/{id}")).into_response())
        }
        Err(Refusal::Wrong(wrongs)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let form = Form {
                memory: Some(typed.memory),
                cpus: Some(typed.cpus),
                ..Form::from(errors(&wrongs))
            };
            page_of(&web, &me, id, status, form).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Cancels a deployment.
pub async fn cancel(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    back: Back,
) -> Result<Redirect, PageError> {
    deployments::cancel(&web.app, &me.actor(), id).await?;
    Ok(back.redirect(&id.to_string()))
}

/// Sets a new password by deploying again.
pub async fn set_password(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let password = typed.password.expose_secret();
    match deployments::set_password(&web.app, &me.actor(), id, password).await {
        Ok(()) => {
            // It is done, whether or not the name can be read.
            let found = environments::get(&web.app, me.user.id, id).await;
            let name = found.map_or_else(|_| "It".to_owned(), |row| isolated(&row.name));
            let said = format!("{name} takes the new password with its next container.");
            me.visitor.accepted(said, id).await;
            me.visitor.warn_of_password(password).await;
            Ok(Redirect::to(&format!("/environments/{id}")).into_response())
        }
        Err(Refusal::NotNow(sentence)) => not_now(&web, &me, id, sentence.to_owned()).await,
        Err(Refusal::Limit(reached)) => not_now(&web, &me, id, reached.to_string()).await,
        Err(Refusal::Wrong(wrongs)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            page_of(&web, &me, id, status, errors(&wrongs).into()).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Drops a new password that waits.
pub async fn discard_password(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Redirect, PageError> {
    let notice = if deployments::discard_password(&web.app, &me.actor(), id).await? {
        "The new password is discarded. The old one opens the environment."
    } else {
        "No new password is waiting."
    };
    me.visitor.notice(Tone::Good, notice).await;
    Ok(Redirect::to(&format!("/environments/{id}")))
}
