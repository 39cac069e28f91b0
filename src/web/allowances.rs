//! What people may have: as they are told it, and the administrators' page that decides it for one of them.

use super::administrator::Administrator;
use super::error::PageError;
use super::fields::{Errors, Fields, Id, errors};
use super::page::{Page, html_with};
use super::session::SignedIn;
use super::state::{Tone, Web};
use crate::actions::environments::{EnvironmentRow, Selection};
use crate::actions::{account_removal, allowances};
use crate::domain::allowance::{Allowance, PersonalLimits, TypedLimits, UNLIMITED, Used};
use crate::domain::deployment::Stage;
use crate::domain::id::UserId;
use crate::domain::resources::Resources;
use crate::domain::status::Status;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// What somebody has of what they may have.
#[derive(Debug, Serialize)]
pub struct Standing {
    /// "2 of 3 environments".
    environments: String,
    /// "0 of 1 deployments under way".
    deployments: String,
    /// What each of their environments may get.
    memory: Option<String>,
    cpus: Option<String>,
    /// Whether there is any limit.
    limited: bool,
    /// Why they cannot create another environment.
    no_more: Option<String>,
    /// Why they cannot deploy another one now.
    no_deployment: Option<String>,
}

impl From<&allowances::Standing> for Standing {
    fn from(of: &allowances::Standing) -> Self {
        let Resources { memory, cpus } = of.allowance.resources;
        Self {
            environments: environments(of.environments),
            deployments: counted(of.deployments, "deployment") + " under way",
            memory: memory.map(|memory| memory.to_string()),
            cpus: cpus.map(|cpus| cpus.to_string()),
            limited: of.allowance != Allowance::default(),
            no_more: of.may_create().err().map(|reached| reached.to_string()),
            no_deployment: of.may_deploy().err().map(|reached| reached.to_string()),
        }
    }
}

/// How many environments somebody may have, beside a list of all of theirs.
pub async fn most(
    web: &Web,
    owner: UserId,
    selection: &Selection,
) -> Result<Option<String>, PageError> {
    if !selection.text.is_empty() {
        return Ok(None);
    }
    let most = allowances::allowance(&web.app, owner).await?.environments;
    Ok(most.map(|most| most.to_string()))
}

/// "1 environment", "2 of 3 environments".
pub fn environments(used: Used) -> String {
    counted(used, "environment")
}

fn counted(used: Used, noun: &str) -> String {
    match used {
        Used {
            count: 1,
            most: None,
        } => format!("1 {noun}"),
        used => format!("{used} {noun}s"),
    }
}

/// What the container of the owner's environment gets, what of it was chosen, and what is allowed.
pub async fn of_environment(
    web: &Web,
    owner: UserId,
    row: &EnvironmentRow,
) -> Result<(String, Resources, Standing), PageError> {
    let standing = allowances::of(&web.app, owner).await?;
    let chosen = allowances::resources(&web.app, owner, row.id.into()).await?;
    let is_before_build = row.stage.is_some_and(|stage| stage < Stage::Build);
    let is_under_way = row.status == Status::Deploying && !row.cancelling;
    let words = resources_in_words(&chosen, &standing, is_under_way && is_before_build);
    Ok((words, chosen.resources, Standing::from(&standing)))
}

/// What an environment's container gets, and from when on: it has what Coolify was given once a deployment has succeeded since.
/// `is_before_build` says that a deployment is under way which has not given it to Coolify yet.
fn resources_in_words(
    of: &allowances::Chosen,
    standing: &allowances::Standing,
    is_before_build: bool,
) -> String {
    let wanted = of.resources.within(standing.allowance.resources);
    let sizes = match (wanted.memory, wanted.cpus) {
        (None, None) => "no limit of memory and CPUs, unless one is set in Coolify".to_owned(),
        (Some(memory), None) => format!("{memory} of memory, and every CPU"),
        (None, Some(cpus)) => format!("{cpus} CPUs, and as much memory as there is"),
        (Some(memory), Some(cpus)) => format!("{memory} of memory and {cpus} CPUs"),
    };
    match (of.is_given(wanted), is_before_build) {
        (true, _) if of.is_in_force(wanted) => format!("It has {sizes}."),
        (true, _) => format!("Its next container gets {sizes}."),
        (false, true) => format!("With the deployment that is under way it gets {sizes}."),
        (false, false) => format!("From its next deployment on it has {sizes}."),
    }
}

#[derive(Serialize)]
struct Show {
    page: Page,
    id: String,
    name: String,
    has: Standing,
    defaults: Defaults,
    form: Form,
}

/// What the settings say.
#[derive(Debug, Serialize)]
struct Defaults {
    environments: String,
    deployments: String,
    memory: String,
    cpus: String,
}

/// A person's limits as they are typed.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    environments: String,
    deployments: String,
    memory: String,
    cpus: String,
    #[serde(skip_deserializing)]
    errors: Errors,
}

/// The limits of one person.
pub async fn form(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<UserId>,
) -> Result<Response, PageError> {
    let limits = allowances::of(&web.app, id).await?.limits;
    show(&web, &me, id, StatusCode::OK, Form::from(&limits)).await
}

async fn show(
    web: &Web,
    me: &SignedIn,
    id: UserId,
    status: StatusCode,
    form: Form,
) -> Result<Response, PageError> {
    let person = account_removal::read(&web.app, id).await?;
    let standing = allowances::of(&web.app, id).await?;
    let page = Page::new(&me.visitor, "Limits").await;
    let show = Show {
        page: page.refused(form.errors.any()),
        id: id.to_string(),
        name: person.name,
        has: Standing::from(&standing),
        defaults: Defaults::from(web.app.allowance),
        form,
    };
    Ok(html_with(status, "people/limits.html", show))
}

/// Decides what somebody may have.
pub async fn set(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(id): Id<UserId>,
    Fields(mut form): Fields<Form>,
) -> Result<Response, PageError> {
    match form.limits().parse() {
        Ok(limits) => {
            allowances::set(&web.app, &me.actor(), id, &limits).await?;
            let said = "The limits are saved. What is there already stays.";
            me.visitor.notice(Tone::Good, said).await;
            Ok(Redirect::to("/people").into_response())
        }
        Err(wrongs) => {
            form.errors = errors(&wrongs);
            show(&web, &me, id, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
    }
}

impl Form {
    fn limits(&self) -> TypedLimits<'_> {
        TypedLimits {
            environments: &self.environments,
            deployments: &self.deployments,
            memory: &self.memory,
            cpus: &self.cpus,
        }
    }
}

impl From<&PersonalLimits> for Form {
    fn from(limits: &PersonalLimits) -> Self {
        Self {
            environments: limits.environments.to_string(),
            deployments: limits.deployments.to_string(),
            memory: limits.memory.to_string(),
            cpus: limits.cpus.to_string(),
            errors: Errors::default(),
        }
    }
}

impl From<Allowance> for Defaults {
    fn from(of: Allowance) -> Self {
        Self {
            environments: or_unlimited(of.environments),
            deployments: or_unlimited(of.deployments),
            memory: or_unlimited(of.resources.memory),
            cpus: or_unlimited(of.resources.cpus),
        }
    }
}

fn or_unlimited(limit: Option<impl Display>) -> String {
    limit.map_or_else(|| UNLIMITED.to_owned(), |limit| limit.to_string())
}
