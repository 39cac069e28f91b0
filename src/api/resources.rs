//! The memory and the CPUs of an environment's container.

use super::body::{Body, given};
use super::caller::{Reader, Writer};
use super::id::Id;
use super::state::{Answer, Api};
use crate::actions::allowances;
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::resources;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an environment's container gets.
#[derive(Serialize, ToSchema)]
pub struct Resources {
    /// What its owner chose; `null` is as much as is allowed.
    chosen: Amounts,
    /// What is allowed; `null` is no limit.
    allowed: Amounts,
    /// What it gets of these; `null` is no limit.
    gets: Amounts,
    /// Whether it gets that only once a deployment has succeeded.
    waits: bool,
}

/// Memory and CPUs.
#[derive(Serialize, ToSchema)]
pub struct Amounts {
    /// Such as `2g` or `512m`.
    memory: Option<String>,
    /// Such as `1.5`.
    cpus: Option<String>,
}

/// What an environment's container is to get; what is left out stays, and `null` is as much as is allowed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResourcesChange {
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    memory: Option<String>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    cpus: Option<String>,
}

/// The addresses.
pub fn routes() -> Router<Api> {
    let path = "/api/v1/environments/{id}/resources";
    Router::new().route(path, get(read).patch(choose))
}

/// What the container of one of your environments gets.
#[utoipa::path(
    get,
    path = "/environments/{id}/resources",
    operation_id = "read_resources",
    security(("token" = ["read"])),
    tag = "environments",
    params(("id" = String, Path)),
    responses((status = 200, description = "Its memory and CPUs.", body = Resources))
)]
pub async fn read(
    State(api): State<Api>,
    caller: Reader,
    Id(id): Id<EnvironmentId>,
) -> Answer<Json<Resources>> {
    current(&api, caller.user(), id).await
}

/// Chooses what the container of one of your environments gets from its next deployment on.
#[utoipa::path(
    patch,
    path = "/environments/{id}/resources",
    operation_id = "choose_resources",
    security(("token" = ["write"])),
    tag = "environments",
    params(("id" = String, Path)),
    request_body = ResourcesChange,
    responses((status = 200, description = "It is chosen.", body = Resources))
)]
pub async fn choose(
    State(api): State<Api>,
    caller: Writer,
    Id(id): Id<EnvironmentId>,
    Body(sent): Body<ResourcesChange>,
) -> Answer<Json<Resources>> {
    let chosen = (sent.memory.as_deref(), sent.cpus.as_deref());
    allowances::choose(&api.app, &caller.actor(), id, chosen).await?;
    current(&api, caller.user(), id).await
}

async fn current(api: &Api, owner: UserId, id: EnvironmentId) -> Answer<Json<Resources>> {
    let found = allowances::resources(&api.app, owner, id).await?;
    let allowed = allowances::allowance(&api.app, owner).await?.resources;
    let gets = found.resources.within(allowed);
    Ok(Json(Resources {
        chosen: found.resources.into(),
        allowed: allowed.into(),
        gets: gets.into(),
        waits: !found.is_in_force(gets),
    }))
}

impl From<resources::Resources> for Amounts {
    fn from(of: resources::Resources) -> Self {
        Self {
            memory: of.memory.map(|memory| memory.to_string()),
            cpus: of.cpus.map(|cpus| cpus.to_string()),
        }
    }
}
