//! The account of whoever calls, and the token that they call with.

use super::caller::Reader;
use super::state::Answer;
use super::words::time;
use crate::domain::api_token::Scope;
use crate::domain::user::Role;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Whose token it is.
#[derive(Serialize, ToSchema)]
pub struct Account {
    /// `usr_…`
    id: String,
    name: String,
    email: String,
    role: Role,
    token: Token,
}

/// The token that the request brought.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// `tok_…`; it is not the token itself.
    id: String,
    name: String,
    /// What it may do: each scope with all that it contains.
    scopes: Vec<Scope>,
    /// `null` when it is valid until it is revoked.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// The account that the token belongs to.
#[utoipa::path(
    get,
    path = "/account",
    operation_id = "read_account",
    security(("token" = ["read"])),
    tag = "account",
    responses((status = 200, description = "The account and the token.", body = Account))
)]
pub async fn read(caller: Reader) -> Answer<Json<Account>> {
    let holder = caller.holder();
    let role = if holder.user.is_administrator {
        Role::Administrator
    } else {
        Role::Member
    };
    Ok(Json(Account {
        id: holder.user.id.to_string(),
        name: holder.user.name.clone(),
        email: holder.user.email.clone(),
        role,
        token: Token {
            id: holder.id.to_string(),
            name: holder.name.clone(),
            scopes: holder.scopes.list(),
            expires_at: time(holder.expires_at),
        },
    }))
}
