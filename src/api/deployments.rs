//! Deployments: request one, and follow it.

use super::body::Body;
use super::caller::{Deployer, Reader};
use super::id::Id;
use super::problem::Problem;
use super::state::{Answer, Api};
use super::words::{at, time};
use crate::actions::progress::{self, Progress};
use crate::actions::{deployments, environments};
use crate::domain::deployment::{BuildKind, Outcome, Stage};
use crate::domain::id::{DeploymentId, EnvironmentId};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One attempt to bring an environment up.
#[derive(Serialize, ToSchema)]
pub struct Deployment {
    /// `dep_…`
    id: String,
    /// `env_…`
    environment_id: String,
    stage: Stage,
    /// How it ended; `null` while it goes on.
    outcome: Option<Outcome>,
    /// Why it failed or was cancelled, or what it waits for.
    reason: Option<String>,
    /// The commit that it was built from.
    commit: Option<String>,
    /// Whether its image was built anew.
    rebuild: bool,
    /// Whether it is being cancelled.
    cancelling: bool,
    /// The name of whoever requested it.
    requested_by: Option<String>,
    #[schema(format = DateTime)]
    requested_at: String,
    /// When it got its turn.
    #[schema(format = DateTime)]
    started_at: Option<String>,
    #[schema(format = DateTime)]
    finished_at: Option<String>,
    /// How many deployments wait before it, while it waits for its turn.
    ahead: Option<i32>,
    /// How long such deployments of this environment took lately, from their turn on.
    usual_seconds: Option<f64>,
}

/// The last deployments of an environment, newest first.
#[derive(Serialize, ToSchema)]
pub struct Deployments {
    items: Vec<Deployment>,
}

/// How to deploy.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDeployment {
    /// Whether the image is built anew, which fetches the newest of everything in it.
    rebuild: Option<bool>,
}

impl From<Progress> for Deployment {
    fn from(row: Progress) -> Self {
        Self {
            id: DeploymentId::from(row.id).to_string(),
            environment_id: EnvironmentId::from(row.environment_id).to_string(),
            stage: row.stage,
            outcome: row.outcome,
            reason: row.reason,
            commit: row.commit_sha,
            rebuild: row.rebuild,
            cancelling: row.cancelling && row.finished_at.is_none(),
            requested_by: row.by,
            requested_at: at(row.requested_at),
            started_at: time(row.started_at),
            finished_at: time(row.finished_at),
            ahead: row.ahead,
            usual_seconds: row.usual_seconds.map(f64::round),
        }
    }
}

/// The last deployments of one of your environments, newest first.
#[utoipa::path(
    get,
    path = "/environments/{id}/deployments",
    operation_id = "list_deployments",
    security(("token" = ["read"])),
    tag = "deployments",
    params(("id" = String, Path)),
    responses((status = 200, description = "At most 100 deployments.", body = Deployments))
)]
pub async fn list(
    State(api): State<Api>,
    caller: Reader,
    Id(id): Id<EnvironmentId>,
) -> Answer<Json<Deployments>> {
    environments::get(&api.app, caller.user(), id).await?;
    let found = progress::list(&api.app, caller.user(), id).await?;
    let items = found.into_iter().map(Deployment::from).collect();
    Ok(Json(Deployments { items }))
}

/// Requests a deployment. It starts when it gets its turn. While one is under way, that is the answer.
#[utoipa::path(
    post,
    path = "/environments/{id}/deployments",
    operation_id = "deploy",
    security(("token" = ["deploy"])),
    tag = "deployments",
    params(("id" = String, Path)),
    request_body = NewDeployment,
    responses(
        (status = 202, description = "It is requested.", body = Deployment,
            headers(("location" = String, description = "Where it is read."))),
        (status = 409, description = "Not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn deploy(
    State(api): State<Api>,
    caller: Deployer,
    Id(id): Id<EnvironmentId>,
    Body(sent): Body<NewDeployment>,
) -> Answer<Response> {
    let build = if sent.rebuild.unwrap_or_default() {
        BuildKind::Anew
    } else {
        BuildKind::Reuse
    };
    deployments::deploy(&api.app, &caller.actor(), id, build).await?;
    let newest = progress::newest(&api.app, caller.user(), id).await?;
    let newest = Deployment::from(newest);
    let location = format!("/api/v1/deployments/{}", newest.id);
    let location = [(header::LOCATION, location)];
    Ok((StatusCode::ACCEPTED, location, Json(newest)).into_response())
}

/// A deployment of one of your environments.
#[utoipa::path(
    get,
    path = "/deployments/{id}",
    operation_id = "read_deployment",
    security(("token" = ["read"])),
    tag = "deployments",
    params(("id" = String, Path)),
    responses((status = 200, description = "The deployment.", body = Deployment))
)]
pub async fn read(
    State(api): State<Api>,
    caller: Reader,
    Id(id): Id<DeploymentId>,
) -> Answer<Json<Deployment>> {
    let found = progress::get(&api.app, caller.user(), id).await?;
    Ok(Json(found.into()))
}
