//! An environment as answers show it.

use super::conditional::tag;
use super::deployments::Deployment;
use super::problem::Problem;
use super::state::{Answer, Api};
use super::words::{at, time};
use crate::actions::environments::{self, EnvironmentRow};
use crate::actions::{known, progress};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::status::Status;
use crate::http::reason::reason;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// An environment.
#[derive(Serialize, ToSchema)]
pub struct Environment {
    /// `env_…`
    pub id: String,
    name: String,
    subdomain: String,
    /// Where it answers once it runs.
    #[schema(format = "uri")]
    url: String,
    status: Status,
    /// Whether nobody could confirm the status for a while.
    unconfirmed: bool,
    /// Why the status is what it is, or what a deployment waits for.
    reason: Option<String>,
    /// Changes with its status, the reason, its settings, whether it is in use, and the stage of its deployment. It says
    /// nothing but that.
    pub version: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// Whether somebody works in it.
    in_use: bool,
    /// When somebody last worked in it; null while somebody does.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// The repository to work on, which its container may clone.
    workspace_repository: Option<String>,
    /// The deployment under way.
    deployment: Option<Deployment>,
}

/// The environments with their deployments under way.
pub async fn described(
    api: &Api,
    owner: UserId,
    rows: Vec<EnvironmentRow>,
) -> sqlx::Result<Vec<Environment>> {
    let moving = rows.iter().filter(|row| row.status == Status::Deploying);
    let moving: Vec<Uuid> = moving.map(|row| row.id).collect();
    let mut under_way = progress::under_way(&api.app, owner, &moving).await?;
    let mut described = Vec::with_capacity(rows.len());
    for row in rows {
        let at = under_way.iter().position(|it| it.environment_id == row.id);
        let deployment = at.map(|at| Deployment::from(under_way.swap_remove(at)));
        described.push(environment(api, row, deployment));
    }
    Ok(described)
}

fn environment(api: &Api, row: EnvironmentRow, deployment: Option<Deployment>) -> Environment {
    Environment {
        id: EnvironmentId::from(row.id).to_string(),
        url: api.app.domain.address(&row.subdomain),
        status: row.status,
        unconfirmed: row.unconfirmed,
        reason: reason(&row),
        version: version(&row),
        created_at: at(row.created_at),
        in_use: row.in_use,
        last_used_at: time(row.used_at.filter(|_| !row.in_use)),
        name: row.name,
        subdomain: row.subdomain,
        workspace_repository: row.workspace_repository,
        deployment,
    }
}

fn version(row: &EnvironmentRow) -> String {
    known::row_version(row.version, row.unconfirmed, row.in_use, row.used_at)
}

/// The owner's environment as it is now.
pub async fn current(api: &Api, owner: UserId, id: EnvironmentId) -> Answer<Environment> {
    let row = environments::get(&api.app, owner, id).await?;
    let described = described(api, owner, vec![row]).await?;
    described.into_iter().next().ok_or_else(Problem::not_found)
}

/// An environment as an answer, tagged with its version and with a digest of all that is answered.
pub fn answer(status: StatusCode, environment: &Environment) -> Response {
    let text = serde_json::to_string(environment).unwrap_or_default();
    let tag = tag(&environment.version, text.as_bytes());
    let kind = HeaderValue::from_static("application/json");
    let headers = [(header::ETAG, tag), (header::CONTENT_TYPE, kind)];
    (status, headers, text).into_response()
}
