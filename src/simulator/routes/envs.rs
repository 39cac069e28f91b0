//! `…/applications/{uuid}/envs`: the variables of an application.

use super::api::{ApiRequest, ApiResponse, Call, Reply, State, found};
use crate::simulator::{env::Variable, state::new_uuid};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Error, Value, json};

/// All variables, previews' twins among them.
pub fn list(state: &mut State, request: &ApiRequest) -> Reply {
    let row = found(state.applications.get(request.uuid()), Call::EnvsList)?;
    let shown = row.envs.iter().map(|env| env.shown(request.sensitive));
    Ok(ApiResponse::ok(shown.collect::<Vec<_>>()))
}

/// Adds or changes many. What came before a bad one stays saved.
pub fn bulk(state: &mut State, request: &ApiRequest) -> Reply {
    let mut fields = request.fields()?;
    let row = found(state.applications.get_mut(request.uuid()), Call::Envs)?;
    let Some(Value::Array(items)) = fields.remove("data").filter(|data| *data != json!([])) else {
        return Err(ApiResponse::bad_request("Bulk data is required."));
    };
    // Rows are looked up among those there were: the same name twice becomes two rows.
    let before = row.envs.len();
    let mut shown = Vec::new();
    for item in items {
        let given = given(&item, request)?;
        let same = |env: &Variable| env.key == given.key && env.is_preview == given.is_preview;
        let known = row.envs[..before].iter().position(same);
        let index = known.unwrap_or(row.envs.len());
        match row.envs.get_mut(index) {
            Some(env) => change(env, given, &item)?,
            None => insert(&mut row.envs, given),
        }
        shown.push(row.envs[index].shown(request.sensitive));
    }
    Ok(ApiResponse::json(StatusCode::CREATED, shown))
}

/// Removes one, of production or of previews.
pub fn delete(state: &mut State, request: &ApiRequest) -> Reply {
    let row = found(state.applications.get_mut(request.uuid()), Call::Envs)?;
    let index = row.envs.iter().position(|env| env.uuid == request.second());
    row.envs.remove(found(index, Call::EnvsDelete)?);
    let message = "Environment variable deleted.";
    Ok(ApiResponse::message(StatusCode::OK, message))
}

fn given(item: &Value, request: &ApiRequest) -> Result<Variable, ApiResponse> {
    let wrong = |error: Error| ApiResponse::invalid(json!({ "data": [error.to_string()] }));
    let mut given = Variable::deserialize(item).map_err(wrong)?;
    given.uuid = new_uuid();
    (given.created_at, given.updated_at) = (request.now, request.now);
    Ok(given)
}

/// A flag that is left out becomes null, which its column refuses when the stored flag was set.
fn change(env: &mut Variable, given: Variable, item: &Value) -> Result<(), ApiResponse> {
    if env.is_multiline && item.get("is_multiline").is_none() {
        return Err(ApiResponse::server_error());
    }
    *env = Variable {
        uuid: env.uuid.clone(),
        created_at: env.created_at,
        ..given
    };
    Ok(())
}

/// Adds a row, and to one of production its twin for previews.
fn insert(envs: &mut Vec<Variable>, env: Variable) {
    envs.push(env.clone());
    if !env.is_preview {
        envs.push(Variable {
            uuid: new_uuid(),
            is_preview: true,
            ..env
        });
    }
}
