//! The variables of an environment: where each is, never its value.

use super::body::Body;
use super::caller::{Reader, Writer};
use super::id::{Id, IdAndName};
use super::new_environment::exposed;
use super::problem::Problem;
use super::state::{Answer, Api};
use super::words::time;
use crate::actions::environments;
use crate::actions::variables::{self, VariableRow};
use crate::domain::id::{EnvironmentId, UserId};
use crate::domain::variable::Typed;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The variables of an environment, by name.
#[derive(Serialize, ToSchema)]
pub struct Variables {
    items: Vec<Variable>,
}

/// A variable. Its value is never answered.
#[derive(Serialize, ToSchema)]
pub struct Variable {
    name: String,
    state: VariableState,
    /// Since when Coolify has a value of it; with a state other than `sent`, an earlier one.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
}

/// Where a variable is: its value waits for the next deployment, Coolify has it, the next deployment removes it, or its value
/// must be given again because the application is new, or because it waited when the backup was taken that was restored.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VariableState {
    Waiting,
    Sent,
    Removing,
    Lost,
}

/// A value of a variable.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    /// At most 8 kB, as Coolify can pass it on.
    #[schema(required, value_type = String, format = Password, min_length = 1)]
    value: Option<SecretString>,
}

/// The addresses.
pub fn routes() -> Router<Api> {
    let at = |part: &str| format!("/api/v1/environments/{{id}}/variables{part}");
    Router::new()
        .route(&at(""), get(list))
        .route(&at("/{name}"), put(give).delete(remove))
}

/// The variables of one of your environments.
#[utoipa::path(
    get,
    path = "/environments/{id}/variables",
    operation_id = "list_variables",
    security(("token" = ["read"])),
    tag = "environments",
    params(("id" = String, Path)),
    responses((status = 200, description = "The variables, without their values.", body = Variables))
)]
pub async fn list(
    State(api): State<Api>,
    caller: Reader,
    Id(id): Id<EnvironmentId>,
) -> Answer<Json<Variables>> {
    environments::get(&api.app, caller.user(), id).await?;
    let rows = variables::list(&api.app, caller.user(), id).await?;
    let items = rows.into_iter().map(Variable::from).collect();
    Ok(Json(Variables { items }))
}

/// Gives an environment a variable, or another value of one. The next deployment sends it.
#[utoipa::path(
    put,
    path = "/environments/{id}/variables/{name}",
    operation_id = "give_variable",
    security(("token" = ["write"])),
    tag = "environments",
    params(("id" = String, Path), ("name" = String, Path)),
    request_body = NewValue,
    responses(
        (status = 202, description = "It waits for the next deployment.", body = Variable),
        (status = 409, description = "Not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn give(
    State(api): State<Api>,
    caller: Writer,
    IdAndName(id, name): IdAndName<EnvironmentId>,
    Body(sent): Body<NewValue>,
) -> Answer<Response> {
    let typed = Typed {
        name: &name,
        value: exposed(sent.value.as_ref()),
    };
    variables::give(&api.app, &caller.actor(), id, typed).await?;
    let given = named(&api, caller.user(), id, &name).await?;
    let given = given.ok_or_else(Problem::not_found)?;
    Ok((StatusCode::ACCEPTED, Json(given)).into_response())
}

/// Removes a variable with the next deployment; one that Coolify never got is gone at once.
#[utoipa::path(
    delete,
    path = "/environments/{id}/variables/{name}",
    operation_id = "remove_variable",
    security(("token" = ["write"])),
    tag = "environments",
    params(("id" = String, Path), ("name" = String, Path)),
    responses(
        (status = 202, description = "The next deployment removes it.", body = Variable),
        (status = 204, description = "It is gone, or never was there."),
        (status = 409, description = "Not now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn remove(
    State(api): State<Api>,
    caller: Writer,
    IdAndName(id, name): IdAndName<EnvironmentId>,
) -> Answer<Response> {
    variables::remove(&api.app, &caller.actor(), id, &name).await?;
    Ok(match named(&api, caller.user(), id, &name).await? {
        Some(removing) => (StatusCode::ACCEPTED, Json(removing)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

async fn named(
    api: &Api,
    owner: UserId,
    id: EnvironmentId,
    name: &str,
) -> sqlx::Result<Option<Variable>> {
    let rows = variables::list(&api.app, owner, id).await?;
    let found = rows.into_iter().find(|row| row.name == name.trim());
    Ok(found.map(Variable::from))
}

impl From<VariableRow> for Variable {
    fn from(row: VariableRow) -> Self {
        let sent_at = row.sent_at.filter(|_| !row.vanished);
        let state = match sent_at {
            _ if row.removing => VariableState::Removing,
            _ if row.lost => VariableState::Lost,
            _ if row.waits => VariableState::Waiting,
            Some(_) => VariableState::Sent,
            None => VariableState::Lost,
        };
        Self {
            name: row.name,
            state,
            sent_at: time(sent_at),
        }
    }
}
