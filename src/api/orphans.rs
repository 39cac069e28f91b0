//! Orphans, for administrators: applications in Coolify that no environment knows, and environments whose application is gone.

use super::body::Body;
use super::caller::Administrator;
use super::heir;
use super::id::Id;
use super::list::LAST_PAGE;
use super::parameters::Parameters;
use super::problem::Problem;
use super::state::{Answer, Api};
use super::words::at;
use crate::actions::administration::{self, Selection};
use crate::actions::adoption::{self, Draft, Ignored};
use crate::actions::environments::Refusal;
use crate::actions::orphans::{self, Orphan};
use crate::domain::application_uuid::ApplicationUuid;
use crate::domain::id::EnvironmentId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete as deleting, get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What does not belong together any more.
#[derive(Serialize, ToSchema)]
pub struct Orphans {
    /// Applications in Coolify that vps-claude made and no environment knows: the first 100 by name; `null` when it is not known
    /// which there are.
    applications: Option<Vec<Application>>,
    /// How many there are besides.
    #[schema(minimum = 0)]
    more: usize,
    /// Why it is not known.
    unknown: Option<&'static str>,
    /// Applications that are not among them because somebody decided so.
    /// The first 500 by name.
    ignored: Vec<IgnoredApplication>,
    /// How many of these there are besides.
    #[schema(minimum = 0)]
    ignored_more: i64,
    /// Environments whose application is gone from Coolify: 50 a page.
    vanished: Vec<VanishedEnvironment>,
    /// How many of these there are on all pages.
    #[schema(minimum = 0)]
    vanished_total: i64,
}

/// An application in Coolify.
#[derive(Serialize, ToSchema)]
pub struct Application {
    /// Coolify's.
    uuid: String,
    name: String,
    /// The environment that it was made for, as its mark says.
    environment_id: Option<String>,
}

/// An application that is ignored.
#[derive(Serialize, ToSchema)]
pub struct IgnoredApplication {
    uuid: String,
    name: String,
    #[schema(format = DateTime)]
    ignored_at: String,
}

/// An environment whose application is gone.
#[derive(Serialize, ToSchema)]
pub struct VanishedEnvironment {
    /// `env_…`
    id: String,
    name: String,
    subdomain: String,
    /// The name of whose it is.
    owner: String,
    owner_email: String,
}

/// Which page of the environments whose application is gone.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct VanishedPage {
    /// Of the environments whose application is gone.
    #[param(minimum = 1, maximum = 1_000_000, default = 1)]
    page: Option<i64>,
}

/// What becomes of an application.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Adoption {
    /// The name of the environment: one to 50 characters; no two share one.
    #[schema(required, value_type = String, min_length = 1, max_length = 50)]
    name: Option<String>,
    /// Whose it becomes: `usr_…`
    #[schema(required, value_type = String)]
    owner: Option<String>,
}

/// The environment that an application became.
#[derive(Serialize, ToSchema)]
pub struct Adopted {
    /// `env_…`
    environment_id: String,
}

/// What makes sure that the right one is deleted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Parameters` reads")]
pub struct Confirmation {
    /// The application's name.
    confirmation: String,
}

/// The addresses.
pub fn routes() -> Router<Api> {
    let at = |part: &str| format!("/api/v1/orphans{part}");
    Router::new()
        .route(&at(""), get(list))
        .route(&at("/{uuid}"), deleting(delete))
        .route(&at("/{uuid}/adopt"), post(adopt))
        .route(&at("/{uuid}/ignore"), post(ignore).delete(list_again))
}

/// What does not belong together. Coolify is asked for its applications with one call, if there is one for it now.
#[utoipa::path(
    get,
    path = "/orphans",
    operation_id = "list_orphans",
    security(("token" = ["admin"])),
    tag = "orphans",
    params(VanishedPage),
    responses((status = 200, description = "What is known of it.", body = Orphans))
)]
pub async fn list(
    State(api): State<Api>,
    _: Administrator,
    mut sent: Parameters,
) -> Answer<Json<Orphans>> {
    let page = sent.number("page", 1..=LAST_PAGE).unwrap_or(1);
    sent.check()?;
    let (found, unknown) = match orphans::list(&api.app).await {
        Ok(found) => (Some(found), None),
        Err(Refusal::NotNow(sentence)) => (None, Some(sentence)),
        Err(refusal) => return Err(refusal.into()),
    };
    let vanished = Selection {
        vanished: true,
        page: page - 1,
        ..Selection::default()
    };
    let (vanished, vanished_total) = administration::list(&api.app, &vanished).await?;
    let ignored = adoption::ignored(&api.app).await?;
    Ok(Json(Orphans {
        more: found.as_ref().map_or(0, |found| found.more),
        applications: found.map(|found| found.first.into_iter().map(Application::from).collect()),
        unknown,
        ignored_more: ignored.first().map_or(0, |first| first.more),
        ignored: ignored.into_iter().map(IgnoredApplication::from).collect(),
        vanished: vanished
            .into_iter()
            .map(VanishedEnvironment::from)
            .collect(),
        vanished_total,
    }))
}

