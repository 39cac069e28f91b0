//! Applications in Coolify that no environment knows, and environments whose application is gone.

use super::environments::Shown;
use crate::actions::administration::{self, Selection};
use crate::actions::environments::Refusal;
use crate::actions::{adoption, orphans};
use crate::domain::application_uuid::ApplicationUuid;
use crate::web::administrator::Administrator;
use crate::web::error::PageError;
use crate::web::fields::Id;
use crate::web::page::{Page, html};
use crate::web::state::{Tone, Web};
use crate::web::words::Time;
use axum::extract::State;
use axum::response::{Redirect, Response};
use serde::Serialize;

#[derive(Serialize)]
struct Show {
    page: Page,
    orphans: Orphans,
}

#[derive(Serialize)]
struct Orphans {
    /// Why it is not known which there are.
    unknown: Option<&'static str>,
    found: Vec<Found>,
    /// How many there are besides.
    more: usize,
    ignored: Vec<Ignored>,
    /// Environments whose application is gone, the first of them, and how many there are.
    gone: Vec<Shown>,
    gone_total: i64,
}

#[derive(Serialize)]
struct Found {
    uuid: String,
    name: String,
}

#[derive(Serialize)]
struct Ignored {
    uuid: String,
    name: String,
    since: Time,
}

/// The lists. Coolify is asked for its applications with one call.
pub async fn list(
    State(web): State<Web>,
    Administrator(me): Administrator,
) -> Result<Response, PageError> {
    let (found, more, unknown) = match orphans::list(&web.app).await {
        Ok(part) => (part.first, part.more, None),
        Err(Refusal::NotNow(sentence)) => (vec![], 0, Some(sentence)),
        Err(refusal) => return Err(refusal.into()),
    };
    let gone = Selection {
        vanished: true,
        ..Selection::default()
    };
    let (gone, gone_total) = administration::list(&web.app, &gone).await?;
    let ignored = adoption::ignored(&web.app).await?;
    let page = Page::new(&me.visitor, "Orphans").await;
    let orphans = Orphans {
        unknown,
        found: found.into_iter().map(Found::from).collect(),
        more,
        ignored: ignored.into_iter().map(Ignored::from).collect(),
        gone_total,
        gone: gone
            .into_iter()
            .map(|row| Shown::new(&web.app, row))
            .collect(),
    };
    Ok(html("admin/orphans.html", Show { page, orphans }))
}

/// Redirects to the page.
pub async fn page() -> Redirect {
    Redirect::to("/admin/orphans")
}

/// Ignores an application no longer.
pub async fn list_again(
    State(web): State<Web>,
    Administrator(me): Administrator,
    Id(uuid): Id<ApplicationUuid>,
) -> Result<Redirect, PageError> {
    if adoption::list_again(&web.app, &me.actor(), &uuid).await? {
        let said = "It is listed again, if Coolify still has it.";
        me.visitor.notice(Tone::Good, said).await;
    }
    Ok(Redirect::to("/admin/orphans"))
}

impl From<orphans::Orphan> for Found {
    fn from(one: orphans::Orphan) -> Self {
        Self {
            uuid: one.uuid.to_string(),
            name: one.name,
        }
    }
}

impl From<adoption::Ignored> for Ignored {
    fn from(one: adoption::Ignored) -> Self {
        Self {
            uuid: one.uuid,
            name: one.name,
            since: Time::ago(one.at, one.now),
        }
    }
}
