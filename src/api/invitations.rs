//! Invitations, for administrators: links with which people register.

use super::body::Body;
use super::caller::Administrator;
use super::id::Id;
use super::problem::{FieldError, Problem};
use super::state::{Answer, Api};
use super::words::at;
use crate::actions::accounts::Refusal;
use crate::actions::invitations as links;
use crate::domain::id::LinkId;
use crate::domain::invalid::{Invalid, Wrong};
use crate::domain::user::Role;
use crate::http::error::wrong_fields;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An invitation that nobody has used.
#[derive(Serialize, ToSchema)]
pub struct Invitation {
    /// `lnk_…`; it is not the link.
    id: String,
    /// The only address that can register with it; `null` is for anybody who has the link.
    email: Option<String>,
    /// What whoever uses it will be.
    role: Role,
    /// The name of whoever made it.
    invited_by: Option<String>,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The invitations that can still be used, newest first.
#[derive(Serialize, ToSchema)]
pub struct Invitations {
    items: Vec<Invitation>,
}

/// An invitation that was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeInvitation {
    invitation: Invitation,
    /// Where that person registers, once. No other answer has it, except that to the same request with the same
    /// `Idempotency-Key`, which is kept sealed for a day. It is a path if the dashboard's public address is not known.
    link: String,
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// The only address that can register with it; anybody who has the link can if it is left out or `null`.
    #[schema(format = "email")]
    email: Option<String>,
    /// A member if it is left out.
    role: Option<Role>,
}

/// The addresses.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/api/v1/invitations", get(list).post(invite))
        .route("/api/v1/invitations/{id}", delete(revoke))
}

/// The invitations that can still be used, newest first.
#[utoipa::path(
    get,
    path = "/invitations",
    operation_id = "list_invitations",
    security(("token" = ["admin"])),
    tag = "invitations",
    responses((status = 200, description = "At most 1000 invitations.", body = Invitations))
)]
pub async fn list(State(api): State<Api>, _: Administrator) -> Answer<Json<Invitations>> {
    let items = links::list(&api.app).await?;
    let items = items.into_iter().map(Invitation::from).collect();
    Ok(Json(Invitations { items }))
}

/// Makes an invitation, and answers its link. Lists do not have it.
#[utoipa::path(
    post,
    path = "/invitations",
    operation_id = "invite",
    security(("token" = ["admin"])),
    tag = "invitations",
    request_body = NewInvitation,
    responses(
        (status = 201, description = "It is made.", body = MadeInvitation),
        (status = 409, description = "Registration is closed.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn invite(
    State(api): State<Api>,
    caller: Administrator,
    Body(sent): Body<NewInvitation>,
) -> Answer<(StatusCode, Json<MadeInvitation>)> {
    let is_given = sent.email.is_some();
    let email = sent.email.unwrap_or_default();
    if is_given && email.trim().is_empty() {
        let (field, invalid) = ("email", Invalid::Email);
        return Err(Problem::wrong(vec![FieldError::from(&Wrong {
            field,
            invalid,
        })]));
    }
    let role = sent.role.unwrap_or(Role::Member);
    let made = match links::invite(&api.app, &caller.actor(), &email, role).await {
        Ok(made) => made,
        Err(Refusal::NotAdministrator) => return Err(Problem::for_administrators()),
        Err(refusal) => {
            let wrongs = wrong_fields(refusal)?;
            let wrongs = wrongs.iter().map(FieldError::from).collect();
            return Err(Problem::wrong(wrongs));
        }
    };
    let invitation = links::get(&api.app, made.id).await?;
    let invitation = invitation.ok_or_else(Problem::not_found)?;
    let public = api.public_url.as_deref().map(ToString::to_string);
    let base = public.unwrap_or_default();
    let answer = MadeInvitation {
        invitation: invitation.into(),
        link: format!(
            "{}/register?link={}",
            base.trim_end_matches('/'),
            made.token
        ),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Revokes an invitation: its link does not work any more.
#[utoipa::path(
    delete,
    path = "/invitations/{id}",
    operation_id = "revoke_invitation",
    security(("token" = ["admin"])),
    tag = "invitations",
    params(("id" = String, Path)),
    responses((status = 204, description = "It is revoked."))
)]
pub async fn revoke(
    State(api): State<Api>,
    caller: Administrator,
    Id(id): Id<LinkId>,
) -> Answer<StatusCode> {
    if links::revoke(&api.app, &caller.actor(), id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

impl From<links::Invitation> for Invitation {
    fn from(row: links::Invitation) -> Self {
        Self {
            id: LinkId::from(row.id).to_string(),
            email: row.email,
            role: row.role,
            invited_by: row.by,
            expires_at: at(row.expires_at),
        }
    }
}