/// Makes somebody's environment of an application. The same twice is the same environment.
#[utoipa::path(
    post,
    path = "/orphans/{uuid}/adopt",
    operation_id = "adopt_orphan",
    security(("token" = ["admin"])),
    tag = "orphans",
    params(("uuid" = String, Path)),
    request_body = Adoption,
    responses(
        (status = 201, description = "It is their environment.", body = Adopted),
        (status = 409, description = "Not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn adopt(
    State(api): State<Api>,
    caller: Administrator,
    Id(uuid): Id<ApplicationUuid>,
    Body(sent): Body<Adoption>,
) -> Answer<(StatusCode, Json<Adopted>)> {
    let owner = heir::email(&api, "owner", &sent.owner.unwrap_or_default()).await?;
    let draft = Draft {
        name: &sent.name.unwrap_or_default(),
        heir: &owner,
    };
    let adopted = adoption::adopt(&api.app, &caller.actor(), &uuid, &draft).await;
    match adopted.map_err(|refused| refused.why) {
        Ok(id) => {
            let environment_id = id.to_string();
            Ok((StatusCode::CREATED, Json(Adopted { environment_id })))
        }
        Err(Refusal::Wrong(wrongs)) => Err(heir::wrong(&wrongs, "owner")),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Deletes an application with everything in it. Until Coolify has confirmed that, it is an environment of yours that is being
/// deleted.
#[utoipa::path(
    delete,
    path = "/orphans/{uuid}",
    operation_id = "delete_orphan",
    security(("token" = ["admin"])),
    tag = "orphans",
    params(("uuid" = String, Path), Confirmation),
    responses(
        (status = 202, description = "It is being deleted."),
        (status = 409, description = "Not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(api): State<Api>,
    caller: Administrator,
    Id(uuid): Id<ApplicationUuid>,
    mut sent: Parameters,
) -> Answer<StatusCode> {
    let confirmation = sent.text("confirmation");
    let deleted = adoption::delete(&api.app, &caller.actor(), &uuid, &confirmation).await;
    deleted.map_err(|refused| refused.why)?;
    Ok(StatusCode::ACCEPTED)
}

/// Ignores an application: it is neither listed nor reported any more. Coolify keeps it.
#[utoipa::path(
    post,
    path = "/orphans/{uuid}/ignore",
    operation_id = "ignore_orphan",
    security(("token" = ["admin"])),
    tag = "orphans",
    params(("uuid" = String, Path)),
    responses(
        (status = 204, description = "It is ignored."),
        (status = 409, description = "Not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ignore(
    State(api): State<Api>,
    caller: Administrator,
    Id(uuid): Id<ApplicationUuid>,
) -> Answer<StatusCode> {
    adoption::ignore(&api.app, &caller.actor(), &uuid).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ignores an application no longer.
#[utoipa::path(
    delete,
    path = "/orphans/{uuid}/ignore",
    operation_id = "list_orphan_again",
    security(("token" = ["admin"])),
    tag = "orphans",
    params(("uuid" = String, Path)),
    responses((status = 204, description = "It is listed again, if Coolify still has it."))
)]
pub async fn list_again(
    State(api): State<Api>,
    caller: Administrator,
    Id(uuid): Id<ApplicationUuid>,
) -> Answer<StatusCode> {
    if adoption::list_again(&api.app, &caller.actor(), &uuid).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

impl From<Orphan> for Application {
    fn from(one: Orphan) -> Self {
        Self {
            uuid: one.uuid.to_string(),
            name: one.name,
            environment_id: one.environment.map(|id| id.to_string()),
        }
    }
}

impl From<Ignored> for IgnoredApplication {
    fn from(one: Ignored) -> Self {
        Self {
            uuid: one.uuid,
            name: one.name,
            ignored_at: at(one.at),
        }
    }
}

impl From<administration::Row> for VanishedEnvironment {
    fn from(row: administration::Row) -> Self {
        Self {
            id: EnvironmentId::from(row.id).to_string(),
            name: row.name,
            subdomain: row.subdomain,
            owner: row.owner,
            owner_email: row.email,
        }
    }
}
