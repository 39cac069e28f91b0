//! One row of the list, alone.

use super::error::PageError;
use super::fields::Id;
use super::page::html;
use super::session::SignedIn;
use super::state::Web;
use super::view::Row;
use crate::actions::environments;
use crate::domain::id::EnvironmentId;
use axum::extract::State;
use axum::response::Response;

/// The row of an environment.
pub async fn row(
    State(web): State<Web>,
    me: SignedIn,
    Id(id): Id<EnvironmentId>,
) -> Result<Response, PageError> {
    let found = environments::get(&web.app, me.user.id, id).await?;
    let row = Row::new(&web.app, &found, None);
    Ok(html(
        "environments/_row.html",
        serde_json::json!({ "row": row, "oob": false }),
    ))
}
